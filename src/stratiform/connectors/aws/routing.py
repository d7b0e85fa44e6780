"""Routing capability of AWS: routers are route tables, floating IPs are Elastic IP addresses.

See `route_tables`, `elastic_ips`, `security_groups`, and `routing_limits` for what AWS cannot do.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from stratiform.connectors.aws.elastic_ips import ElasticIps
from stratiform.connectors.aws.interfaces import find_subnet
from stratiform.connectors.aws.route_tables import RouteTables
from stratiform.connectors.aws.routing_limits import check_routing
from stratiform.connectors.aws.security_groups import SecurityGroups
from stratiform.contract.routing import Kind, RoutingObject

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import SubnetTypeDef

    from stratiform.connectors.aws.client import Client


class AwsRoutingDriver:
    """Implements contract.routing.RoutingDriver."""

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._security_groups = SecurityGroups(client)
        self._elastic_ips = ElasticIps(client)
        self._drivers: dict[Kind, RouteTables | ElasticIps | SecurityGroups] = {
            "router": RouteTables(client),
            "floating_ip": self._elastic_ips,
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
        with self._client.translating_errors():
            subnet = self._client.ec2.describe_subnets(SubnetIds=[subnet_id])["Subnets"][0]
        return self._ensure_groups(groups, subnet, filtered=filtered)

    def set_security_groups(
        self, subnet_id: str, ip_address: str, groups: Sequence[RoutingObject], *, filtered: bool
    ) -> None:
        subnet = find_subnet(self._client, subnet_id)
        if subnet is not None:
            native_ids = self._ensure_groups(groups, subnet, filtered=filtered)
            self._security_groups.set_groups(subnet["SubnetId"], ip_address, native_ids)

    def allocate_address(self, token: str) -> str:
        return self._elastic_ips.allocate(token)

    def _ensure_groups(
        self, groups: Sequence[RoutingObject], subnet: "SubnetTypeDef", *, filtered: bool
    ) -> tuple[str, ...]:
        for group in groups:
            check_routing(group)
        vpc_id = subnet["VpcId"]
        native_ids = tuple(self._security_groups.ensure(group, vpc_id) for group in groups)
        return native_ids or (self._security_groups.ensure_special(vpc_id, filtered=filtered),)
