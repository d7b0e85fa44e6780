"""Network capability of AWS, beyond the conformance tests."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from stratiform.connectors.aws import tags
from stratiform.connectors.aws.connector import AwsCloud
from stratiform.contract.compute import NetworkInterface, ServerSize, ServerSpec
from stratiform.contract.errors import RequestRejected
from stratiform.contract.network import SubnetSpec
from support.moto import IMAGE, ZONE

FIRST = SubnetSpec("s1", "n1", "blue", "10.7.0.0/24", "10.7.0.1")
SECOND = SubnetSpec("s2", "n1", "blue too", "10.8.0.0/24", "10.8.0.1")


def list_vpcs(aws: AwsCloud) -> list[str]:
    response = aws._client.ec2.describe_vpcs(Filters=aws._client.build_tag_filters())
    return [vpc["VpcId"] for vpc in response["Vpcs"]]


def list_gateways(aws: AwsCloud) -> list[tuple[str, int]]:
    """Return the internet gateways of this installation with the number of their attachments."""
    response = aws._client.ec2.describe_internet_gateways(Filters=aws._client.build_tag_filters())
    return [(item["InternetGatewayId"], len(item["Attachments"])) for item in response["InternetGateways"]]


def test_network_is_one_vpc_with_a_default_route(aws: AwsCloud) -> None:
    assert aws.network
    subnet = aws.network.ensure_subnet(FIRST)
    aws.network.ensure_subnet(SECOND)
    assert aws.network.ensure_subnet(FIRST) == subnet
    (vpc_id,) = list_vpcs(aws)
    native = aws._client.ec2.describe_subnets(SubnetIds=[subnet.id])["Subnets"][0]
    assert (native["VpcId"], native["AvailabilityZone"], native["MapPublicIpOnLaunch"]) == (vpc_id, ZONE, True)
    tables = aws._client.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["RouteTables"]
    routes = [route for route in tables[0]["Routes"] if route["DestinationCidrBlock"] == "0.0.0.0/0"]
    assert [route["GatewayId"][:4] for route in routes] == ["igw-"]
    subnets = {subnet.token: subnet.cidr for subnet in aws.network.list_subnets()}
    assert subnets == {"s1": "10.7.0.0/24", "s2": "10.8.0.0/24"}


def test_concurrent_calls_create_one_subnet(aws: AwsCloud) -> None:
    assert aws.network
    with ThreadPoolExecutor(6) as pool:
        subnets = set(pool.map(aws.network.ensure_subnet, [FIRST] * 6))
    assert len(subnets) == 1
    assert len(list_vpcs(aws)) == 1


def test_detached_gateway_of_an_interrupted_call_is_used(aws: AwsCloud) -> None:
    assert aws.network
    specification = aws._client.build_tag_specification("internet-gateway", "blue", {tags.NETWORK: "n1"})
    response = aws._client.ec2.create_internet_gateway(TagSpecifications=[specification])
    aws.network.ensure_subnet(FIRST)
    assert list_gateways(aws) == [(response["InternetGateway"]["InternetGatewayId"], 1)]


def test_deleting_the_last_subnet_deletes_vpc_and_gateway(aws: AwsCloud) -> None:
    assert aws.network
    first, second = aws.network.ensure_subnet(FIRST), aws.network.ensure_subnet(SECOND)
    aws.network.delete_subnet(first.id)
    assert len(list_vpcs(aws)) == 1
    for _ in range(2):
        aws.network.delete_subnet(second.id)
    assert list_vpcs(aws) == []
    assert list_gateways(aws) == []


def test_subnet_with_servers_cannot_be_deleted(aws: AwsCloud) -> None:
    assert aws.network
    assert aws.compute
    subnet = aws.network.ensure_subnet(FIRST)
    interface = NetworkInterface(subnet.id, "10.7.0.9", "")
    aws.compute.create(ServerSpec("s1", "s", ServerSize(1, 512, 0), IMAGE, (interface,)))
    with pytest.raises(RequestRejected, match="in use by servers"):
        aws.network.delete_subnet(subnet.id)


@pytest.mark.parametrize("cidr", ["10.0.0.0/8", "10.0.0.0/29", "fd00::/64", "nonsense"])
def test_unsupported_cidr_is_rejected(aws: AwsCloud, cidr: str) -> None:
    assert aws.network
    with pytest.raises(RequestRejected):
        aws.network.ensure_subnet(SubnetSpec("s1", "n1", "blue", cidr, ""))
    assert list_vpcs(aws) == []
