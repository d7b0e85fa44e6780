"""Conformance to contract.adoption."""

from uuid import uuid4

import pytest

from conformance.clouds import CloudUnderTest
from stratiform.contract.adoption import AdoptableKind, AdoptableResource, AdoptionDriver
from stratiform.contract.errors import NativeNotFound, RequestRejected
from stratiform.contract.snapshot import SnapshotSpec

VOLUME, SNAPSHOT = AdoptableKind.VOLUME, AdoptableKind.SNAPSHOT


def driver_of(cloud: CloudUnderTest) -> AdoptionDriver:
    driver = cloud.connection.adoption
    if driver is None:
        pytest.skip("this cloud has no adoption capability")
    return driver


def get(driver: AdoptionDriver, kind: AdoptableKind, native_id: str) -> AdoptableResource:
    [resource] = [item for item in driver.list(kind) if item.id == native_id]
    return resource


def test_a_released_volume_stays_and_can_be_adopted(cloud: CloudUnderTest) -> None:
    driver, volume = driver_of(cloud), cloud.create_volume()
    assert get(driver, VOLUME, volume.id).token == volume.token
    for _ in range(2):
        driver.release(VOLUME, volume.id, "released")
    released = get(driver, VOLUME, volume.id)
    assert (released.name, released.token, released.is_foreign, released.size_gib) == ("released", "", False, 2)
    assert released.zones
    assert (list(cloud.volume.list()), cloud.volume.find(volume.token)) == ([], None)
    token = str(uuid4())
    for _ in range(2):
        driver.adopt(VOLUME, volume.id, token, "adopted")
    adopted = cloud.volume.find(token)
    assert adopted is not None
    assert (adopted.id, get(driver, VOLUME, volume.id).name) == (volume.id, "adopted")


def test_a_volume_with_another_token_is_rejected(cloud: CloudUnderTest) -> None:
    driver, volume = driver_of(cloud), cloud.create_volume()
    other = cloud.connect(uuid4().hex).adoption
    assert other is not None
    assert get(other, VOLUME, volume.id).is_foreign
    for installation in (driver, other):
        with pytest.raises(RequestRejected):
            installation.adopt(VOLUME, volume.id, "t2", "mine")
    other.release(VOLUME, volume.id, "released")
    assert get(driver, VOLUME, volume.id).token == volume.token
    with pytest.raises(NativeNotFound):
        driver.adopt(VOLUME, "no-such-volume", "t2", "mine")
    driver.release(VOLUME, "no-such-volume", "released")


def test_an_attached_volume_is_not_released(cloud: CloudUnderTest) -> None:
    driver, volume, server = driver_of(cloud), cloud.create_volume(), cloud.create_server()
    cloud.compute.attach_volume(server.id, volume.id, "/dev/vdb")
    assert get(driver, VOLUME, volume.id).server_id == server.id
    with pytest.raises(RequestRejected):
        driver.release(VOLUME, volume.id, "released")


def test_a_snapshot_names_its_volume(cloud: CloudUnderTest) -> None:
    driver, volume, snapshots = driver_of(cloud), cloud.create_volume(), cloud.connection.snapshot
    assert snapshots is not None
    snapshot = snapshots.create(SnapshotSpec("t1", "copy", volume.id))
    assert get(driver, SNAPSHOT, snapshot.id).volume_id == volume.id
    driver.release(SNAPSHOT, snapshot.id, "released")
    assert snapshots.find("t1") is None
    driver.adopt(SNAPSHOT, snapshot.id, "t2", "adopted")
    adopted = snapshots.find("t2")
    assert adopted is not None
    assert adopted.id == snapshot.id
