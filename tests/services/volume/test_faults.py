"""A cloud that fails 20 % of the calls and loses 30 % of the responses: every volume has exactly one native volume."""

from random import Random

from stratiform.kit.clock import MINUTE_US
from stratiform.kit.work_queue import enqueue
from stratiform.services.volume.errors import VolumeNotFound
from stratiform.services.volume.model import Volume
from stratiform.services.volume.tasks import SURVEY
from support.volumes import VolumeHarness

VOLUMES = 30


def test_injected_faults_leave_no_orphan_and_no_duplicate(volumes: VolumeHarness) -> None:
    random = Random(7)
    volumes.cloud.client.set_faults(fail_percent=20, lose_percent=30)
    with volumes.ctx(volumes.admin()) as ctx:
        volumes.service.quota_sets.update(ctx, "p1", {"volumes": -1})
        enqueue(ctx.db, SURVEY, "all", ctx.now)
    created = []
    for _ in range(VOLUMES):
        created.append(volumes.create())
        volumes.run_due_work()
        volumes.harness.clock.advance(random.randrange(MINUTE_US // 60))
    deleted = random.sample(created, VOLUMES // 2)
    for volume in deleted:
        with volumes.ctx(volumes.admin()) as ctx:
            volumes.service.volumes.delete(ctx, volume.id, force=True)
        volumes.run_due_work()
        volumes.harness.clock.advance(random.randrange(MINUTE_US // 60))
    volumes.run_worker(300)
    volumes.cloud.client.clear_faults()
    volumes.run_worker(120)
    remaining = {volume.id for volume in created} - {volume.id for volume in deleted}
    assert {volumes.get(volume_id).status for volume_id in remaining} == {"available"}
    assert all(_is_gone(volumes, volume) for volume in deleted)
    assert sorted(disk.token for disk in volumes.native_volumes()) == sorted(remaining)
    events = [(event.event_type, event.payload["volume_id"]) for event in volumes.events()]
    assert len(events) == len(set(events))
    assert {volume_id for event_type, volume_id in events if event_type == "volume.delete.end"} == {
        v.id for v in deleted
    }
    assert remaining <= {volume_id for event_type, volume_id in events if event_type == "volume.create.end"}


def _is_gone(volumes: VolumeHarness, volume: Volume) -> bool:
    try:
        volumes.get(volume.id)
    except VolumeNotFound:
        return True
    return False
