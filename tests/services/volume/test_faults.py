"""A cloud that refuses every fifth call and loses every third answer: still one disk a volume, and none without."""

from random import Random

from stratiform.kit.clock import MINUTE_US
from stratiform.kit.work import enqueue
from stratiform.services.volume.errors import VolumeNotFound
from stratiform.services.volume.model import Volume
from stratiform.services.volume.tasks import SURVEY
from support.volumes import VolumeBench

VOLUMES = 30


def test_nothing_is_doubled_lost_or_forgotten(volumes: VolumeBench) -> None:
    random = Random(7)
    volumes.cloud.client.set_faults(fail_percent=20, lose_percent=30)
    with volumes.ctx() as ctx:
        enqueue(ctx.db, SURVEY, "all", ctx.now)
    made = []
    for _ in range(VOLUMES):
        made.append(volumes.create())
        volumes.step()
        volumes.of.clock.advance(random.randrange(MINUTE_US // 60))
    deleted = random.sample(made, VOLUMES // 2)
    for volume in deleted:
        with volumes.ctx(volumes.operator()) as ctx:
            volumes.service.volumes.delete(ctx, volume.id, force=True)
        volumes.step()
        volumes.of.clock.advance(random.randrange(MINUTE_US // 60))
    volumes.work(300)
    volumes.cloud.client.clear_faults()
    volumes.work(120)
    kept = {volume.id for volume in made} - {volume.id for volume in deleted}
    assert {volumes.show(volume_id).status for volume_id in kept} == {"available"}
    assert all(_is_gone(volumes, volume) for volume in deleted)
    assert sorted(disk.token for disk in volumes.disks()) == sorted(kept)
    told = [(event.event_type, event.payload["volume_id"]) for event in volumes.events()]
    assert len(told) == len(set(told))
    assert {volume_id for kind, volume_id in told if kind == "volume.delete.end"} == {v.id for v in deleted}
    assert kept <= {volume_id for kind, volume_id in told if kind == "volume.create.end"}


def _is_gone(volumes: VolumeBench, volume: Volume) -> bool:
    try:
        volumes.show(volume.id)
    except VolumeNotFound:
        return True
    return False
