"""VPCs and subnets, beyond what every connector must do."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from stratiform.connectors.aws.connector import AwsCloud
from stratiform.contract.compute import Nic, ServerSize, ServerSpec
from stratiform.contract.errors import RequestRejected
from stratiform.contract.network import SubnetSpec
from support.moto import IMAGE, ZONE

FIRST = SubnetSpec("s1", "n1", "blue", "10.7.0.0/24", "10.7.0.1")
SECOND = SubnetSpec("s2", "n1", "blue too", "10.8.0.0/24", "10.8.0.1")


def vpcs(aws: AwsCloud) -> list[str]:
    return [vpc["VpcId"] for vpc in aws._client.ec2.describe_vpcs(Filters=aws._client.mine())["Vpcs"]]


def test_a_network_is_one_vpc_with_a_way_out(aws: AwsCloud) -> None:
    assert aws.network
    made = aws.network.ensure(FIRST)
    aws.network.ensure(SECOND)
    assert aws.network.ensure(FIRST) == made
    (vpc,) = vpcs(aws)
    shown = aws._client.ec2.describe_subnets(SubnetIds=[made.id])["Subnets"][0]
    assert (shown["VpcId"], shown["AvailabilityZone"], shown["MapPublicIpOnLaunch"]) == (vpc, ZONE, True)
    tables = aws._client.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    assert [
        route["GatewayId"][:4] for route in tables[0]["Routes"] if route["DestinationCidrBlock"] == "0.0.0.0/0"
    ] == ["igw-"]
    assert {subnet.token: subnet.cidr for subnet in aws.network.list()} == {"s1": "10.7.0.0/24", "s2": "10.8.0.0/24"}


def test_many_at_once_make_one(aws: AwsCloud) -> None:
    assert aws.network
    with ThreadPoolExecutor(6) as pool:
        made = set(pool.map(aws.network.ensure, [FIRST] * 6))
    assert len(made) == 1
    assert len(vpcs(aws)) == 1


def test_a_gateway_left_loose_by_a_lost_answer_is_taken(aws: AwsCloud) -> None:
    assert aws.network
    tagged = aws._client.tagged("internet-gateway", "blue", {"stratiform:network": "n1"})
    loose = aws._client.ec2.create_internet_gateway(TagSpecifications=[tagged])["InternetGateway"]["InternetGatewayId"]
    aws.network.ensure(FIRST)
    found = aws._client.ec2.describe_internet_gateways(Filters=aws._client.mine())["InternetGateways"]
    assert [(one["InternetGatewayId"], len(one["Attachments"])) for one in found] == [(loose, 1)]


def test_deleting_the_last_subnet_leaves_nothing(aws: AwsCloud) -> None:
    assert aws.network
    first, second = aws.network.ensure(FIRST), aws.network.ensure(SECOND)
    aws.network.delete(first.id)
    assert len(vpcs(aws)) == 1
    for _ in range(2):
        aws.network.delete(second.id)
    assert vpcs(aws) == []
    assert aws._client.ec2.describe_internet_gateways(Filters=aws._client.mine())["InternetGateways"] == []


def test_a_subnet_with_machines_stays(aws: AwsCloud) -> None:
    assert aws.network
    assert aws.compute
    subnet = aws.network.ensure(FIRST)
    aws.compute.create(ServerSpec("m1", "m", ServerSize(1, 512, 0), IMAGE, (Nic(subnet.id, "10.7.0.9", ""),)))
    with pytest.raises(RequestRejected, match="machines are in"):
        aws.network.delete(subnet.id)


@pytest.mark.parametrize("cidr", ["10.0.0.0/8", "10.0.0.0/29", "fd00::/64", "nonsense"])
def test_what_aws_has_no_subnet_for_is_refused(aws: AwsCloud, cidr: str) -> None:
    assert aws.network
    with pytest.raises(RequestRejected):
        aws.network.ensure(SubnetSpec("s1", "n1", "blue", cidr, ""))
    assert vpcs(aws) == []
