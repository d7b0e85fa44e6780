"""Routing capability of OpenStack: routers, floating IPs and security groups of Neutron.

See `routers`, `floating_ips`, `security_groups`, and `routing_limits` for what is not supported.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from stratiform.connectors.openstack import ports
from stratiform.connectors.openstack.floating_ips import FloatingIps
from stratiform.connectors.openstack.network import find_subnet
from stratiform.connectors.openstack.routers import Routers
from stratiform.connectors.openstack.routing_limits import check_routing
from stratiform.connectors.openstack.security_groups import SecurityGroups
from stratiform.contract.routing import Kind, RoutingObject

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client


class OpenstackRoutingDriver:
    """Implements contract.routing.RoutingDriver."""

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._security_groups = SecurityGroups(client)
        self._floating_ips = FloatingIps(client)
        self._drivers: dict[Kind, Routers | FloatingIps | SecurityGroups] = {
            "router": Routers(client),
            "floating_ip": self._floating_ips,
            "security_group": self._security_groups,
        }

    def apply(self, desired: RoutingObject) -> None:
        check_routing(desired)
        self._drivers[desired.kind].apply(desired)

    def delete(self, kind: Kind, token: str) -> None:
        if kind in self._drivers:
            self._drivers[kind].delete(token)

    def list_objects(self) -> Iterator[RoutingObject]:
        for driver in self._drivers.values():
            yield from driver.list_objects()

    def ensure_security_groups(
        self,
        groups: Sequence[RoutingObject],
        subnet_id: str,  # noqa: ARG002 - groups of Neutron belong to no subnet
        *,
        filtered: bool,
    ) -> tuple[str, ...]:
        return self._ensure_groups(groups, filtered=filtered)

    def set_security_groups(
        self, subnet_id: str, ip_address: str, groups: Sequence[RoutingObject], *, filtered: bool
    ) -> None:
        subnet = find_subnet(self._client, subnet_id)
        if subnet is None:
            return
        for port in ports.list_address_ports(self._client, subnet.id, ip_address):
            ports.set_security_groups(self._client, port, self._ensure_groups(groups, filtered=filtered))

    def allocate_address(self, token: str) -> str:
        return self._floating_ips.allocate(token)

    def _ensure_groups(self, groups: Sequence[RoutingObject], *, filtered: bool) -> tuple[str, ...]:
        for group in groups:
            check_routing(group)
        native_ids = tuple(self._security_groups.ensure(group) for group in groups)
        return native_ids if filtered or groups else ports.UNFILTERED
