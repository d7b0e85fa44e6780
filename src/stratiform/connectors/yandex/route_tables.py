"""Routers as route tables: a router is a route table in the network of its subnets, which refer to it.

A router with an external gateway has a NAT gateway, which the table's default route leads to. Servers with a public
address of their own use that one. Without SNAT, only such servers reach the Internet.

Source: VPC guide ("Static routes", "Gateways"), VPC API reference (RouteTableService, GatewayService).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from google.protobuf.field_mask_pb2 import FieldMask
from yandex.cloud.vpc.v1.gateway_pb2 import Gateway
from yandex.cloud.vpc.v1.gateway_service_pb2 import (
    CreateGatewayMetadata,
    CreateGatewayRequest,
    DeleteGatewayRequest,
    GetGatewayRequest,
    SharedEgressGatewaySpec,
)
from yandex.cloud.vpc.v1.route_table_pb2 import RouteTable, StaticRoute
from yandex.cloud.vpc.v1.route_table_service_pb2 import (
    CreateRouteTableMetadata,
    CreateRouteTableRequest,
    DeleteRouteTableRequest,
    GetRouteTableRequest,
    UpdateRouteTableRequest,
)
from yandex.cloud.vpc.v1.subnet_pb2 import Subnet
from yandex.cloud.vpc.v1.subnet_service_pb2 import UpdateSubnetRequest

from stratiform.connectors.yandex import labels
from stratiform.connectors.yandex.interfaces import find_subnet
from stratiform.connectors.yandex.listing import list_gateways, list_route_tables, list_subnets
from stratiform.contract.errors import NativeNotFound
from stratiform.contract.routing import RoutingObject

if TYPE_CHECKING:
    from stratiform.connectors.yandex.client import Client
    from stratiform.connectors.yandex.operations import Operations

_DEFAULT_ROUTE = "0.0.0.0/0"
_TABLE_KIND, _GATEWAY_KIND = "route-table", "gateway"


class RouteTables:
    """Route tables and NAT gateways of one folder."""

    def __init__(self, client: "Client", operations: "Operations") -> None:
        self._client, self._operations = client, operations

    def apply(self, desired: RoutingObject) -> None:
        """Create the route table in the network of the router's subnets that exist, and delete it elsewhere."""
        subnets = self._find_subnets(desired)
        network_ids = {subnet.network_id for subnet in subnets}
        tables = {table.network_id: table for table in self._list(desired.token)}
        for network_id in sorted(network_ids):
            routes = self._list_routes(desired)
            table = tables.get(network_id)
            table_id = self._create(desired, network_id, routes) if table is None else self._update(table, routes)
            self._associate(table_id, {subnet.id for subnet in subnets})
        for network_id in tables.keys() - network_ids:
            self._delete(tables[network_id])
        if not network_ids or not _has_gateway(desired.properties):
            self._delete_gateway(desired.token)

    def delete(self, token: str) -> None:
        for table in list(self._list(token)):
            self._delete(table)
        self._delete_gateway(token)

    def list_objects(self) -> Iterator[RoutingObject]:
        tables = {table.labels[labels.TOKEN]: table for table in self._list()}
        for token, table in sorted(tables.items()):
            yield RoutingObject("router", token, table.description)

    def delete_all(self, network_id: str) -> None:
        """Delete the route tables of this installation in a network, and their gateways."""
        for table in list(self._list()):
            if table.network_id == network_id:
                self._delete(table)
                self._delete_gateway(table.labels[labels.TOKEN])

    def _find_subnets(self, desired: RoutingObject) -> list[Subnet]:
        subnets = (find_subnet(self._client, item["subnet_id"]) for item in desired.properties["interfaces"])
        return [subnet for subnet in subnets if subnet is not None]

    def _list(self, token: str = "") -> Iterator[RouteTable]:
        """Iterate over the tables of a router, or of this installation."""
        for tables in list_route_tables(self._client):
            for table in tables:
                table_token = labels.get_token(table, self._client.installation_id)
                if table_token and token in ("", table_token):
                    yield table

    def _list_routes(self, desired: RoutingObject) -> list[StaticRoute]:
        if not desired.properties.get("admin_state_up", True):
            return []
        routes = [
            StaticRoute(destination_prefix=route["destination"], next_hop_address=route["nexthop"])
            for route in desired.properties.get("routes", ())
        ]
        if _has_gateway(desired.properties):
            gateway_id = self._ensure_gateway(desired)
            routes.append(StaticRoute(destination_prefix=_DEFAULT_ROUTE, gateway_id=gateway_id))
        return routes

    def _create(self, desired: RoutingObject, network_id: str, routes: list[StaticRoute]) -> str:
        installation_id = self._client.installation_id
        request = CreateRouteTableRequest(
            folder_id=self._client.settings.folder_id,
            name=labels.build_name(installation_id, _TABLE_KIND, f"{desired.token}/{network_id}"),
            description=labels.build_description(desired.name),
            labels=labels.build_labels(installation_id, {labels.TOKEN: desired.token}),
            network_id=network_id,
            static_routes=routes,
        )
        return self._operations.create_and_wait(
            self._client.route_tables.Create, request, CreateRouteTableMetadata(), self._get
        )

    def _get(self, table_id: str) -> RouteTable:
        return self._client.call(self._client.route_tables.Get, GetRouteTableRequest(route_table_id=table_id))

    def _update(self, table: RouteTable, routes: list[StaticRoute]) -> str:
        if _to_targets(table.static_routes) != _to_targets(routes):
            request = UpdateRouteTableRequest(
                route_table_id=table.id, update_mask=FieldMask(paths=["static_routes"]), static_routes=routes
            )
            self._operations.run(self._client.route_tables.Update, request)
        return table.id

    def _associate(self, table_id: str, subnet_ids: set[str]) -> None:
        """Let exactly these subnets refer to a table."""
        for page in list_subnets(self._client):
            for subnet in page:
                if subnet.id in subnet_ids and subnet.route_table_id != table_id:
                    self._set_table(subnet.id, table_id)
                elif subnet.id not in subnet_ids and subnet.route_table_id == table_id:
                    self._set_table(subnet.id, "")

    def _set_table(self, subnet_id: str, table_id: str) -> None:
        request = UpdateSubnetRequest(
            subnet_id=subnet_id, update_mask=FieldMask(paths=["route_table_id"]), route_table_id=table_id
        )
        self._operations.run(self._client.subnets.Update, request)

    def _delete(self, table: RouteTable) -> None:
        try:
            self._associate(table.id, set())
            self._operations.run(self._client.route_tables.Delete, DeleteRouteTableRequest(route_table_id=table.id))
        except NativeNotFound:
            return
        self._operations.record_deletion(table.id)

    def _find_gateway(self, token: str) -> Gateway | None:
        installation_id = self._client.installation_id
        name = labels.build_name(installation_id, _GATEWAY_KIND, token)
        gateways = (gateway for page in list_gateways(self._client, name) for gateway in page)
        return next((item for item in gateways if labels.get_token(item, installation_id) == token), None)

    def _ensure_gateway(self, desired: RoutingObject) -> str:
        gateway = self._find_gateway(desired.token)
        if gateway is not None:
            return gateway.id
        installation_id = self._client.installation_id
        request = CreateGatewayRequest(
            folder_id=self._client.settings.folder_id,
            name=labels.build_name(installation_id, _GATEWAY_KIND, desired.token),
            description=labels.build_description(desired.name),
            labels=labels.build_labels(installation_id, {labels.TOKEN: desired.token}),
            shared_egress_gateway_spec=SharedEgressGatewaySpec(),
        )
        return self._operations.create_and_wait(
            self._client.gateways.Create, request, CreateGatewayMetadata(), self._get_gateway
        )

    def _get_gateway(self, gateway_id: str) -> Gateway:
        return self._client.call(self._client.gateways.Get, GetGatewayRequest(gateway_id=gateway_id))

    def _delete_gateway(self, token: str) -> None:
        gateway = self._find_gateway(token)
        if gateway is None:
            return
        try:
            self._operations.run(self._client.gateways.Delete, DeleteGatewayRequest(gateway_id=gateway.id))
        except NativeNotFound:
            return
        self._operations.record_deletion(gateway.id)


def _has_gateway(router: Mapping[str, Any]) -> bool:
    return bool(router.get("gateway")) and router.get("snat", True) and router.get("admin_state_up", True)


def _to_targets(routes: Iterable[StaticRoute]) -> set[tuple[str, str]]:
    return {(route.destination_prefix, route.next_hop_address or route.gateway_id) for route in routes}
