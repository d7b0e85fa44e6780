"""Conformance to contract.snapshot."""

from typing import Any
from uuid import uuid4

import pytest

from conformance.clouds import CloudUnderTest
from stratiform.contract.errors import NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.snapshot import NativeSnapshot, NativeSnapshotState, SnapshotDriver, SnapshotSpec
from stratiform.contract.volume import NativeVolumeState, VolumeSpec


def driver_of(cloud: CloudUnderTest) -> SnapshotDriver:
    driver = cloud.connection.snapshot
    if driver is None:
        pytest.skip("this cloud has no snapshot capability")
    return driver


def create_snapshot(cloud: CloudUnderTest, **overrides: Any) -> NativeSnapshot:
    """Create a snapshot of a new volume of 2 GiB, and wait until it is available."""
    driver = driver_of(cloud)
    values: dict[str, Any] = {"token": str(uuid4()), "name": "copy", **overrides}
    if "volume_id" not in values:
        values["volume_id"] = cloud.create_used_volume().id
    created = driver.create(SnapshotSpec(**values))
    return cloud.wait_for(
        lambda: driver.get(created.id), lambda snapshot: snapshot.state is NativeSnapshotState.AVAILABLE
    )


def test_created_snapshot_becomes_available(cloud: CloudUnderTest) -> None:
    snapshot = create_snapshot(cloud, token="t1")
    assert (snapshot.token, snapshot.size_gib) == ("t1", 2)
    assert snapshot.created_at is not None
    by_token = driver_of(cloud).find("t1")
    assert by_token is not None
    assert by_token.id == snapshot.id
    assert [item.id for item in driver_of(cloud).list()] == [snapshot.id]


def test_create_with_the_same_token_returns_the_same_snapshot(cloud: CloudUnderTest) -> None:
    driver, spec = driver_of(cloud), SnapshotSpec("t1", "copy", cloud.create_used_volume().id)
    assert driver.create(spec).id == driver.create(spec).id


def test_unknown_volume_is_rejected(cloud: CloudUnderTest) -> None:
    with pytest.raises(RequestRejected):
        driver_of(cloud).create(SnapshotSpec("t1", "copy", "vol-ffffffff"))


def test_volume_is_created_from_a_snapshot_that_outlives_its_source(cloud: CloudUnderTest) -> None:
    source = cloud.create_used_volume()
    snapshot = create_snapshot(cloud, volume_id=source.id)
    cloud.volume.delete(source.id)
    created = cloud.volume.create(VolumeSpec(str(uuid4()), "restored", 3, snapshot_id=snapshot.id))
    assert cloud.wait_for_volume(created.id, NativeVolumeState.AVAILABLE).size_gib == 3
    with pytest.raises(RequestRejected):
        cloud.volume.create(VolumeSpec(str(uuid4()), "none", 3, snapshot_id="snap-ffffffff"))


def test_snapshot_is_copied(cloud: CloudUnderTest) -> None:
    snapshot = create_snapshot(cloud)
    try:
        copy = create_snapshot(cloud, volume_id="", snapshot_id=snapshot.id)
    except NotSupported as error:
        pytest.skip(error.message)
    assert copy.id != snapshot.id


def test_delete_is_idempotent(cloud: CloudUnderTest) -> None:
    driver, snapshot = driver_of(cloud), create_snapshot(cloud)
    driver.delete(snapshot.id)
    driver.delete(snapshot.id)
    cloud.wait_for(lambda: driver.find(snapshot.token), lambda item: item is None)
    with pytest.raises(NativeNotFound):
        driver.get(snapshot.id)


def test_restore_replaces_the_data_or_is_not_supported(cloud: CloudUnderTest) -> None:
    driver, volume = driver_of(cloud), cloud.create_used_volume()
    snapshot = create_snapshot(cloud, volume_id=volume.id)
    try:
        driver.restore(snapshot.id, volume.id)
    except NotSupported as error:
        assert error.hint
    assert cloud.volume.get(volume.id).state is NativeVolumeState.AVAILABLE


def test_image_of_a_snapshot_is_created_once_and_deleted_with_it(cloud: CloudUnderTest) -> None:
    driver, token = driver_of(cloud), str(uuid4())
    snapshot = create_snapshot(cloud, token=token)
    image = driver.create_image(snapshot.id, token, "golden")
    assert driver.create_image(snapshot.id, token, "golden").id == image.id
    assert image.min_disk_gib == 2
    assert cloud.images.get(image.id).token == token
    cloud.images.delete(image.id)
    with pytest.raises(NativeNotFound):
        cloud.images.get(image.id)
    assert driver.find(token) is None or not cloud.keeps_snapshots_of_images
