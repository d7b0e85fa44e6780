"""Network capability of AWS: a VPC per network, and one of its subnets per subnet.

For outgoing traffic, the VPC gets an internet gateway with a default route, and servers get a public IP address,
which Amazon charges for. Our API does not show it, and the security groups of a server decide about incoming traffic
to it. A server without routing objects is in the VPC's default security group: all outgoing traffic, and incoming
traffic from servers of the same group, as in OpenStack's group `default`.

AWS reserves the first four addresses (network, router, DNS, spare) and the last one of each subnet. The router always
has the first address after the network address, whatever gateway is specified. A subnet has 16 to 65536 addresses; by
default, an account may have five VPCs per region.

Source: VPC user guide ("VPC CIDR blocks", "Internet gateways", "Default security groups"), EC2 API reference.
"""

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stratiform.connectors.aws import tags
from stratiform.connectors.aws.interfaces import find_subnet
from stratiform.connectors.aws.route_tables import RouteTables
from stratiform.connectors.aws.routing_limits import check_cidr
from stratiform.connectors.aws.security_groups import SecurityGroups
from stratiform.contract.errors import NativeNotFound, RequestRejected
from stratiform.contract.network import NativeSubnet, SubnetSpec

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, SubnetTypeDef, VpcTypeDef

    from stratiform.connectors.aws.client import Client

_DEFAULT_ROUTE = "0.0.0.0/0"


class AwsNetworkDriver:
    """Implements contract.network.NetworkDriver.

    CreateVpc is not idempotent: a lock serializes creation in this process, and every resource is looked up by its
    tag before it is created.
    """

    reserved_head = 4
    reserved_tail = 1

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._route_tables = RouteTables(client)
        self._security_groups = SecurityGroups(client)

    def ensure_subnet(self, spec: SubnetSpec) -> NativeSubnet:
        check_cidr(spec.cidr)
        with self._client.create_lock:
            subnet = find_subnet(self._client, spec.token)
            if subnet is None:
                vpc = self._find_vpc(spec) or self._create_vpc(spec)
                self._ensure_cidr_block(vpc, spec.cidr)
                self._ensure_default_route(vpc["VpcId"], spec)
                subnet = self._create_subnet(vpc["VpcId"], spec)
            self._ensure_public_addresses(subnet)
        return _to_subnet(subnet)

    def list_subnets(self) -> Iterator[NativeSubnet]:
        pages = self._client.ec2.get_paginator("describe_subnets").paginate(Filters=self._client.build_tag_filters())
        with self._client.translating_errors():
            for page in pages:
                yield from map(_to_subnet, page["Subnets"])

    def delete_subnet(self, subnet_id: str) -> None:
        """Delete a subnet, and the VPC with the last subnet of a network."""
        with self._client.create_lock:
            try:
                subnet = self._get_subnet(subnet_id)
                self._require_unused(subnet_id)
                self._route_tables.disassociate(subnet_id)
                with self._client.translating_errors():
                    self._client.ec2.delete_subnet(SubnetId=subnet_id)
            except NativeNotFound:
                return
            self._delete_empty_vpc(subnet["VpcId"])

    def _require_unused(self, subnet_id: str) -> None:
        filters: list[FilterTypeDef] = [{"Name": "subnet-id", "Values": [subnet_id]}]
        with self._client.translating_errors():
            interfaces = self._client.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
        if interfaces:
            raise RequestRejected(f"subnet {subnet_id} is in use by servers")

    def _find_vpc(self, spec: SubnetSpec) -> "VpcTypeDef | None":
        filters = self._client.build_tag_filters({tags.NETWORK: spec.network_id})
        with self._client.translating_errors():
            vpcs = self._client.ec2.describe_vpcs(Filters=filters)["Vpcs"]
        return min(vpcs, key=lambda vpc: vpc["VpcId"]) if vpcs else None

    def _create_vpc(self, spec: SubnetSpec) -> "VpcTypeDef":
        specification = self._client.build_tag_specification("vpc", spec.name, {tags.NETWORK: spec.network_id})
        with self._client.translating_errors():
            response = self._client.ec2_no_retry.create_vpc(CidrBlock=spec.cidr, TagSpecifications=[specification])
        vpc_id = response["Vpc"]["VpcId"]
        return self._client.wait_until_visible(lambda: self._get_vpc(vpc_id))

    def _get_vpc(self, vpc_id: str) -> "VpcTypeDef":
        with self._client.translating_errors():
            return self._client.ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"][0]

    def _ensure_cidr_block(self, vpc: "VpcTypeDef", cidr: str) -> None:
        """Add a CIDR block if a further subnet of the network is outside of the VPC's blocks."""
        block = ipaddress.ip_network(cidr)
        existing = {vpc["CidrBlock"]} | {item["CidrBlock"] for item in vpc.get("CidrBlockAssociationSet", [])}
        if not any(block.overlaps(ipaddress.ip_network(text)) for text in existing):
            with self._client.translating_errors():
                self._client.ec2_no_retry.associate_vpc_cidr_block(VpcId=vpc["VpcId"], CidrBlock=cidr)

    def _ensure_default_route(self, vpc_id: str, spec: SubnetSpec) -> None:
        gateway_id = self._find_gateway(vpc_id) or self._attach_gateway(vpc_id, spec)
        main_table: list[FilterTypeDef] = [
            {"Name": "vpc-id", "Values": [vpc_id]},
            {"Name": "association.main", "Values": ["true"]},
        ]
        with self._client.translating_errors():
            table = self._client.ec2.describe_route_tables(Filters=main_table)["RouteTables"][0]
            if not any(route.get("DestinationCidrBlock") == _DEFAULT_ROUTE for route in table["Routes"]):
                self._client.ec2_no_retry.create_route(
                    RouteTableId=table["RouteTableId"], DestinationCidrBlock=_DEFAULT_ROUTE, GatewayId=gateway_id
                )

    def _find_gateway(self, vpc_id: str) -> str:
        filters: list[FilterTypeDef] = [{"Name": "attachment.vpc-id", "Values": [vpc_id]}]
        with self._client.translating_errors():
            gateways = self._client.ec2.describe_internet_gateways(Filters=filters)["InternetGateways"]
        return gateways[0]["InternetGatewayId"] if gateways else ""

    def _attach_gateway(self, vpc_id: str, spec: SubnetSpec) -> str:
        """Attach a new internet gateway, or one that an interrupted call created for this network."""
        network_tag = {tags.NETWORK: spec.network_id}
        specification = self._client.build_tag_specification("internet-gateway", spec.name, network_tag)
        with self._client.translating_errors():
            response = self._client.ec2.describe_internet_gateways(Filters=self._client.build_tag_filters(network_tag))
            gateway_id = next(
                (item["InternetGatewayId"] for item in response["InternetGateways"] if not item.get("Attachments")), ""
            )
            if not gateway_id:
                new = self._client.ec2_no_retry.create_internet_gateway(TagSpecifications=[specification])
                gateway_id = new["InternetGateway"]["InternetGatewayId"]
            self._client.ec2_no_retry.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc_id)
        return gateway_id

    def _create_subnet(self, vpc_id: str, spec: SubnetSpec) -> "SubnetTypeDef":
        subnet_tags = {tags.TOKEN: spec.token, tags.NETWORK: spec.network_id}
        with self._client.translating_errors():
            response = self._client.ec2_no_retry.create_subnet(
                VpcId=vpc_id,
                CidrBlock=spec.cidr,
                AvailabilityZone=spec.availability_zone or self._client.availability_zone,
                TagSpecifications=[self._client.build_tag_specification("subnet", spec.name, subnet_tags)],
            )
        subnet_id = response["Subnet"]["SubnetId"]
        return self._client.wait_until_visible(lambda: self._get_subnet(subnet_id))

    def _get_subnet(self, subnet_id: str) -> "SubnetTypeDef":
        with self._client.translating_errors():
            subnets = self._client.ec2.describe_subnets(SubnetIds=[subnet_id])["Subnets"]
        if not subnets:
            raise NativeNotFound(f"subnet {subnet_id} not found")
        return subnets[0]

    def _ensure_public_addresses(self, subnet: "SubnetTypeDef") -> None:
        if not subnet.get("MapPublicIpOnLaunch"):
            with self._client.translating_errors():
                self._client.ec2.modify_subnet_attribute(
                    SubnetId=subnet["SubnetId"], MapPublicIpOnLaunch={"Value": True}
                )

    def _delete_empty_vpc(self, vpc_id: str) -> None:
        """Delete a VPC of this installation if it has no subnets, and before it what belongs to it."""
        in_vpc: list[FilterTypeDef] = [{"Name": "vpc-id", "Values": [vpc_id]}]
        try:
            with self._client.translating_errors():
                if self._client.ec2.describe_subnets(Filters=in_vpc)["Subnets"]:
                    return
                if not self._client.ec2.describe_vpcs(Filters=[*self._client.build_tag_filters(), *in_vpc])["Vpcs"]:
                    return
                gateway_id = self._find_gateway(vpc_id)
            self._route_tables.delete_all(vpc_id)
            self._security_groups.delete_all(vpc_id)
            with self._client.translating_errors():
                if gateway_id:
                    self._client.ec2_no_retry.detach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc_id)
                    self._client.ec2.delete_internet_gateway(InternetGatewayId=gateway_id)
                self._client.ec2.delete_vpc(VpcId=vpc_id)
        except NativeNotFound:
            return


def _to_subnet(subnet: "SubnetTypeDef") -> NativeSubnet:
    token = tags.get_tag_value(subnet, tags.TOKEN)
    return NativeSubnet(id=subnet["SubnetId"], token=token, cidr=subnet["CidrBlock"])
