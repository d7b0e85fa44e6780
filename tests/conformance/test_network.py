"""Conformance to contract.network."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from conformance.clouds import CloudUnderTest
from stratiform.contract.compute import NetworkInterface, ServerSpec
from stratiform.contract.errors import RequestRejected
from stratiform.contract.network import SubnetSpec


def new_spec(network_id: str = "", cidr: str = "10.77.0.0/24") -> SubnetSpec:
    return SubnetSpec(str(uuid4()), network_id or str(uuid4()), "private", cidr, cidr.replace(".0/24", ".1"))


def test_ensure_subnet_is_idempotent(cloud: CloudUnderTest) -> None:
    spec = new_spec()
    subnet = cloud.network.ensure_subnet(spec)
    assert (subnet.token, subnet.cidr) == (spec.token, spec.cidr)
    assert cloud.network.ensure_subnet(spec) == subnet
    assert list(cloud.network.list_subnets()) == [subnet]


def test_concurrent_calls_create_one_subnet(cloud: CloudUnderTest) -> None:
    network = cloud.network
    with ThreadPoolExecutor(4) as pool:
        subnets = list(pool.map(network.ensure_subnet, [new_spec()] * 8))
    assert len({subnet.id for subnet in subnets}) == 1


def test_networks_may_have_several_subnets_and_the_same_cidr(cloud: CloudUnderTest) -> None:
    network_id = str(uuid4())
    first = cloud.network.ensure_subnet(new_spec(network_id))
    second = cloud.network.ensure_subnet(new_spec(network_id, "10.77.1.0/24"))
    other = cloud.network.ensure_subnet(new_spec())
    assert len({first.id, second.id, other.id}) == 3


def test_overlapping_subnets_of_one_network_are_rejected(cloud: CloudUnderTest) -> None:
    network_id = str(uuid4())
    cloud.network.ensure_subnet(new_spec(network_id))
    with pytest.raises(RequestRejected):
        cloud.network.ensure_subnet(new_spec(network_id))


def test_subnets_of_other_installations_are_not_listed(cloud: CloudUnderTest) -> None:
    spec = new_spec()
    subnet = cloud.network.ensure_subnet(spec)
    other = cloud.connect(uuid4().hex).network
    assert other is not None
    assert list(other.list_subnets()) == []
    assert other.ensure_subnet(spec).id != subnet.id


def test_deleted_subnet_can_be_created_again(cloud: CloudUnderTest) -> None:
    spec, network = new_spec(), cloud.network
    subnet = network.ensure_subnet(spec)
    network.delete_subnet(subnet.id)
    network.delete_subnet(subnet.id)
    assert list(network.list_subnets()) == []
    assert network.ensure_subnet(spec).id != subnet.id


def test_subnet_with_servers_cannot_be_deleted(cloud: CloudUnderTest) -> None:
    network = cloud.network
    subnet = network.ensure_subnet(new_spec())
    interface = NetworkInterface(subnet.id, "10.77.0.20", "fa:16:3e:00:00:01")
    server = cloud.create_server(ServerSpec(str(uuid4()), "web-1", cloud.small, cloud.image, (interface,)))
    with pytest.raises(RequestRejected):
        network.delete_subnet(subnet.id)
    cloud.compute.delete(server.id)
    cloud.wait_until_deleted(server)
    network.delete_subnet(subnet.id)
    assert list(network.list_subnets()) == []


def test_few_addresses_are_reserved(cloud: CloudUnderTest) -> None:
    assert 0 <= cloud.network.reserved_head < 16
    assert 0 <= cloud.network.reserved_tail < 16
