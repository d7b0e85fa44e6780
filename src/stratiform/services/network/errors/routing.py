"""Errors of routers and floating IPs. Source: neutron_lib/exceptions/l3.py, neutron/extensions/extraroute.py."""

from collections.abc import Sequence

from stratiform.kit.errors import Conflict, Invalid, NotFound


class RouterNotFound(NotFound):
    neutron_type = "RouterNotFound"

    def __init__(self, router_id: str) -> None:
        super().__init__(f"Router {router_id} could not be found")


class NetworkZoneNotFound(NotFound):
    neutron_type = "AvailabilityZoneNotFound"

    def __init__(self, zone: str) -> None:
        super().__init__(f"AvailabilityZone {zone} could not be found.")


class AutoAllocationFailure(Conflict):
    neutron_type = "AutoAllocationFailure"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Deployment error: {reason}.")


class FloatingIpNotFound(NotFound):
    neutron_type = "FloatingIPNotFound"

    def __init__(self, floating_ip_id: str) -> None:
        super().__init__(f"Floating IP {floating_ip_id} could not be found")


class PortForwardingNotFound(NotFound):
    neutron_type = "PortForwardingNotFound"

    def __init__(self, port_forwarding_id: str) -> None:
        super().__init__(f"Port Forwarding {port_forwarding_id} could not be found.")


class RouterInterfaceNotFound(NotFound):
    neutron_type = "RouterInterfaceNotFound"

    def __init__(self, router_id: str, port_id: str) -> None:
        super().__init__(f"Router {router_id} does not have an interface with id {port_id}")


class RouterInterfaceNotFoundForSubnet(NotFound):
    neutron_type = "RouterInterfaceNotFoundForSubnet"

    def __init__(self, router_id: str, subnet_id: str) -> None:
        super().__init__(f"Router {router_id} has no interface on subnet {subnet_id}")


class ExternalGatewayForFloatingIpNotFound(NotFound):
    neutron_type = "ExternalGatewayForFloatingIPNotFound"

    def __init__(self, network_id: str, subnet_id: str, port_id: str) -> None:
        super().__init__(
            f"External network {network_id} is not reachable from subnet {subnet_id}.  Therefore, cannot associate"
            f" Port {port_id} with a Floating IP."
        )


class BadRouterRequest(Invalid):
    neutron_type = "BadRequest"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Bad router request: {reason}.")


class BadFloatingIpRequest(Invalid):
    neutron_type = "BadRequest"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Bad floatingip request: {reason}.")


class InvalidRoutes(Invalid):
    neutron_type = "InvalidRoutes"

    def __init__(self, routes: object, reason: str) -> None:
        super().__init__(f"Invalid format for routes: {routes}, {reason}")


class RoutesExhausted(Invalid):
    neutron_type = "RoutesExhausted"

    def __init__(self, router_id: str, maximum: int) -> None:
        super().__init__(
            f"Unable to complete operation for {router_id}. The number of routes exceeds the maximum {maximum}."
        )


class RouterInUse(Conflict):
    neutron_type = "RouterInUse"

    def __init__(self, router_id: str, reason: str = "still has ports") -> None:
        super().__init__(f"Router {router_id} {reason}")


class RouterInterfaceInUseByFloatingIp(Conflict):
    neutron_type = "RouterInterfaceInUseByFloatingIP"

    def __init__(self, router_id: str, subnet_id: str) -> None:
        super().__init__(
            f"Router interface for subnet {subnet_id} on router {router_id} cannot be deleted, as it is required by"
            " one or more floating IPs."
        )


class RouterInterfaceInUseByRoute(Conflict):
    neutron_type = "RouterInterfaceInUseByRoute"

    def __init__(self, router_id: str, subnet_id: str) -> None:
        super().__init__(
            f"Router interface for subnet {subnet_id} on router {router_id} cannot be deleted, as it is required by"
            " one or more routes."
        )


class RouterGatewayInUseByFloatingIp(Conflict):
    neutron_type = "RouterExternalGatewayInUseByFloatingIp"

    def __init__(self, router_id: str, network_id: str) -> None:
        super().__init__(
            f"Gateway cannot be updated for router {router_id}, since a gateway to external network {network_id} is"
            " required by one or more floating IPs."
        )


class PortAttached(Conflict):
    neutron_type = "PortInUse"

    def __init__(self, port_id: str, network_id: str, device_id: str) -> None:
        super().__init__(
            f"Unable to complete operation on port {port_id} for network {network_id}. Port already has an attached"
            f" device {device_id}."
        )


class ServicePortInUse(Conflict):
    neutron_type = "ServicePortInUse"

    def __init__(self, port_id: str, reason: str) -> None:
        super().__init__(f"Port {port_id} cannot be deleted directly via the port API: {reason}.")


class FloatingIpPortAlreadyAssociated(Conflict):
    neutron_type = "FloatingIPPortAlreadyAssociated"

    def __init__(self, address: str, floating_ip_id: str, port_id: str, fixed_ip: str, network_id: str) -> None:
        super().__init__(
            f"Cannot associate floating IP {address} ({floating_ip_id}) with port {port_id} using fixed IP {fixed_ip},"
            f" as that fixed IP already has a floating IP on external network {network_id}."
        )


class FloatingIpUsedByPortForwarding(Conflict):
    neutron_type = "FipInUseByPortForwarding"

    def __init__(self, floating_ip_id: str) -> None:
        super().__init__(f"Floating IP {floating_ip_id} in use by Port Forwarding resources.")


class PortForwardingExists(Conflict):
    neutron_type = "PortForwardingExists"

    def __init__(self, _port_forwarding_id: str) -> None:
        super().__init__("A port forwarding with these ports and this protocol already exists.")


class RouteConflict(Conflict):
    neutron_type = "RoutesConflict"

    def __init__(self, routes: Sequence[object]) -> None:
        super().__init__(f"Routes conflict with each other: {list(routes)}")
