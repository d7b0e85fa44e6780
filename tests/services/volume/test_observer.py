"""The observer: what is in the cloud beside what is in our rows."""

import re

import pytest

from stratiform.contract.volume import NativeVolume, NativeVolumeState, VolumeDriver, VolumeSpec
from stratiform.kit.clock import HOUR_US
from stratiform.kit.logging_setup import redact_secrets
from stratiform.kit.work_queue import enqueue
from stratiform.services.volume.model import NewVolume, find_drift
from stratiform.services.volume.tasks import SURVEY
from support.volumes import VolumeHarness


def survey(volumes: VolumeHarness) -> None:
    with volumes.ctx() as ctx:
        enqueue(ctx.db, SURVEY, "all", ctx.now)
    volumes.run_worker(2)


def disks_of(volumes: VolumeHarness) -> VolumeDriver:
    assert volumes.cloud.volume is not None
    return volumes.cloud.volume


def test_a_foreign_native_volume_is_ignored(volumes: VolumeHarness, caplog: pytest.LogCaptureFixture) -> None:
    """As after a restored backup: the data in it may be all that is left of a customer's volume."""
    volume = volumes.create_available()
    disks_of(volumes).create(VolumeSpec(token="unknown", name="lost", size_gib=1))
    volumes.harness.clock.advance(24 * HOUR_US)
    survey(volumes)
    assert {disk.token for disk in volumes.native_volumes()} == {volume.id, "unknown"}
    assert volumes.event_types() == ["volume.create.end"]
    (line,) = {redact_secrets(message) for message in caplog.messages}
    assert re.fullmatch(r"ignoring volume with unknown tag cloud=\w+ native_id=\S+ resource_tag=unknown", line)


def test_an_orphan_is_deleted(volumes: VolumeHarness) -> None:
    """A create that was under way in the cloud took effect after the volume was deleted."""
    volume = volumes.create_available()
    with volumes.ctx() as ctx:
        volumes.service.volumes.delete(ctx, volume.id)
    volumes.run_worker()
    disks_of(volumes).create(VolumeSpec(token=volume.id, name="late", size_gib=1))
    survey(volumes)
    assert volumes.native_volumes() == []


def test_a_missing_native_volume_ends_usage(volumes: VolumeHarness) -> None:
    volume = volumes.create_available()
    volumes.attach(volume.id)
    disks_of(volumes).delete(volume.native_id)
    volumes.run_worker(1)
    survey(volumes)
    updated = volumes.get(volume.id)
    assert updated.status == "error"
    assert updated.terminated_at is not None
    with volumes.ctx() as ctx:
        assert volumes.service.attachments.list_by_server(ctx.db, "s1") == []
        volumes.service.volumes.delete(ctx, volume.id)
    volumes.run_worker()
    ended = [event.payload["terminated_at"] for event in volumes.events()][-2:]
    assert ended[0] == ended[1]
    assert volumes.event_types()[-2:] == ["volume.update.end", "volume.delete.end"]


def test_the_observed_size_is_metered(volumes: VolumeHarness) -> None:
    volume = volumes.create_available(NewVolume(2))
    disks_of(volumes).extend(volume.native_id, 7)
    survey(volumes)
    assert (volumes.get(volume.id).size_gib, volumes.get(volume.id).status) == (7, "available")
    assert volumes.events()[-1].event_type == "volume.resize.end"
    assert volumes.events()[-1].payload["size"] == 7


def test_a_row_changed_after_the_list_is_skipped(volumes: VolumeHarness) -> None:
    volume = volumes.create_available(NewVolume(2))
    rows = {volume.id: volume}
    before = find_drift([], rows, set(), volume.updated_at)
    assert (before.missing, before.orphans) == ([], [])
    assert find_drift([], rows, set(), volume.updated_at + 1).missing == [volume]


def test_a_duplicate_native_volume_is_an_orphan(volumes: VolumeHarness) -> None:
    volume = volumes.create_available()
    own = NativeVolume(volume.native_id, volume.id, NativeVolumeState.AVAILABLE, 1)
    other = NativeVolume("other", volume.id, NativeVolumeState.AVAILABLE, 1)
    leaving = NativeVolume("leaving", volume.id, NativeVolumeState.DELETING, 1)
    updated = find_drift([other, own, leaving], {volume.id: volume}, set(), volume.updated_at + 1)
    assert updated.orphans == [other]
    failed = NativeVolume(volume.native_id, volume.id, NativeVolumeState.ERROR, 1, fault="disk failure")
    assert find_drift([failed], {volume.id: volume}, set(), volume.updated_at + 1).failed == [(volume, failed)]
