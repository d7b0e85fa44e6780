"""Errors of conntrack helpers and NDP proxies. Source: exceptions of Neutron's plugins of these names."""

from collections.abc import Mapping, Sequence

from stratiform.kit.errors import Conflict, Invalid, NotFound


class ConntrackHelperNotFound(NotFound):
    neutron_type = "ConntrackHelperNotFound"

    def __init__(self, helper_id: str) -> None:
        super().__init__(f"Conntrack Helper {helper_id} could not be found.")


class ConntrackHelperNotAllowed(Invalid):
    neutron_type = "ConntrackHelperNotAllowed"

    def __init__(self, helper: str) -> None:
        super().__init__(f"Conntrack Helper {helper} is not allowed.")


class InvalidProtocolForHelper(Invalid):
    neutron_type = "InvalidProtocolForHelper"

    def __init__(self, helper: str, protocol: str, supported: Sequence[str]) -> None:
        super().__init__(
            f"Conntrack Helper {helper} does not support: {protocol}. Supported protocols are: {', '.join(supported)}"
        )


class ConntrackHelperExists(Invalid):
    neutron_type = "BadRequest"

    def __init__(self, values: Mapping[str, object]) -> None:
        super().__init__(
            "Bad conntrack_helper request: A duplicate conntrack helper entry with same attributes already exists,"
            f" conflicting values are {dict(values)}."
        )


class NdpProxyNotFound(NotFound):
    neutron_type = "NDPProxyNotFound"

    def __init__(self, proxy_id: str) -> None:
        super().__init__(f"NDP proxy {proxy_id} could not be found.")


class RouterGatewayInUseByNdpProxy(Conflict):
    neutron_type = "RouterGatewayInUseByNDPProxy"

    def __init__(self, router_id: str) -> None:
        super().__init__(
            f"Unable to unset external gateway of router {router_id}, There are one or more ndp proxies still in use on"
            " the router."
        )


class RouterInterfaceInUseByNdpProxy(Conflict):
    neutron_type = "RouterInterfaceInUseByNDPProxy"

    def __init__(self, router_id: str, subnet_id: str) -> None:
        super().__init__(
            f"Unable to remove subnet {subnet_id} from router {router_id}, There are one or more ndp proxies still in"
            " use on the subnet."
        )


class AddressScopeConflict(Conflict):
    neutron_type = "AddressScopeConflict"

    def __init__(self, external: str | None, internal: str | None) -> None:
        super().__init__(
            f"The IPv6 address scope {external} of external network conflict with internal network's IPv6 address scope"
            f" {internal}."
        )


class RouterGatewayNotValid(Conflict):
    neutron_type = "RouterGatewayNotValid"

    def __init__(self, router_id: str, reason: str) -> None:
        super().__init__(f"Can not enable ndp proxy no router {router_id}, {reason}.")


class RouterNdpProxyNotEnabled(Conflict):
    neutron_type = "RouterNDPProxyNotEnable"

    def __init__(self, router_id: str) -> None:
        super().__init__(
            f"The enable_ndp_proxy parameter of router {router_id} must be set as True while create ndp proxy entry on"
            " it."
        )


class PortUnreachableRouter(Conflict):
    neutron_type = "PortUnreachableRouter"

    def __init__(self, port_id: str, router_id: str) -> None:
        super().__init__(f"The port {port_id} cannot reach the router {router_id} by IPv6 subnet.")


class InvalidNdpAddress(Invalid):
    neutron_type = "InvalidAddress"

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"The address {address} is invalid, reason: {reason}.")


class RouterIpv6GatewayInUse(Conflict):
    neutron_type = "RouterIPv6GatewayInUse"

    def __init__(self, router_id: str) -> None:
        super().__init__(
            f"Can't remove the IPv6 subnet from external gateway of router {router_id}, the IPv6 subnet in use by the"
            " router's ndp proxy."
        )


class BadNdpProxyRequest(Invalid):
    neutron_type = "BadRequest"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Bad ndp_proxy request: {reason}.")
