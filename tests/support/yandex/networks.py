"""Servicers of VPC: networks, subnets, route tables, NAT gateways, addresses, security groups."""

from ipaddress import IPv4Network
from typing import Any

from google.protobuf.message import Message
from yandex.cloud.operation.operation_pb2 import Operation
from yandex.cloud.vpc.v1 import (
    address_service_pb2,
    gateway_service_pb2,
    network_service_pb2,
    route_table_service_pb2,
    security_group_service_pb2,
    subnet_service_pb2,
)
from yandex.cloud.vpc.v1.address_pb2 import Address, ExternalIpv4Address
from yandex.cloud.vpc.v1.address_service_pb2_grpc import AddressServiceServicer
from yandex.cloud.vpc.v1.gateway_pb2 import Gateway, SharedEgressGateway
from yandex.cloud.vpc.v1.gateway_service_pb2_grpc import GatewayServiceServicer
from yandex.cloud.vpc.v1.network_pb2 import Network
from yandex.cloud.vpc.v1.network_service_pb2_grpc import NetworkServiceServicer
from yandex.cloud.vpc.v1.route_table_pb2 import RouteTable
from yandex.cloud.vpc.v1.route_table_service_pb2_grpc import RouteTableServiceServicer
from yandex.cloud.vpc.v1.security_group_pb2 import SecurityGroup, SecurityGroupRule
from yandex.cloud.vpc.v1.security_group_service_pb2_grpc import SecurityGroupServiceServicer
from yandex.cloud.vpc.v1.subnet_pb2 import Subnet
from yandex.cloud.vpc.v1.subnet_service_pb2_grpc import SubnetServiceServicer

from support.yandex.disks import Service
from support.yandex.state import FOLDER, ZONES, invalid, refused

_PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_MAX_RULES = 50


class NetworkService(Service):
    """Creation and deletion, which are alike for all resources of VPC."""

    def create(self, name: str, resource: Any, request: Any, metadata: Message) -> Operation:
        resource.folder_id, resource.name, resource.description = request.folder_id, request.name, request.description
        resource.labels.update(request.labels)
        self.state.insert(name, resource)
        return self.state.start(metadata, lambda: resource, lambda: self.state.table(name).pop(resource.id, None))

    def delete(self, name: str, resource_id: str, metadata: Message) -> Operation:
        self.state.get(name, resource_id)

        def complete() -> None:
            self.state.table(name).pop(resource_id, None)

        return self.state.start(metadata, complete)

    def list_interfaces(self) -> list[Any]:
        return [item for vm in self.state.table("instances").values() for item in vm.network_interfaces]


class Networks(NetworkService, NetworkServiceServicer):
    def Get(self, request: Any, context: Any) -> Any:
        return self.state.get("networks", request.network_id)

    def List(self, request: Any, context: Any) -> Any:
        networks, token = self.state.list_page("networks", request)
        return network_service_pb2.ListNetworksResponse(networks=networks, next_page_token=token)

    def Create(self, request: Any, context: Any) -> Any:
        self.state.check_new("networks", request)
        network = Network(id=self.state.new_id("enpnw"))
        group = SecurityGroup(
            id=self.state.new_id("enpsg"),
            folder_id=FOLDER,
            name=f"default-sg-{network.id}",
            network_id=network.id,
            default_for_network=True,
        )
        self.state.insert("security_groups", group)
        network.default_security_group_id = group.id
        metadata = network_service_pb2.CreateNetworkMetadata(network_id=network.id)
        return self.create("networks", network, request, metadata)

    def Delete(self, request: Any, context: Any) -> Any:
        network = self.state.get("networks", request.network_id)
        for name in ("subnets", "route_tables", "security_groups"):
            for item in self.state.table(name).values():
                if item.network_id == network.id and item.id != network.default_security_group_id:
                    raise refused(f"Network {network.id} is not empty")
        metadata = network_service_pb2.DeleteNetworkMetadata(network_id=network.id)
        self.state.table("security_groups").pop(network.default_security_group_id, None)
        return self.delete("networks", network.id, metadata)


class Subnets(NetworkService, SubnetServiceServicer):
    def Get(self, request: Any, context: Any) -> Any:
        return self.state.get("subnets", request.subnet_id)

    def List(self, request: Any, context: Any) -> Any:
        subnets, token = self.state.list_page("subnets", request)
        return subnet_service_pb2.ListSubnetsResponse(subnets=subnets, next_page_token=token)

    def Create(self, request: Any, context: Any) -> Any:
        self.state.check_new("subnets", request)
        self.state.get("networks", request.network_id)
        block = IPv4Network(request.v4_cidr_blocks[0])
        if request.zone_id not in ZONES:
            raise invalid(f"Zone {request.zone_id} not found")
        if not 16 <= block.prefixlen <= 28 or not any(block.subnet_of(item) for item in _PRIVATE):
            raise invalid(f"Illegal argument Network interface v4 CIDR block {block}")
        for other in self.state.table("subnets").values():
            if other.network_id == request.network_id and block.overlaps(IPv4Network(other.v4_cidr_blocks[0])):
                raise refused("Subnet CIDR is overlapping with existing subnets")
        subnet = Subnet(
            id=self.state.new_id("e9bsn"),
            network_id=request.network_id,
            zone_id=request.zone_id,
            v4_cidr_blocks=request.v4_cidr_blocks,
        )
        return self.create("subnets", subnet, request, subnet_service_pb2.CreateSubnetMetadata(subnet_id=subnet.id))

    def Update(self, request: Any, context: Any) -> Any:
        subnet = self.state.get("subnets", request.subnet_id)
        if list(request.update_mask.paths) != ["route_table_id"]:
            raise invalid("update_mask")
        if request.route_table_id:
            table = self.state.get("route_tables", request.route_table_id)
            if table.network_id != subnet.network_id:
                raise invalid(f"Route table {table.id} is in another network")

        def complete() -> Any:
            subnet.route_table_id = request.route_table_id
            return subnet

        return self.state.start(subnet_service_pb2.UpdateSubnetMetadata(subnet_id=subnet.id), complete)

    def Delete(self, request: Any, context: Any) -> Any:
        if any(interface.subnet_id == request.subnet_id for interface in self.list_interfaces()):
            raise refused(f"Subnet {request.subnet_id} has allocated addresses")
        metadata = subnet_service_pb2.DeleteSubnetMetadata(subnet_id=request.subnet_id)
        return self.delete("subnets", request.subnet_id, metadata)


class RouteTables(NetworkService, RouteTableServiceServicer):
    def Get(self, request: Any, context: Any) -> Any:
        return self.state.get("route_tables", request.route_table_id)

    def List(self, request: Any, context: Any) -> Any:
        tables, token = self.state.list_page("route_tables", request)
        return route_table_service_pb2.ListRouteTablesResponse(route_tables=tables, next_page_token=token)

    def Create(self, request: Any, context: Any) -> Any:
        self.state.check_new("route_tables", request)
        self.state.get("networks", request.network_id)
        self._check_routes(request.static_routes)
        table = RouteTable(
            id=self.state.new_id("enprt"), network_id=request.network_id, static_routes=request.static_routes
        )
        metadata = route_table_service_pb2.CreateRouteTableMetadata(route_table_id=table.id)
        return self.create("route_tables", table, request, metadata)

    def Update(self, request: Any, context: Any) -> Any:
        table = self.state.get("route_tables", request.route_table_id)
        self._check_routes(request.static_routes)

        def complete() -> Any:
            del table.static_routes[:]
            table.static_routes.extend(request.static_routes)
            return table

        return self.state.start(route_table_service_pb2.UpdateRouteTableMetadata(route_table_id=table.id), complete)

    def Delete(self, request: Any, context: Any) -> Any:
        if any(item.route_table_id == request.route_table_id for item in self.state.table("subnets").values()):
            raise refused(f"Route table {request.route_table_id} is in use")
        metadata = route_table_service_pb2.DeleteRouteTableMetadata(route_table_id=request.route_table_id)
        return self.delete("route_tables", request.route_table_id, metadata)

    def _check_routes(self, routes: Any) -> None:
        prefixes = [route.destination_prefix for route in routes]
        if len(set(prefixes)) < len(prefixes):
            raise invalid("static_routes: destinations must be unique")
        for route in routes:
            if route.gateway_id:
                self.state.get("gateways", route.gateway_id)


class Gateways(NetworkService, GatewayServiceServicer):
    def Get(self, request: Any, context: Any) -> Any:
        return self.state.get("gateways", request.gateway_id)

    def List(self, request: Any, context: Any) -> Any:
        gateways, token = self.state.list_page("gateways", request)
        return gateway_service_pb2.ListGatewaysResponse(gateways=gateways, next_page_token=token)

    def Create(self, request: Any, context: Any) -> Any:
        self.state.check_new("gateways", request)
        gateway = Gateway(id=self.state.new_id("enpgw"), shared_egress_gateway=SharedEgressGateway())
        metadata = gateway_service_pb2.CreateGatewayMetadata(gateway_id=gateway.id)
        return self.create("gateways", gateway, request, metadata)

    def Delete(self, request: Any, context: Any) -> Any:
        tables = self.state.table("route_tables").values()
        if any(route.gateway_id == request.gateway_id for table in tables for route in table.static_routes):
            raise refused(f"Gateway {request.gateway_id} is in use")
        metadata = gateway_service_pb2.DeleteGatewayMetadata(gateway_id=request.gateway_id)
        return self.delete("gateways", request.gateway_id, metadata)


class Addresses(NetworkService, AddressServiceServicer):
    def Get(self, request: Any, context: Any) -> Any:
        return self.state.get("addresses", request.address_id)

    def List(self, request: Any, context: Any) -> Any:
        addresses, token = self.state.list_page("addresses", request)
        return address_service_pb2.ListAddressesResponse(addresses=addresses, next_page_token=token)

    def Create(self, request: Any, context: Any) -> Any:
        self.state.check_new("addresses", request)
        address = Address(id=self.state.new_id("e9bad"), reserved=True, type=Address.EXTERNAL)
        spec, number = request.external_ipv4_address_spec, int(address.id[-6:])
        value = spec.address or f"198.51.{100 + number // 250}.{number % 250 + 1}"
        address.external_ipv4_address.CopyFrom(ExternalIpv4Address(address=value, zone_id=spec.zone_id))
        metadata = address_service_pb2.CreateAddressMetadata(address_id=address.id)
        return self.create("addresses", address, request, metadata)

    def Delete(self, request: Any, context: Any) -> Any:
        address = self.state.get("addresses", request.address_id)
        value = address.external_ipv4_address.address
        if any(item.primary_v4_address.one_to_one_nat.address == value for item in self.list_interfaces()):
            raise refused(f"Address {address.id} is in use")
        return self.delete("addresses", address.id, address_service_pb2.DeleteAddressMetadata(address_id=address.id))


class SecurityGroups(NetworkService, SecurityGroupServiceServicer):
    def Get(self, request: Any, context: Any) -> Any:
        return self.state.get("security_groups", request.security_group_id)

    def List(self, request: Any, context: Any) -> Any:
        groups, token = self.state.list_page("security_groups", request)
        return security_group_service_pb2.ListSecurityGroupsResponse(security_groups=groups, next_page_token=token)

    def Create(self, request: Any, context: Any) -> Any:
        self.state.check_new("security_groups", request)
        self.state.get("networks", request.network_id)
        group = SecurityGroup(id=self.state.new_id("enpsg"), network_id=request.network_id, status=SecurityGroup.ACTIVE)
        group.rules.extend(self._build_rules(group, request.rule_specs))
        metadata = security_group_service_pb2.CreateSecurityGroupMetadata(security_group_id=group.id)
        return self.create("security_groups", group, request, metadata)

    def UpdateRules(self, request: Any, context: Any) -> Any:
        group = self.state.get("security_groups", request.security_group_id)
        present = {rule.id for rule in group.rules}
        for rule_id in request.deletion_rule_ids:
            if rule_id not in present:
                raise invalid(f"Rule {rule_id} not found")
        remaining = [rule for rule in group.rules if rule.id not in request.deletion_rule_ids]
        rules = [*remaining, *self._build_rules(group, request.addition_rule_specs)]
        if len(rules) > _MAX_RULES:
            raise invalid(f"a security group has at most {_MAX_RULES} rules")

        def complete() -> Any:
            del group.rules[:]
            group.rules.extend(rules)
            return group

        metadata = security_group_service_pb2.UpdateSecurityGroupMetadata(security_group_id=group.id)
        return self.state.start(metadata, complete)

    def Delete(self, request: Any, context: Any) -> Any:
        group = self.state.get("security_groups", request.security_group_id)
        if any(group.id in item.security_group_ids for item in self.list_interfaces()):
            raise refused(f"Security group {group.id} is in use")
        for other in self.state.table("security_groups").values():
            if other.id != group.id and any(rule.security_group_id == group.id for rule in other.rules):
                raise refused(f"Security group {group.id} is the target of a rule")
        metadata = security_group_service_pb2.DeleteSecurityGroupMetadata(security_group_id=group.id)
        return self.delete("security_groups", group.id, metadata)

    def _build_rules(self, group: Any, specs: Any) -> list[SecurityGroupRule]:
        rules = []
        for spec in specs:
            rule = SecurityGroupRule(id=self.state.new_id("enprl"), direction=spec.direction)
            rule.protocol_name, rule.protocol_number = spec.protocol_name, spec.protocol_number
            if spec.HasField("ports"):
                if spec.protocol_number not in (6, 17) and spec.protocol_name not in ("TCP", "UDP", "ANY"):
                    raise invalid("ports: not available for this protocol")
                rule.ports.CopyFrom(spec.ports)
            if spec.security_group_id:
                if self.state.get("security_groups", spec.security_group_id).network_id != group.network_id:
                    raise invalid("security_group_id: the group is in another network")
                rule.security_group_id = spec.security_group_id
            else:
                rule.cidr_blocks.CopyFrom(spec.cidr_blocks)
            rules.append(rule)
        return rules
