"""Subnets: a VPC for each network, a subnet in it for each of ours.

Source: VPC user guide ("VPC CIDR blocks", "Internet gateways", "Default security groups"), EC2 API reference.

What a machine may reach and who may reach it is as in OpenStack's `default` group: everything outward, and inward
only what comes from machines of the same network. That is what AWS gives a VPC's default security group, so we add
no rule. To have a way out, the VPC gets an internet gateway with a default route, and machines a public address of
Amazon's (which Amazon charges for); it isn't shown to the customer, nothing from outside gets in through it.

AWS keeps the first four addresses (network, router, DNS, one spare) and the last of each subnet; the router is always
the first one after the network's, whatever gateway is asked for. A subnet has between 16 and 65536 addresses, and
an account five VPCs in a region until its owner asks Amazon for more.
"""

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stratiform.contract.errors import NativeNotFound, RequestRejected
from stratiform.contract.network import NativeSubnet, SubnetSpec

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, SubnetTypeDef, VpcTypeDef

    from stratiform.connectors.aws.client import Client

_LARGEST, _SMALLEST = 16, 28
_EVERYWHERE = "0.0.0.0/0"


class AwsNetworks:
    """Fulfils contract.network.Networks.

    EC2 has no idempotent CreateVpc: two that ensure one network at once are kept apart inside this process, and
    everything is looked for by tag before it is made.
    """

    reserved_head = 4
    reserved_tail = 1

    def __init__(self, client: "Client") -> None:
        self._aws = client

    def ensure(self, spec: SubnetSpec) -> NativeSubnet:
        _check_range(spec.cidr)
        with self._aws.making:
            subnet = self._subnet(spec.token)
            if subnet is None:
                vpc = self._vpc(spec) or self._make_vpc(spec)
                self._ensure_range(vpc, spec.cidr)
                self._ensure_way_out(vpc["VpcId"], spec)
                subnet = self._make_subnet(vpc["VpcId"], spec)
            self._ensure_public_addresses(subnet)
        return _native(subnet)

    def list(self) -> Iterator[NativeSubnet]:
        with self._aws.asking():
            for page in self._aws.ec2.get_paginator("describe_subnets").paginate(Filters=self._aws.mine()):
                yield from map(_native, page["Subnets"])

    def delete(self, subnet_id: str) -> None:
        """With the last subnet of a network its VPC goes too."""
        with self._aws.making:
            try:
                subnet = self._shown(subnet_id)
                self._refuse_while_used(subnet_id)
                with self._aws.asking():
                    self._aws.ec2.delete_subnet(SubnetId=subnet_id)
            except NativeNotFound:
                return
            self._delete_empty_vpc(subnet["VpcId"])

    def _refuse_while_used(self, subnet_id: str) -> None:
        with self._aws.asking():
            cards = self._aws.ec2.describe_network_interfaces(Filters=[{"Name": "subnet-id", "Values": [subnet_id]}])
        if cards["NetworkInterfaces"]:
            raise RequestRejected(f"machines are in the subnet {subnet_id}")

    def _subnet(self, token: str) -> "SubnetTypeDef | None":
        with self._aws.asking():
            found = self._aws.ec2.describe_subnets(Filters=self._aws.mine(token=token))["Subnets"]
        return found[0] if found else None

    def _vpc(self, spec: SubnetSpec) -> "VpcTypeDef | None":
        with self._aws.asking():
            found = self._aws.ec2.describe_vpcs(Filters=self._aws.mine(network=spec.network))["Vpcs"]
        return min(found, key=lambda vpc: vpc["VpcId"]) if found else None

    def _make_vpc(self, spec: SubnetSpec) -> "VpcTypeDef":
        tags = {"stratiform:network": spec.network}
        with self._aws.asking():
            made = self._aws.once.create_vpc(
                CidrBlock=spec.cidr, TagSpecifications=[self._aws.tagged("vpc", spec.name, tags)]
            )["Vpc"]["VpcId"]
        return self._aws.seen(lambda: self._made_vpc(made))

    def _made_vpc(self, vpc_id: str) -> "VpcTypeDef":
        with self._aws.asking():
            return self._aws.ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"][0]

    def _ensure_range(self, vpc: "VpcTypeDef", cidr: str) -> None:
        """A second subnet of a network may lie outside of what the first gave its VPC."""
        wanted = ipaddress.ip_network(cidr)
        texts = {vpc["CidrBlock"]} | {one["CidrBlock"] for one in vpc.get("CidrBlockAssociationSet", [])}
        if not any(wanted.overlaps(ipaddress.ip_network(text)) for text in texts):
            with self._aws.asking():
                self._aws.once.associate_vpc_cidr_block(VpcId=vpc["VpcId"], CidrBlock=cidr)

    def _ensure_way_out(self, vpc_id: str, spec: SubnetSpec) -> None:
        gateway = self._gateway(vpc_id) or self._make_gateway(vpc_id, spec)
        main: list[FilterTypeDef] = [
            {"Name": "vpc-id", "Values": [vpc_id]},
            {"Name": "association.main", "Values": ["true"]},
        ]
        with self._aws.asking():
            table = self._aws.ec2.describe_route_tables(Filters=main)["RouteTables"][0]
            if not any(route.get("DestinationCidrBlock") == _EVERYWHERE for route in table["Routes"]):
                self._aws.once.create_route(
                    RouteTableId=table["RouteTableId"], DestinationCidrBlock=_EVERYWHERE, GatewayId=gateway
                )

    def _gateway(self, vpc_id: str) -> str:
        with self._aws.asking():
            found = self._aws.ec2.describe_internet_gateways(
                Filters=[{"Name": "attachment.vpc-id", "Values": [vpc_id]}]
            )["InternetGateways"]
        return found[0]["InternetGatewayId"] if found else ""

    def _make_gateway(self, vpc_id: str, spec: SubnetSpec) -> str:
        """Takes the one that was made for this network and then not attached, where there is one."""
        tags = {"stratiform:network": spec.network}
        with self._aws.asking():
            loose = self._aws.ec2.describe_internet_gateways(Filters=self._aws.mine(network=spec.network))
            ready = [one["InternetGatewayId"] for one in loose["InternetGateways"] if not one.get("Attachments")]
            if not ready:
                tagged = [self._aws.tagged("internet-gateway", spec.name, tags)]
                made = self._aws.once.create_internet_gateway(TagSpecifications=tagged)
                ready = [made["InternetGateway"]["InternetGatewayId"]]
            self._aws.once.attach_internet_gateway(InternetGatewayId=ready[0], VpcId=vpc_id)
        return ready[0]

    def _make_subnet(self, vpc_id: str, spec: SubnetSpec) -> "SubnetTypeDef":
        tags = {"stratiform:token": spec.token, "stratiform:network": spec.network}
        with self._aws.asking():
            made = self._aws.once.create_subnet(
                VpcId=vpc_id,
                CidrBlock=spec.cidr,
                AvailabilityZone=spec.zone or self._aws.zone,
                TagSpecifications=[self._aws.tagged("subnet", spec.name, tags)],
            )["Subnet"]["SubnetId"]
        return self._aws.seen(lambda: self._shown(made))

    def _shown(self, subnet_id: str) -> "SubnetTypeDef":
        with self._aws.asking():
            found = self._aws.ec2.describe_subnets(SubnetIds=[subnet_id])["Subnets"]
        if not found:
            raise NativeNotFound(f"AWS has no subnet {subnet_id}")
        return found[0]

    def _ensure_public_addresses(self, subnet: "SubnetTypeDef") -> None:
        if not subnet.get("MapPublicIpOnLaunch"):
            with self._aws.asking():
                self._aws.ec2.modify_subnet_attribute(SubnetId=subnet["SubnetId"], MapPublicIpOnLaunch={"Value": True})

    def _delete_empty_vpc(self, vpc_id: str) -> None:
        """Only a VPC of ours, and only when nothing is left in it."""
        try:
            with self._aws.asking():
                inside: list[FilterTypeDef] = [{"Name": "vpc-id", "Values": [vpc_id]}]
                if self._aws.ec2.describe_subnets(Filters=inside)["Subnets"]:
                    return
                if not self._aws.ec2.describe_vpcs(Filters=[*self._aws.mine(), *inside])["Vpcs"]:
                    return
                gateway = self._gateway(vpc_id)
                if gateway:
                    self._aws.once.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc_id)
                    self._aws.ec2.delete_internet_gateway(InternetGatewayId=gateway)
                self._aws.ec2.delete_vpc(VpcId=vpc_id)
        except NativeNotFound:
            return


def _check_range(cidr: str) -> None:
    try:
        prefix = ipaddress.IPv4Network(cidr).prefixlen
    except ValueError as error:
        raise RequestRejected(f"'{cidr}' is no IPv4 subnet: {error}") from error
    if not _LARGEST <= prefix <= _SMALLEST:
        raise RequestRejected(f"AWS has no subnet {cidr}: it takes from /{_LARGEST} to /{_SMALLEST}")


def _native(subnet: "SubnetTypeDef") -> NativeSubnet:
    token = next((tag["Value"] for tag in subnet.get("Tags", []) if tag["Key"] == "stratiform:token"), "")
    return NativeSubnet(id=subnet["SubnetId"], token=token, cidr=subnet["CidrBlock"])
