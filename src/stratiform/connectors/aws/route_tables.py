"""Routers as route tables: a router is a route table of the VPC of its subnets, which are associated with it.

A subnet without a router uses the main route table of its VPC. The gateway of a router is the internet gateway of the
VPC. A next hop is the interface of a server, which may then receive packets for other addresses.

Source: VPC user guide ("Configure route tables"), EC2 API reference (CreateRoute, ReplaceRouteTableAssociation).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stratiform.connectors.aws import tags
from stratiform.connectors.aws.interfaces import find_interface, find_subnet
from stratiform.contract.errors import NativeNotFound, RequestRejected
from stratiform.contract.routing import RoutingObject

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, RouteTableTypeDef, RouteTypeDef, SubnetTypeDef

    from stratiform.connectors.aws.client import Client

_DEFAULT_ROUTE = "0.0.0.0/0"

#: The attribute of a route that names its target: an internet gateway, or the interface of a server.
_TARGETS = ("GatewayId", "NetworkInterfaceId")


class RouteTables:
    """Route tables of one account and region. CreateRouteTable is serialized by a lock, as CreateVpc."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def apply(self, desired: RoutingObject) -> None:
        """Create the route table in the VPC of the router's subnets that exist, and delete it elsewhere."""
        with self._client.create_lock:
            subnets = self._find_subnets(desired)
            vpc_ids = {subnet["VpcId"] for subnet in subnets}
            tables = {table["VpcId"]: table for table in self._list(desired.token)}
            for vpc_id in vpc_ids - tables.keys():
                tables[vpc_id] = self._create(desired, vpc_id)
            for table in self._list(desired.token):
                if table["VpcId"] not in vpc_ids or table["RouteTableId"] != tables[table["VpcId"]]["RouteTableId"]:
                    self._delete(table)
            for vpc_id in vpc_ids:
                self._associate(tables[vpc_id], subnets)
                self._set_routes(tables[vpc_id], self._list_routes(desired.properties, vpc_id, subnets))

    def delete(self, token: str) -> None:
        with self._client.create_lock:
            for table in self._list(token):
                self._delete(table)

    def list_objects(self) -> Iterator[RoutingObject]:
        tables = {tags.get_tag_value(table, tags.TOKEN): table for table in self._describe([])}
        for token, table in sorted(tables.items()):
            if token:
                yield RoutingObject("router", token, tags.get_tag_value(table, "Name"))

    def delete_all(self, vpc_id: str) -> None:
        """Delete the route tables of this installation in a VPC, except the main one; the caller has the lock."""
        for table in self._describe([{"Name": "vpc-id", "Values": [vpc_id]}]):
            self._delete(table)

    def disassociate(self, subnet_id: str) -> None:
        """Return a subnet to the main route table of its VPC."""
        for table in self._describe([{"Name": "association.subnet-id", "Values": [subnet_id]}]):
            self._remove_associations(table, keep=_list_associated(table) - {subnet_id})

    def _find_subnets(self, desired: RoutingObject) -> "list[SubnetTypeDef]":
        subnets = (find_subnet(self._client, item["subnet_id"]) for item in desired.properties["interfaces"])
        return [subnet for subnet in subnets if subnet is not None]

    def _create(self, desired: RoutingObject, vpc_id: str) -> "RouteTableTypeDef":
        specification = self._client.build_tag_specification("route-table", desired.name, {tags.TOKEN: desired.token})
        with self._client.translating_errors():
            response = self._client.ec2_no_retry.create_route_table(VpcId=vpc_id, TagSpecifications=[specification])
        table_id = response["RouteTable"]["RouteTableId"]
        return self._client.wait_until_visible(lambda: self._get(table_id))

    def _get(self, table_id: str) -> "RouteTableTypeDef":
        with self._client.translating_errors():
            return self._client.ec2.describe_route_tables(RouteTableIds=[table_id])["RouteTables"][0]

    def _list(self, token: str) -> "list[RouteTableTypeDef]":
        """Return the tables of a router, in a fixed order."""
        tables = self._describe([{"Name": f"tag:{tags.TOKEN}", "Values": [token]}])
        return sorted(tables, key=lambda table: table["RouteTableId"], reverse=True)

    def _describe(self, filters: "list[FilterTypeDef]") -> "list[RouteTableTypeDef]":
        pages = self._client.ec2.get_paginator("describe_route_tables").paginate(
            Filters=[*self._client.build_tag_filters(), *filters]
        )
        with self._client.translating_errors():
            return [table for page in pages for table in page["RouteTables"]]

    def _associate(self, table: "RouteTableTypeDef", subnets: "Sequence[SubnetTypeDef]") -> None:
        subnet_ids = {subnet["SubnetId"] for subnet in subnets if subnet["VpcId"] == table["VpcId"]}
        self._remove_associations(table, keep=subnet_ids)
        for subnet_id in sorted(subnet_ids - _list_associated(table)):
            self.disassociate(subnet_id)
            with self._client.translating_errors():
                self._client.ec2_no_retry.associate_route_table(RouteTableId=table["RouteTableId"], SubnetId=subnet_id)

    def _remove_associations(self, table: "RouteTableTypeDef", *, keep: set[str]) -> None:
        for association in table["Associations"]:
            if association.get("SubnetId", "") not in keep and not association.get("Main"):
                with self._client.translating_errors():
                    self._client.ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])

    def _list_routes(
        self, router: Mapping[str, Any], vpc_id: str, subnets: "Sequence[SubnetTypeDef]"
    ) -> Mapping[str, str]:
        """Return the target of each destination. Routes to servers that do not exist yet are left out."""
        if not router.get("admin_state_up", True):
            return {}
        routes = {_DEFAULT_ROUTE: self._get_gateway(vpc_id)} if router.get("gateway") else {}
        for route in router.get("routes", ()):
            interface_id = self._prepare_next_hop(route["nexthop"], subnets)
            if interface_id:
                routes[route["destination"]] = interface_id
        return routes

    def _prepare_next_hop(self, address: str, subnets: "Sequence[SubnetTypeDef]") -> str:
        """Return the interface with an address, which EC2 must not check for its own source and destination; or ""."""
        for subnet in subnets:
            interface = find_interface(self._client, subnet["SubnetId"], address)
            if interface is not None:
                if interface.get("SourceDestCheck", True):
                    with self._client.translating_errors():
                        self._client.ec2.modify_network_interface_attribute(
                            NetworkInterfaceId=interface["NetworkInterfaceId"], SourceDestCheck={"Value": False}
                        )
                return interface["NetworkInterfaceId"]
        return ""

    def _get_gateway(self, vpc_id: str) -> str:
        filters: list[FilterTypeDef] = [{"Name": "attachment.vpc-id", "Values": [vpc_id]}]
        with self._client.translating_errors():
            gateways = self._client.ec2.describe_internet_gateways(Filters=filters)["InternetGateways"]
        if not gateways:
            raise RequestRejected(f"VPC {vpc_id} has no internet gateway")
        return gateways[0]["InternetGatewayId"]

    def _set_routes(self, table: "RouteTableTypeDef", desired: Mapping[str, str]) -> None:
        ec2, table_id = self._client.ec2, table["RouteTableId"]
        current = {
            route["DestinationCidrBlock"]: _get_target(route)
            for route in table["Routes"]
            if route.get("GatewayId") != "local" and "DestinationCidrBlock" in route
        }
        with self._client.translating_errors():
            for destination in current.keys() - desired.keys():
                ec2.delete_route(RouteTableId=table_id, DestinationCidrBlock=destination)
            for destination, target in desired.items():
                if current.get(destination) == target:
                    continue
                change = ec2.replace_route if destination in current else ec2.create_route
                if target.startswith("igw-"):
                    change(RouteTableId=table_id, DestinationCidrBlock=destination, GatewayId=target)
                else:
                    change(RouteTableId=table_id, DestinationCidrBlock=destination, NetworkInterfaceId=target)

    def _delete(self, table: "RouteTableTypeDef") -> None:
        if any(association.get("Main") for association in table["Associations"]):
            return
        try:
            self._remove_associations(table, keep=set())
            with self._client.translating_errors():
                self._client.ec2.delete_route_table(RouteTableId=table["RouteTableId"])
        except NativeNotFound:
            return


def _list_associated(table: "RouteTableTypeDef") -> set[str]:
    return {association["SubnetId"] for association in table["Associations"] if "SubnetId" in association}


def _get_target(route: "RouteTypeDef") -> str:
    return next((str(route[name]) for name in _TARGETS if route.get(name)), "")  # type: ignore[literal-required]
