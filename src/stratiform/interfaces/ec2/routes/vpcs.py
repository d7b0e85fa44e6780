"""VPCs and subnets: networks and subnets of the Networking API. They are created there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from stratiform.interfaces.ec2 import lists
from stratiform.interfaces.ec2.api import Ec2Request, Response, action
from stratiform.interfaces.ec2.views.tags import build_tag_set
from stratiform.interfaces.ec2.xml_format import Value
from stratiform.services.compute.model.ec2_ids import encode_ec2_id
from stratiform.services.network import policy
from stratiform.services.network.model import ListQuery, Network, Subnet

#: EC2 reserves the first four addresses and the last one of a subnet.
_RESERVED_ADDRESSES = 5


@dataclass(frozen=True, slots=True)
class _Vpc:
    network: Network
    subnets: Sequence[Subnet]

    @property
    def cidr(self) -> str:
        return next((subnet.cidr for subnet in self.subnets), "")


_VPC_FILTERS: Mapping[str, lists.GetValues[_Vpc]] = {
    "cidr": lambda vpc: [vpc.cidr],
    "is-default": lambda vpc: [vpc.network.is_default],
    "owner-id": lambda vpc: [vpc.network.project_id],
    "state": lambda _: ["available"],
    "vpc-id": lambda vpc: [encode_ec2_id("vpc", vpc.network.id)],
}

_SUBNET_FILTERS: Mapping[str, lists.GetValues[Subnet]] = {
    "cidr-block": lambda subnet: [subnet.cidr],
    "owner-id": lambda subnet: [subnet.project_id],
    "state": lambda _: ["available"],
    "subnet-id": lambda subnet: [encode_ec2_id("subnet", subnet.id)],
    "vpc-id": lambda subnet: [encode_ec2_id("vpc", subnet.network_id)],
}


@action("DescribeVpcs", policy.NETWORKS_GET)
def describe_vpcs(request: Ec2Request) -> Response:
    """List the networks on which the project may create instances."""
    networks = _list_networks(request)
    requested = request.parameters.list_ids("vpc", "VpcId")
    networks = lists.select_requested(networks, requested, _get_network_id, "InvalidVpcID.NotFound", _describe_vpc_id)
    subnets = request.services.network.subnets.list_by_network(request.ctx.db, [network.id for network in networks])
    vpcs = [_Vpc(network, _select_ipv4(subnets[network.id])) for network in networks]
    vpcs = lists.select_items(request.parameters, vpcs, _VPC_FILTERS, lambda vpc: {"Name": vpc.network.name})
    page, next_token = lists.paginate(request.parameters, vpcs, lambda vpc: vpc.network.id)
    return {"vpcSet": [_build_vpc(vpc) for vpc in page], "nextToken": next_token}


@action("DescribeSubnets", policy.SUBNETS_GET)
def describe_subnets(request: Ec2Request) -> Response:
    """List the IPv4 subnets on which the project may create instances."""
    network_ids = [network.id for network in _list_networks(request)]
    by_network = request.services.network.subnets.list_by_network(request.ctx.db, network_ids)
    subnets = [subnet for network_id in network_ids for subnet in _select_ipv4(by_network[network_id])]
    requested = request.parameters.list_ids("subnet", "SubnetId")
    subnets = lists.select_requested(
        subnets, requested, _get_subnet_id, "InvalidSubnetID.NotFound", _describe_subnet_id
    )
    subnets = lists.select_items(request.parameters, subnets, _SUBNET_FILTERS, lambda subnet: {"Name": subnet.name})
    page, next_token = lists.paginate(request.parameters, subnets, _get_subnet_id)
    zones = request.services.compute.availability_zones.list(request.ctx)
    return {"subnetSet": [_build_subnet(subnet, zones) for subnet in page], "nextToken": next_token}


def _list_networks(request: Ec2Request) -> list[Network]:
    service = request.services.network.networks
    networks = lists.read_all(
        lambda page: service.list(request.ctx, ListQuery({"external": [False]}, page=page)), _get_network_id
    )
    return [network for network in networks if network.shared or network.project_id == request.project_id]


def _select_ipv4(subnets: Sequence[Subnet]) -> list[Subnet]:
    return [subnet for subnet in subnets if ":" not in subnet.cidr]


def _build_vpc(vpc: _Vpc) -> Mapping[str, Value]:
    return {
        "vpcId": encode_ec2_id("vpc", vpc.network.id),
        "ownerId": vpc.network.project_id,
        "state": "available",
        "cidrBlock": vpc.cidr,
        "cidrBlockAssociationSet": [
            {"cidrBlock": subnet.cidr, "cidrBlockState": {"state": "associated"}} for subnet in vpc.subnets
        ],
        "instanceTenancy": "default",
        "isDefault": vpc.network.is_default,
        "tagSet": build_tag_set({"Name": vpc.network.name}),
    }


def _build_subnet(subnet: Subnet, zones: Sequence[str]) -> Mapping[str, Value]:
    """A subnet of the Networking API has no zone of its own; the project's first one is shown."""
    return {
        "subnetId": encode_ec2_id("subnet", subnet.id),
        "vpcId": encode_ec2_id("vpc", subnet.network_id),
        "ownerId": subnet.project_id,
        "state": "available",
        "cidrBlock": subnet.cidr,
        "availableIpAddressCount": max(ip_network(subnet.cidr).num_addresses - _RESERVED_ADDRESSES, 0),
        "availabilityZone": zones[0] if zones else "",
        "defaultForAz": False,
        "mapPublicIpOnLaunch": False,
        "tagSet": build_tag_set({"Name": subnet.name}),
    }


def _get_network_id(network: Network) -> str:
    return network.id


def _get_subnet_id(subnet: Subnet) -> str:
    return subnet.id


def _describe_vpc_id(network_id: str) -> str:
    return encode_ec2_id("vpc", network_id)


def _describe_subnet_id(subnet_id: str) -> str:
    return encode_ec2_id("subnet", subnet_id)
