"""What contract.volume promises."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from conformance.clouds import CloudUnderTest
from stratiform.contract.compute import NativeServerState, ServerSpec
from stratiform.contract.errors import NativeNotFound, RequestRejected
from stratiform.contract.volume import NativeVolume, NativeVolumeState, VolumeSpec


def spec(token: str = "", **other: Any) -> VolumeSpec:
    given: dict[str, Any] = {"name": "data", "size_gib": 2, **other}
    return VolumeSpec(token=token or str(uuid4()), **given)


def ready(cloud: CloudUnderTest, wanted: VolumeSpec | None = None) -> NativeVolume:
    volume = cloud.volume
    made = volume.create(wanted or spec())
    return cloud.until(lambda: volume.get(made.id), lambda seen: seen.state is NativeVolumeState.AVAILABLE)


def gone(cloud: CloudUnderTest, disk: NativeVolume) -> None:
    volume = cloud.volume
    cloud.until(lambda: volume.find(disk.token), lambda seen: seen is None)


def test_a_disk_is_made_and_becomes_available(cloud: CloudUnderTest) -> None:
    wanted = spec(metadata={"tier": "db"})
    made = cloud.volume.create(wanted)
    assert made.state in (NativeVolumeState.CREATING, NativeVolumeState.AVAILABLE)
    disk = cloud.until(lambda: cloud.volume.get(made.id), lambda seen: seen.state is NativeVolumeState.AVAILABLE)
    assert (disk.id, disk.token, disk.size_gib, disk.server_id) == (made.id, wanted.token, 2, "")
    assert disk.created_at is not None
    assert disk.fault == ""


def test_two_creates_with_one_token_are_one_disk(cloud: CloudUnderTest) -> None:
    wanted = spec()
    first = cloud.volume.create(wanted)
    assert cloud.volume.create(wanted).id == first.id
    assert [disk.id for disk in cloud.volume.list()] == [first.id]


def test_two_creates_at_the_same_time_are_one_disk(cloud: CloudUnderTest) -> None:
    if not cloud.one_at_once:
        pytest.skip("this server forgets the tokens of requests under way")
    wanted, volume = spec(), cloud.volume
    with ThreadPoolExecutor(4) as pool:
        made = [found.result().id for found in [pool.submit(volume.create, wanted) for _ in range(8)]]
    assert len(set(made)) == 1


def test_an_installation_sees_only_its_own_disks(cloud: CloudUnderTest) -> None:
    wanted = spec()
    mine = cloud.volume.create(wanted)
    other = cloud.connect(uuid4().hex).volume
    assert other is not None
    assert other.find(wanted.token) is None
    assert list(other.list()) == []
    assert [disk.id for disk in cloud.volume.list()] == [mine.id]


def test_a_disk_has_the_kind_that_was_asked_for(cloud: CloudUnderTest) -> None:
    assert ready(cloud, spec(native_type=cloud.disk_type)).native_type == cloud.disk_type
    assert ready(cloud).native_type not in ("", cloud.disk_type)


def test_an_unknown_kind_is_refused_and_makes_nothing(cloud: CloudUnderTest) -> None:
    wanted = spec(native_type="no-such-kind")
    with pytest.raises(RequestRejected):
        cloud.volume.create(wanted)
    assert cloud.volume.find(wanted.token) is None


def test_a_disk_is_made_from_an_image(cloud: CloudUnderTest) -> None:
    assert ready(cloud, spec(image_id=cloud.image, size_gib=20)).size_gib == 20


def test_a_disk_grows_and_does_not_shrink(cloud: CloudUnderTest) -> None:
    volume, disk = cloud.volume, ready(cloud)
    for _ in range(2):
        volume.extend(disk.id, 5)
    cloud.until(lambda: volume.get(disk.id), lambda seen: seen.size_gib == 5)
    with pytest.raises(RequestRejected):
        volume.extend(disk.id, 3)
    assert volume.get(disk.id).size_gib == 5


def test_a_deleted_disk_is_deleted_once_more_in_peace(cloud: CloudUnderTest) -> None:
    volume, disk = cloud.volume, ready(cloud)
    volume.delete(disk.id)
    volume.delete(disk.id)
    gone(cloud, disk)
    volume.delete(disk.id)
    with pytest.raises(NativeNotFound):
        volume.get(disk.id)
    assert list(volume.list()) == []


def test_an_attached_disk_is_not_deleted(cloud: CloudUnderTest) -> None:
    volume, compute, disk = cloud.volume, cloud.compute, ready(cloud)
    made = compute.create(ServerSpec(str(uuid4()), "web-1", cloud.small, cloud.image))
    cloud.until(lambda: compute.get(made.id), lambda seen: seen.state is NativeServerState.RUNNING)
    compute.attach_volume(made.id, disk.id, "/dev/vdb")
    with pytest.raises(RequestRejected):
        volume.delete(disk.id)
    assert volume.get(disk.id).state is NativeVolumeState.IN_USE


def test_a_long_list_is_whole(cloud: CloudUnderTest) -> None:
    made = {cloud.volume.create(spec()).id for _ in range(12)}
    assert {disk.id for disk in cloud.volume.list()} == made
