"""Errors of local IPs. Source: neutron_lib/exceptions/local_ip.py."""

from stratiform.kit.errors import Conflict, Invalid, NotFound


class LocalIpNotFound(NotFound):
    neutron_type = "LocalIPNotFound"

    def __init__(self, local_ip_id: str) -> None:
        super().__init__(f"Local IP {local_ip_id} could not be found.")


class LocalIpInUse(Conflict):
    neutron_type = "LocalIPInUse"

    def __init__(self, local_ip_id: str) -> None:
        super().__init__(f"Local IP {local_ip_id} is still associated with one or more ports.")


class LocalIpNoIp(Invalid):
    neutron_type = "LocalIPNoIP"

    def __init__(self, port_id: str) -> None:
        super().__init__(f"Specified Port {port_id} has no fixed IPs configured.")


class LocalIpRequestedIpNotFound(Invalid):
    neutron_type = "LocalIPRequestedIPNotFound"

    def __init__(self, port_id: str, address: str) -> None:
        super().__init__(f"Specified Port {port_id} does not have requested IP address: {address}.")


class LocalIpNoRequestedIp(Invalid):
    neutron_type = "LocalIPNoRequestedIP"

    def __init__(self, port_id: str) -> None:
        super().__init__(
            f"Specified Port {port_id} has several IPs, should specify exact IP address to use for Local IP."
        )


class LocalIpPortOrNetworkRequired(Invalid):
    neutron_type = "LocalIPPortOrNetworkRequired"

    def __init__(self) -> None:
        super().__init__("Either Port ID or Network ID must be specified for Local IP create.")


class LocalIpAssociationNotFound(NotFound):
    neutron_type = "LocalIPAssociationNotFound"

    def __init__(self, local_ip_id: str, port_id: str = "") -> None:
        super().__init__(f"Local IP {local_ip_id} association with port {port_id} could not be found.")


class LocalIpAssociationExists(Conflict):
    neutron_type = "Conflict"

    def __init__(self, local_ip_id: str, port_id: str) -> None:
        super().__init__(f"Local IP {local_ip_id} association with port {port_id} already exists.")


class BadLocalIpRequest(Invalid):
    neutron_type = "BadRequest"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Bad local_ip request: {reason}.")
