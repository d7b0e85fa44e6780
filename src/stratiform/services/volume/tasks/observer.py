"""The observation of clouds: list their volumes and correct drift."""

import logging

from stratiform.contract.errors import NativeNotFound, RequestRejected
from stratiform.contract.volume import NativeVolume, VolumeDriver
from stratiform.kit.clock import SECOND_US
from stratiform.kit.work_queue import Job, Requeue, enqueue
from stratiform.services.volume import events, repository
from stratiform.services.volume.model import STABLE_STATUSES, Drift, Volume, find_drift
from stratiform.services.volume.service import VolumeService

OBSERVE = "volume.observe"
SURVEY = "volume.survey"
SURVEY_INTERVAL_US = 15 * SECOND_US

logger = logging.getLogger(__name__)


def enqueue_observations(service: VolumeService, job: Job) -> Requeue:
    """Enqueue the observation of every cloud."""
    with job.transaction() as db:
        for cloud in service.clouds.accounts.list_all(db):
            enqueue(db, OBSERVE, cloud.id, job.clock.now())
    return Requeue(SURVEY_INTERVAL_US)


def observe_cloud(service: VolumeService, job: Job) -> None:
    """List the native volumes of one cloud and correct drift.

    The rows are read after the list: every native volume in it was created for a row that was committed before.
    """
    cloud = service.clouds.connections.get(job.key).volume
    if cloud is None:
        return
    listed_at = job.clock.now()
    native_volumes = list(cloud.list())
    with job.database.read_transaction() as db:
        volumes = {volume.id: volume for volume in repository.list_volumes_in_cloud(db, job.key)}
        unknown = [native.token for native in native_volumes if native.token not in volumes]
        deleted_ids = set(repository.get_volumes(db, unknown))
        cloud_name = service.clouds.accounts.get_by_id(db, job.key).name
    drift = find_drift(native_volumes, volumes, deleted_ids, listed_at)
    for native in drift.orphans:
        _delete_orphan(cloud, cloud_name, native)
    for native in drift.foreign:
        # Rows are never deleted, so another installation or an older database created it: it may hold data.
        logger.warning(
            "ignoring volume with unknown tag cloud=%s native_id=%s resource_tag=%s",
            *(cloud_name, native.id, native.token),
        )
    _correct(service, job, cloud, drift)


def _delete_orphan(cloud: VolumeDriver, cloud_name: str, native: NativeVolume) -> None:
    """Delete an orphan, unless its volume was released after the list was read: it keeps its data."""
    try:
        if cloud.get(native.id).token != native.token:
            return
    except NativeNotFound:
        return
    logger.warning("deleting orphaned volume cloud=%s native_id=%s volume=%s", cloud_name, native.id, native.token)
    try:
        cloud.delete(native.id)
    except RequestRejected as error:
        logger.warning(
            "failed to delete orphaned volume cloud=%s native_id=%s error=%r", cloud_name, native.id, error.message
        )


def _correct(service: VolumeService, job: Job, cloud: VolumeDriver, drift: Drift) -> None:
    for volume in drift.missing:
        try:
            cloud.get(volume.native_id)
        except NativeNotFound:
            _mark_missing(service, job, volume)
    for volume, native in drift.failed:
        fault = native.fault or "The native volume is in state error."
        _write_observed(service, job, volume, events.UPDATED, status="error", fault=fault)
    for volume, native in drift.resized:
        size = {"size_gib": native.size_gib, "wanted_gib": native.size_gib}
        _write_observed(service, job, volume, events.RESIZED, **size)


def _mark_missing(service: VolumeService, job: Job, volume: Volume) -> None:
    """The native volume was deleted outside of this system: its usage ends, and its attachment too."""
    with job.transaction() as db:
        repository.delete_attachments_of_volume(db, volume.id)
    fault = "The volume no longer exists in its cloud."
    terminated_at = job.clock.now()
    _write_observed(service, job, volume, events.UPDATED, status="error", fault=fault, terminated_at=terminated_at)


def _write_observed(service: VolumeService, job: Job, volume: Volume, event_type: str, **values: object) -> None:
    logger.warning("volume drift corrected volume=%s values=%s", volume.id, values)
    now = job.clock.now()
    with job.transaction() as db:
        current = repository.find_volume(db, volume.id)
        if current != volume or current.status not in STABLE_STATUSES:
            return  # changed since the list was read; the next observation compares it
        repository.volumes.update(db, volume.id, updated_at=now, **values)
        updated = repository.volumes.find(db, volume.id)
        if updated is not None:
            events.append_event(db, service.ids, event_type, updated, now)
