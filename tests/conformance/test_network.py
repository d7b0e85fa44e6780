"""What contract.network promises."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from conformance.clouds import CloudUnderTest
from stratiform.contract.compute import NativeServerState, NetworkInterface, ServerSpec
from stratiform.contract.errors import RequestRejected
from stratiform.contract.network import SubnetSpec


def spec(token: str = "", network: str = "", cidr: str = "10.77.0.0/24") -> SubnetSpec:
    return SubnetSpec(token or str(uuid4()), network or str(uuid4()), "private", cidr, cidr.replace(".0/24", ".1"))


def test_a_subnet_is_made_once(cloud: CloudUnderTest) -> None:
    wanted = spec()
    made = cloud.network.ensure_subnet(wanted)
    assert (made.token, made.cidr) == (wanted.token, wanted.cidr)
    assert cloud.network.ensure_subnet(wanted) == made
    assert list(cloud.network.list_subnets()) == [made]


def test_a_subnet_ensured_twice_at_the_same_time_is_one(cloud: CloudUnderTest) -> None:
    wanted, network = spec(), cloud.network
    with ThreadPoolExecutor(4) as pool:
        made = {found.result().id for found in [pool.submit(network.ensure_subnet, wanted) for _ in range(8)]}
    assert len(made) == 1


def test_a_network_has_several_subnets_and_two_networks_may_have_the_same(cloud: CloudUnderTest) -> None:
    network = str(uuid4())
    one = cloud.network.ensure_subnet(spec(network=network))
    two = cloud.network.ensure_subnet(spec(network=network, cidr="10.77.1.0/24"))
    other = cloud.network.ensure_subnet(spec())
    assert len({one.id, two.id, other.id}) == 3


def test_subnets_of_one_network_do_not_overlap(cloud: CloudUnderTest) -> None:
    network = str(uuid4())
    cloud.network.ensure_subnet(spec(network=network))
    with pytest.raises(RequestRejected):
        cloud.network.ensure_subnet(spec(network=network, cidr="10.77.0.0/24"))


def test_an_installation_sees_only_its_own_subnets(cloud: CloudUnderTest) -> None:
    wanted = spec()
    mine = cloud.network.ensure_subnet(wanted)
    other = cloud.connect(uuid4().hex).network
    assert other is not None
    assert list(other.list_subnets()) == []
    assert other.ensure_subnet(wanted).id != mine.id


def test_a_subnet_is_deleted_and_may_be_made_again(cloud: CloudUnderTest) -> None:
    wanted, network = spec(), cloud.network
    made = network.ensure_subnet(wanted)
    network.delete_subnet(made.id)
    network.delete_subnet(made.id)
    assert list(network.list_subnets()) == []
    assert network.ensure_subnet(wanted).id != made.id


def test_a_subnet_with_machines_is_not_deleted(cloud: CloudUnderTest) -> None:
    network, compute = cloud.network, cloud.compute
    subnet = network.ensure_subnet(spec())
    nics = (NetworkInterface(subnet.id, "10.77.0.20", "fa:16:3e:00:00:01"),)
    made = compute.create(ServerSpec(str(uuid4()), "web-1", cloud.small, cloud.image, nics))
    cloud.until(lambda: compute.get(made.id), lambda seen: seen.state is NativeServerState.RUNNING)
    with pytest.raises(RequestRejected):
        network.delete_subnet(subnet.id)
    compute.delete(made.id)
    cloud.until(lambda: compute.find(made.token), lambda seen: seen is None)
    network.delete_subnet(subnet.id)
    assert list(network.list_subnets()) == []


def test_what_is_kept_is_a_few_addresses(cloud: CloudUnderTest) -> None:
    assert 0 <= cloud.network.reserved_head < 16
    assert 0 <= cloud.network.reserved_tail < 16
