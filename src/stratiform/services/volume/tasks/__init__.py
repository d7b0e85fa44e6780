"""Background tasks: reconcile volumes, snapshots and backups with their clouds.

`volume.volume`, `volume.snapshot` and `volume.backup` (key: an id) take the next step of one resource.
`volume.group_snapshot` (key: an id) completes a group snapshot.
`volume.observe` (key: a cloud's id) lists the native volumes of a cloud and corrects drift; `volume.survey`
(key: "all") enqueues it regularly for every cloud. `volume.messages` (key: "all") deletes expired messages.
"""

from functools import partial

from stratiform.kit.work_queue import Handler
from stratiform.services.volume.service import VolumeService
from stratiform.services.volume.service.backups import RECONCILE_BACKUP
from stratiform.services.volume.service.group_snapshots import RECONCILE_GROUP_SNAPSHOT
from stratiform.services.volume.service.snapshots import RECONCILE_SNAPSHOT
from stratiform.services.volume.service.volumes import RECONCILE
from stratiform.services.volume.tasks.copies import BACKUPS, SNAPSHOTS, reconcile_copy
from stratiform.services.volume.tasks.expired_messages import DELETE_MESSAGES, delete_expired_messages
from stratiform.services.volume.tasks.group_snapshots import reconcile_group_snapshot
from stratiform.services.volume.tasks.observer import (
    OBSERVE,
    SURVEY,
    SURVEY_INTERVAL_US,
    enqueue_observations,
    observe_cloud,
)
from stratiform.services.volume.tasks.volumes import reconcile_volume

__all__ = ["DELETE_MESSAGES", "OBSERVE", "SURVEY", "SURVEY_INTERVAL_US", "build_handlers"]


def build_handlers(service: VolumeService) -> dict[str, Handler]:
    """Return the handlers by kind of work."""
    return {
        RECONCILE: partial(reconcile_volume, service),
        RECONCILE_SNAPSHOT: partial(reconcile_copy, SNAPSHOTS, service),
        RECONCILE_BACKUP: partial(reconcile_copy, BACKUPS, service),
        RECONCILE_GROUP_SNAPSHOT: partial(reconcile_group_snapshot, service),
        OBSERVE: partial(observe_cloud, service),
        SURVEY: partial(enqueue_observations, service),
        DELETE_MESSAGES: delete_expired_messages,
    }
