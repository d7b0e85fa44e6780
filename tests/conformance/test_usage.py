"""What contract.usage promises."""

from decimal import Decimal
from uuid import uuid4

import pytest

from conformance.clouds import CloudUnderTest
from stratiform.contract.compute import NativeServer, NativeServerState, ServerSpec
from stratiform.contract.usage import InventoryItem, UsageSample
from stratiform.contract.volume import NativeVolumeState, VolumeSpec
from stratiform.kit.clock import HOUR_US, SECOND_US, Micros, SystemClock
from stratiform.kit.errors import Invalid

#: What the ledger calls things, and what it keeps of each.
ATTRIBUTES = {
    "instance": {
        *("flavor", "flavor_id", "vcpus", "ram_mib", "disk_gib", "root_gib", "ephemeral_gib"),
        *("availability_zone", "image_id"),
    },
    "volume": {"size_gib", "volume_type", "volume_type_name", "availability_zone"},
}


def made(cloud: CloudUnderTest) -> NativeServer:
    compute = cloud.compute
    machine = compute.create(ServerSpec(str(uuid4()), "web-1", cloud.small, cloud.image))
    return cloud.until(lambda: compute.get(machine.id), lambda seen: seen.state is NativeServerState.RUNNING)


def item(cloud: CloudUnderTest, resource_id: str) -> InventoryItem | None:
    return next((one for one in cloud.usage.list_inventory() if one.id == resource_id), None)


def measured(cloud: CloudUnderTest) -> tuple[Micros, Micros]:
    """A time in which something was used."""
    machine = made(cloud).id if cloud.connected.compute is not None else ""
    return cloud.measured(machine)


def test_the_inventory_has_each_thing_once_and_in_the_ledgers_words(cloud: CloudUnderTest) -> None:
    items = list(cloud.usage.list_inventory())
    assert len({(one.resource_type, one.id) for one in items}) == len(items)
    for one in items:
        assert one.id
        assert one.since is None or 0 < one.since <= SystemClock().now()
        assert one.attributes.keys() <= ATTRIBUTES.get(one.resource_type, one.attributes.keys())
        assert all(isinstance(value, int | str) and value != "" for value in one.attributes.values())


def test_what_we_made_is_in_the_inventory_under_our_id_and_what_others_made_under_the_clouds(
    cloud: CloudUnderTest,
) -> None:
    machine = made(cloud)
    mine = item(cloud, machine.token)
    assert mine is not None
    assert (mine.resource_type, mine.name, mine.state, mine.project_id) == ("instance", "web-1", "active", "")
    assert mine.since == machine.launched_at
    assert item(cloud, machine.id) is None
    stranger = cloud.connect(uuid4().hex).usage
    assert stranger is not None
    seen = [one for one in stranger.list_inventory() if one.id in (machine.id, machine.token)]
    assert [one.id for one in seen] == [machine.id]
    assert seen[0].project_id


def test_a_machine_that_is_off_or_gone_shows_in_the_inventory(cloud: CloudUnderTest) -> None:
    machine = made(cloud)
    cloud.compute.stop(machine.id)
    off = cloud.until(lambda: item(cloud, machine.token), lambda seen: seen is not None and seen.state == "stopped")
    assert off is not None
    cloud.compute.delete(machine.id)
    cloud.until(lambda: item(cloud, machine.token), lambda seen: seen is None)


def test_disks_are_in_the_inventory_but_not_the_root_disks_of_our_machines(cloud: CloudUnderTest) -> None:
    machine, volume = made(cloud), cloud.volume
    disk = volume.create(VolumeSpec(str(uuid4()), "data", 3))
    cloud.until(lambda: volume.get(disk.id), lambda seen: seen.state is NativeVolumeState.AVAILABLE)
    cloud.compute.attach_volume(machine.id, disk.id, "/dev/vdb")
    found = cloud.until(lambda: item(cloud, disk.token), lambda seen: seen is not None and seen.state == "in-use")
    assert found is not None
    assert (found.resource_type, found.name, found.attributes["size_gib"]) == ("volume", "data", 3)
    disks = [one for one in cloud.usage.list_inventory() if one.resource_type == "volume" and one.project_id == ""]
    assert [one.id for one in disks] == [disk.token]


def test_readings_are_exact_numbers_of_the_asked_time_each_once(cloud: CloudUnderTest) -> None:
    since, until = measured(cloud)
    readings = list(cloud.usage.list_samples(cloud.asked, since, until))
    assert readings
    assert len({(one.source, one.at) for one in readings}) == len(readings)
    for one in readings:
        assert since <= one.at < until
        assert one.at % (cloud.asked["period_s"] * SECOND_US) == 0
        assert isinstance(one.value, Decimal)
        assert one.value.is_finite()
        assert one.resource_id
        assert one.source


def test_asking_again_gives_the_same(cloud: CloudUnderTest) -> None:
    since, until = measured(cloud)
    assert _set(cloud, since, until) == _set(cloud, since, until)


def test_neighbouring_times_tell_everything_once(cloud: CloudUnderTest) -> None:
    since, until = measured(cloud)
    middle = since + (until - since) // 3 + 1
    first, second = _set(cloud, since, middle), _set(cloud, middle, until)
    assert not first & second
    assert first | second == _set(cloud, since, until)


def test_what_our_machine_used_goes_by_our_id(cloud: CloudUnderTest) -> None:
    machine = made(cloud)
    since, until = cloud.measured(machine.id)
    readings = [one for one in cloud.usage.list_samples(cloud.asked, since, until) if one.source == machine.id]
    assert {(one.resource_id, one.project_id) for one in readings} == {(machine.token, "")}
    stranger = cloud.connect(uuid4().hex).usage
    assert stranger is not None
    theirs = [one for one in stranger.list_samples(cloud.asked, since, until) if one.source == machine.id]
    assert [(one.at, one.value) for one in theirs] == [(one.at, one.value) for one in readings]
    assert {one.resource_id for one in theirs} == {machine.id}


def test_no_time_has_no_readings(cloud: CloudUnderTest) -> None:
    since, _ = measured(cloud)
    assert list(cloud.usage.list_samples(cloud.asked, since, since)) == []


def test_a_poll_table_that_is_wrong_is_told(cloud: CloudUnderTest) -> None:
    usage = cloud.usage
    for wrong in ({"no_such_key": 1}, {"period_s": 0}, {"period_s": "60"}):
        with pytest.raises(Invalid, match="poll table"):
            list(usage.list_samples({**cloud.asked, **wrong}, 0, HOUR_US))
    with pytest.raises(Invalid, match="period_s"):
        list(usage.list_samples({key: value for key, value in cloud.asked.items() if key != "period_s"}, 0, HOUR_US))


def _set(cloud: CloudUnderTest, since: Micros, until: Micros) -> set[UsageSample]:
    return set(cloud.usage.list_samples(cloud.asked, since, until))
