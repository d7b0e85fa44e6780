"""The observer: what is in the cloud beside what is in our rows."""

from stratiform.contract.volume import NativeVolume, NativeVolumeState, Volumes, VolumeSpec
from stratiform.kit.clock import HOUR_US
from stratiform.kit.work import enqueue
from stratiform.services.volume.model import NewVolume, find_drift
from stratiform.services.volume.tasks import SURVEY
from support.volumes import VolumeBench


def survey(volumes: VolumeBench) -> None:
    with volumes.ctx() as ctx:
        enqueue(ctx.db, SURVEY, "all", ctx.now)
    volumes.work(2)


def disks_of(volumes: VolumeBench) -> Volumes:
    assert volumes.cloud.volume is not None
    return volumes.cloud.volume


def test_a_disk_that_never_was_a_volumes_is_left_alone(volumes: VolumeBench) -> None:
    """As after a restored backup: the data in it may be all that is left of a customer's volume."""
    kept = volumes.available()
    disks_of(volumes).create(VolumeSpec(token="unknown", name="lost", size_gib=1))
    volumes.of.clock.advance(24 * HOUR_US)
    survey(volumes)
    assert {disk.token for disk in volumes.disks()} == {kept.id, "unknown"}
    assert volumes.told() == ["volume.create.end"]


def test_a_disk_of_a_deleted_volume_is_deleted(volumes: VolumeBench) -> None:
    """A create that was under way in the cloud took effect after the volume was deleted."""
    volume = volumes.available()
    with volumes.ctx() as ctx:
        volumes.service.volumes.delete(ctx, volume.id)
    volumes.work()
    disks_of(volumes).create(VolumeSpec(token=volume.id, name="late", size_gib=1))
    survey(volumes)
    assert volumes.disks() == []


def test_a_disk_deleted_elsewhere_ends_the_volumes_use(volumes: VolumeBench) -> None:
    volume = volumes.available()
    volumes.in_use(volume.id)
    disks_of(volumes).delete(volume.native_id)
    volumes.work(1)
    survey(volumes)
    seen = volumes.show(volume.id)
    assert seen.status == "error"
    assert seen.terminated_at is not None
    with volumes.ctx() as ctx:
        assert volumes.service.attachments.list_by_server(ctx.db, "s1") == []
        volumes.service.volumes.delete(ctx, volume.id)
    volumes.work()
    ended = [event.payload["terminated_at"] for event in volumes.events()][-2:]
    assert ended[0] == ended[1]
    assert volumes.told()[-2:] == ["volume.update.end", "volume.delete.end"]


def test_a_disk_grown_elsewhere_is_charged_as_it_is(volumes: VolumeBench) -> None:
    volume = volumes.available(NewVolume(2))
    disks_of(volumes).extend(volume.native_id, 7)
    survey(volumes)
    assert (volumes.show(volume.id).size_gib, volumes.show(volume.id).status) == (7, "available")
    assert volumes.events()[-1].event_type == "volume.resize.end"
    assert volumes.events()[-1].payload["size"] == 7


def test_a_row_that_changed_since_the_list_began_is_left_alone(volumes: VolumeBench) -> None:
    volume = volumes.available(NewVolume(2))
    rows = {volume.id: volume}
    before = find_drift([], rows, set(), volume.updated_at)
    assert (before.missing, before.orphans) == ([], [])
    assert find_drift([], rows, set(), volume.updated_at + 1).missing == [volume]


def test_the_second_disk_of_a_volume_is_an_orphan(volumes: VolumeBench) -> None:
    volume = volumes.available()
    mine = NativeVolume(volume.native_id, volume.id, NativeVolumeState.AVAILABLE, 1)
    other = NativeVolume("other", volume.id, NativeVolumeState.AVAILABLE, 1)
    leaving = NativeVolume("leaving", volume.id, NativeVolumeState.DELETING, 1)
    seen = find_drift([other, mine, leaving], {volume.id: volume}, set(), volume.updated_at + 1)
    assert seen.orphans == [other]
    failed = NativeVolume(volume.native_id, volume.id, NativeVolumeState.ERROR, 1, fault="disk failure")
    assert find_drift([failed], {volume.id: volume}, set(), volume.updated_at + 1).failed == [(volume, failed)]
