"""Disks and snapshots of Yandex Cloud that exist already."""

import pytest
from yandex.cloud.compute.v1.disk_pb2 import Disk

from stratiform.connectors.yandex.connector import YandexCloud
from stratiform.contract.adoption import AdoptableKind, AdoptionDriver
from stratiform.contract.errors import RequestRejected
from stratiform.contract.volume import VolumeDriver, VolumeSpec
from support.yandex import YandexServer, wait_until
from support.yandex.state import FOLDER, State

GIB = 1024**3


@pytest.fixture
def state(yandex_server: YandexServer) -> State:
    return yandex_server.state


@pytest.fixture
def adoption(yandex: YandexCloud) -> AdoptionDriver:
    assert yandex.adoption is not None
    return yandex.adoption


def insert_disk(state: State, **labels: str) -> Disk:
    disk = Disk(id="fhmlegacy", folder_id=FOLDER, name="legacy", zone_id="ru-central1-b", size=5 * GIB, labels=labels)
    disk.status = Disk.READY
    state.insert("disks", disk)
    return disk


def test_labels_of_others_are_kept(adoption: AdoptionDriver, volume: VolumeDriver, state: State) -> None:
    disk = insert_disk(state, team="db")
    [item] = adoption.list(AdoptableKind.VOLUME)
    assert (item.name, item.size_gib, item.zones, item.is_foreign) == ("legacy", 5, ("ru-central1-b",), False)
    adoption.adopt(AdoptableKind.VOLUME, disk.id, "t1", "Data Ä")
    adopted = volume.find("t1")
    assert adopted is not None
    assert adopted.id == disk.id
    assert disk.labels["team"] == "db"
    adoption.release(AdoptableKind.VOLUME, disk.id, "volume-1")
    assert (dict(disk.labels), disk.name, disk.description) == ({"team": "db"}, "volume-1", "volume-1")
    adoption.adopt(AdoptableKind.VOLUME, disk.id, "t1", "again")
    adoption.release(AdoptableKind.VOLUME, disk.id, "Not A Name")
    [item] = adoption.list(AdoptableKind.VOLUME)
    assert (disk.name, item.name) == ("", "Not A Name")


def test_released_volume_is_not_returned_by_a_new_creation(
    adoption: AdoptionDriver, volume: VolumeDriver, state: State
) -> None:
    spec = VolumeSpec("t1", "data", 2)
    first = volume.create(spec)
    wait_until(state.settle_all)
    adoption.release(AdoptableKind.VOLUME, first.id, "released")
    assert volume.create(spec).id != first.id


def test_temporary_disks_are_not_listed_and_those_of_others_not_adopted(adoption: AdoptionDriver, state: State) -> None:
    disk = insert_disk(state, **{"stratiform-installation": "other"})
    assert list(adoption.list(AdoptableKind.VOLUME)) == []
    disk.labels["stratiform-token"] = "t9"
    [item] = adoption.list(AdoptableKind.VOLUME)
    assert (item.is_foreign, item.token) == (True, "")
    with pytest.raises(RequestRejected, match="has an owner"):
        adoption.adopt(AdoptableKind.VOLUME, disk.id, "t1", "mine")
    adoption.release(AdoptableKind.VOLUME, disk.id, "released")
    assert disk.labels["stratiform-token"] == "t9"
