"""Conformance to contract.usage."""

from decimal import Decimal
from uuid import uuid4

import pytest

from conformance.clouds import CloudUnderTest
from stratiform.contract.usage import InventoryItem, UsageSample
from stratiform.contract.volume import VolumeSpec
from stratiform.kit.clock import HOUR_US, SECOND_US, Micros, SystemClock
from stratiform.kit.errors import Invalid
from stratiform.services.ingest.parsing import MessageParser

#: The attributes that the ledger has for each resource type.
CATALOG = MessageParser.load().catalog


def find_item(cloud: CloudUnderTest, resource_id: str) -> InventoryItem | None:
    return next((item for item in cloud.usage.list_inventory() if item.id == resource_id), None)


def create_samples(cloud: CloudUnderTest) -> tuple[Micros, Micros]:
    """Return an interval that has samples."""
    server_id = cloud.create_server().id if cloud.connection.compute is not None else ""
    return cloud.create_samples(server_id)


def read_samples(cloud: CloudUnderTest, since: Micros, until: Micros) -> set[UsageSample]:
    return set(cloud.usage.list_samples(cloud.poll, since, until))


def test_inventory_has_each_resource_once_with_the_ledgers_attributes(cloud: CloudUnderTest) -> None:
    items = list(cloud.usage.list_inventory())
    assert len({(item.resource_type, item.id) for item in items}) == len(items)
    for item in items:
        assert item.id
        assert item.since is None or 0 < item.since <= SystemClock().now()
        assert item.attributes.keys() <= CATALOG.resource_types[item.resource_type].attributes.keys()
        assert all(isinstance(value, int | str) and value != "" for value in item.attributes.values())


def test_inventory_has_our_ids_for_our_servers_and_native_ids_for_others(cloud: CloudUnderTest) -> None:
    server = cloud.create_server()
    item = find_item(cloud, server.token)
    assert item is not None
    assert (item.resource_type, item.name, item.state, item.project_id) == ("instance", "web-1", "active", "")
    assert item.since == server.launched_at
    assert find_item(cloud, server.id) is None
    other = cloud.connect(uuid4().hex).usage
    assert other is not None
    (foreign,) = [item for item in other.list_inventory() if item.id in (server.id, server.token)]
    assert foreign.id == server.id
    assert foreign.project_id


def test_inventory_has_the_state_of_servers(cloud: CloudUnderTest) -> None:
    server = cloud.create_server()
    cloud.compute.stop(server.id)
    cloud.wait_for(lambda: find_item(cloud, server.token), lambda item: item is not None and item.state == "stopped")
    cloud.compute.delete(server.id)
    cloud.wait_for(lambda: find_item(cloud, server.token), lambda item: item is None)


def test_inventory_has_volumes_but_not_the_root_volumes_of_our_servers(cloud: CloudUnderTest) -> None:
    server, volume = cloud.create_server(), cloud.create_volume(VolumeSpec(str(uuid4()), "data", 3))
    cloud.compute.attach_volume(server.id, volume.id, "/dev/vdb")
    item = cloud.wait_for(
        lambda: find_item(cloud, volume.token), lambda item: item is not None and item.state == "in-use"
    )
    assert item is not None
    assert (item.resource_type, item.name, item.attributes["size_gib"]) == ("volume", "data", 3)
    ours = [item for item in cloud.usage.list_inventory() if item.resource_type == "volume" and item.project_id == ""]
    assert [item.id for item in ours] == [volume.token]


def test_samples_are_exact_unique_and_in_the_interval(cloud: CloudUnderTest) -> None:
    since, until = create_samples(cloud)
    samples = list(cloud.usage.list_samples(cloud.poll, since, until))
    assert samples
    assert len({(sample.source, sample.at) for sample in samples}) == len(samples)
    for sample in samples:
        assert since <= sample.at < until
        assert sample.at % (cloud.poll["period_s"] * SECOND_US) == 0
        assert isinstance(sample.value, Decimal)
        assert sample.value.is_finite()
        assert sample.resource_id
        assert sample.source


def test_repeated_request_returns_the_same_samples(cloud: CloudUnderTest) -> None:
    since, until = create_samples(cloud)
    assert read_samples(cloud, since, until) == read_samples(cloud, since, until)


def test_adjacent_intervals_have_each_sample_once(cloud: CloudUnderTest) -> None:
    since, until = create_samples(cloud)
    middle = since + (until - since) // 3 + 1
    first, second = read_samples(cloud, since, middle), read_samples(cloud, middle, until)
    assert not first & second
    assert first | second == read_samples(cloud, since, until)


def test_samples_have_our_id_for_our_servers_and_the_native_id_for_others(cloud: CloudUnderTest) -> None:
    server = cloud.create_server()
    since, until = cloud.create_samples(server.id)
    ours = [sample for sample in cloud.usage.list_samples(cloud.poll, since, until) if sample.source == server.id]
    assert {(sample.resource_id, sample.project_id) for sample in ours} == {(server.token, "")}
    other = cloud.connect(uuid4().hex).usage
    assert other is not None
    foreign = [sample for sample in other.list_samples(cloud.poll, since, until) if sample.source == server.id]
    assert [(sample.at, sample.value) for sample in foreign] == [(sample.at, sample.value) for sample in ours]
    assert {sample.resource_id for sample in foreign} == {server.id}


def test_empty_interval_has_no_samples(cloud: CloudUnderTest) -> None:
    since, _ = create_samples(cloud)
    assert read_samples(cloud, since, since) == set()


@pytest.mark.parametrize("wrong", [{"no_such_key": 1}, {"period_s": 0}, {"period_s": "60"}])
def test_invalid_poll_table(cloud: CloudUnderTest, wrong: dict[str, object]) -> None:
    usage = cloud.usage
    with pytest.raises(Invalid, match="poll table"):
        list(usage.list_samples({**cloud.poll, **wrong}, 0, HOUR_US))


def test_poll_table_without_a_period_is_invalid(cloud: CloudUnderTest) -> None:
    usage = cloud.usage
    with pytest.raises(Invalid, match="period_s"):
        list(usage.list_samples({key: value for key, value in cloud.poll.items() if key != "period_s"}, 0, HOUR_US))
