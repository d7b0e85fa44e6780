"""Routing capability of Yandex Cloud: routers are route tables with NAT gateways, floating IPs are static addresses.

See `route_tables`, `addresses`, `security_groups`, and `routing_limits` for what Yandex Cloud cannot do. Requests wait
for their operations, which take seconds.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from yandex.cloud.vpc.v1.subnet_service_pb2 import GetSubnetRequest

from stratiform.connectors.yandex.addresses import PublicAddresses
from stratiform.connectors.yandex.interfaces import find_subnet
from stratiform.connectors.yandex.route_tables import RouteTables
from stratiform.connectors.yandex.routing_limits import check_routing
from stratiform.connectors.yandex.security_groups import SecurityGroups
from stratiform.contract.routing import Kind, RoutingObject

if TYPE_CHECKING:
    from stratiform.connectors.yandex.client import Client
    from stratiform.connectors.yandex.operations import Operations


class YandexRoutingDriver:
    """Implements contract.routing.RoutingDriver."""

    def __init__(self, client: "Client", operations: "Operations") -> None:
        self._client = client
        self._security_groups = SecurityGroups(client, operations)
        self._addresses = PublicAddresses(client, operations)
        self._drivers: dict[Kind, RouteTables | PublicAddresses | SecurityGroups] = {
            "router": RouteTables(client, operations),
            "floating_ip": self._addresses,
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
        self, groups: Sequence[RoutingObject], subnet_id: str, *, filtered: bool
    ) -> tuple[str, ...]:
        subnet = self._client.call(self._client.subnets.Get, GetSubnetRequest(subnet_id=subnet_id))
        return self._ensure_groups(groups, subnet.network_id, filtered=filtered)

    def set_security_groups(
        self, subnet_id: str, ip_address: str, groups: Sequence[RoutingObject], *, filtered: bool
    ) -> None:
        subnet = find_subnet(self._client, subnet_id)
        if subnet is not None:
            native_ids = self._ensure_groups(groups, subnet.network_id, filtered=filtered)
            self._security_groups.set_groups(subnet.id, ip_address, native_ids)

    def allocate_address(self, token: str) -> str:
        return self._addresses.allocate(token)

    def _ensure_groups(self, groups: Sequence[RoutingObject], network_id: str, *, filtered: bool) -> tuple[str, ...]:
        for group in groups:
            check_routing(group)
        native_ids = tuple(self._security_groups.ensure(group, network_id) for group in groups)
        return native_ids or (self._security_groups.ensure_special(network_id, filtered=filtered),)
