"""Background tasks: reconcile volumes with their clouds.

`volume.volume` (key: a volume's id) takes the next step of one volume. `volume.observe` (key: a cloud's id) lists
the native volumes of a cloud and corrects drift; `volume.survey` (key: "all") enqueues it regularly for every cloud.
"""

import logging
from collections.abc import Callable
from functools import partial

from stratiform.contract.errors import InsufficientCapacity, NativeNotFound, RequestRejected
from stratiform.contract.volume import NativeVolume, NativeVolumeState, VolumeDriver, VolumeSpec
from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.kit.work_queue import Handler, Job, Requeue, enqueue
from stratiform.services.clouds.model import ResourceType
from stratiform.services.volume import events, repository
from stratiform.services.volume.model import STABLE_STATUSES, Drift, Volume, find_drift
from stratiform.services.volume.service import VolumeService
from stratiform.services.volume.service.volumes import RECONCILE

OBSERVE = "volume.observe"
SURVEY = "volume.survey"
SURVEY_INTERVAL_US = 15 * SECOND_US

_MIN_DELAY_US = SECOND_US // 5
_MAX_DELAY_US = 5 * SECOND_US

logger = logging.getLogger(__name__)


def build_handlers(service: VolumeService) -> dict[str, Handler]:
    """Return the handlers by kind of work."""
    return {
        RECONCILE: partial(reconcile_volume, service),
        OBSERVE: partial(observe_cloud, service),
        SURVEY: partial(enqueue_observations, service),
    }


def reconcile_volume(service: VolumeService, job: Job) -> Requeue | None:
    """Take the next step of one volume."""
    with job.database.read_transaction() as db:
        volume = repository.find_volume(db, job.key)
    step = None if volume is None else _STEPS.get(volume.status)
    if volume is None or step is None:
        return None
    cloud = service.clouds.connections.get(volume.cloud_id).volume
    if cloud is None:
        _handle_missing_capability(service, job, volume)
        return None
    return step(service, job, cloud, volume)


def _handle_missing_capability(service: VolumeService, job: Job, volume: Volume) -> None:
    """The connector no longer has the capability, so that nothing in the cloud can be reached."""
    if volume.status == "deleting":
        _complete_delete(service, job, volume)
    else:
        _fail(service, job, volume, "error", f"Cloud {volume.cloud_name} does not support block storage.")


def _create(service: VolumeService, job: Job, cloud: VolumeDriver, volume: Volume) -> Requeue | None:
    try:
        native = cloud.get(volume.native_id) if volume.native_id else cloud.create(_spec(service, job, volume))
    except (NativeNotFound, InsufficientCapacity, RequestRejected, NotFound, Invalid, Conflict) as error:
        _fail(service, job, volume, "error", error.message)
        return None
    if native.state is NativeVolumeState.CREATING:
        if native.id != volume.native_id:
            with job.transaction() as db:
                repository.update_in_status(db, volume, ("creating",), volume.updated_at, native_id=native.id)
        return _requeue(job, volume)
    if native.state not in (NativeVolumeState.AVAILABLE, NativeVolumeState.IN_USE):
        reason = native.fault or f"The native volume is in state {native.state.value}."
        _fail(service, job, volume, "error", reason, native.id)
        return None
    now = job.clock.now()
    observed = {"native_id": native.id, "size_gib": native.size_gib, "wanted_gib": native.size_gib}
    _complete(service, job, volume, events.CREATED, now, status="available", launched_at=now, fault="", **observed)
    return None


def _spec(service: VolumeService, job: Job, volume: Volume) -> VolumeSpec:
    clouds = service.clouds
    with job.database.read_transaction() as db:
        native_type = clouds.native_ids.find(db, volume.cloud_id, ResourceType.VOLUME_TYPE, volume.type_id)
    image = service.images.image_copies.ensure_copy(volume.cloud_id, volume.image_id) if volume.image_id else ""
    return VolumeSpec(
        token=volume.id,
        name=volume.name,
        size_gib=volume.wanted_gib,
        native_type=native_type or "",
        image_id=image,
        availability_zone=volume.native_zone,
        metadata=volume.metadata,
    )


def _extend(service: VolumeService, job: Job, cloud: VolumeDriver, volume: Volume) -> Requeue | None:
    try:
        native = cloud.get(volume.native_id)
        if native.size_gib < volume.wanted_gib:
            cloud.extend(volume.native_id, volume.wanted_gib)
            native = cloud.get(volume.native_id)
    except NativeNotFound as error:
        _fail(service, job, volume, "error", error.message)
        return None
    except (InsufficientCapacity, RequestRejected) as error:
        _fail(service, job, volume, "error_extending", error.message)
        return None
    if native.size_gib < volume.wanted_gib:
        return _requeue(job, volume)
    previous_status = repository.volumes.table.c.previous_status
    size = {"size_gib": native.size_gib, "wanted_gib": native.size_gib}
    _complete(service, job, volume, events.RESIZED, job.clock.now(), status=previous_status, **size)
    return None


def _delete(service: VolumeService, job: Job, cloud: VolumeDriver, volume: Volume) -> Requeue | None:
    native = _find_native(cloud, volume)
    if native is not None:
        try:
            cloud.delete(native.id)
        except RequestRejected as error:
            _fail(service, job, volume, "error_deleting", error.message)
            return None
        native = _find_native(cloud, volume)
    if native is not None:
        return _requeue(job, volume)
    _complete_delete(service, job, volume)
    return None


def _find_native(cloud: VolumeDriver, volume: Volume) -> NativeVolume | None:
    """Return the native volume, also if the create response was lost, or the cloud's search is not consistent yet."""
    native = cloud.find(volume.id)
    if native is None and volume.native_id:
        try:
            native = cloud.get(volume.native_id)
        except NativeNotFound:
            return None
    return None if native is None or native.state is NativeVolumeState.DELETED else native


def _complete_delete(service: VolumeService, job: Job, volume: Volume) -> None:
    now = job.clock.now()
    terminated_at = volume.terminated_at or now
    _complete(service, job, volume, events.DELETED, now, status="deleted", terminated_at=terminated_at, deleted_at=now)


def _complete(service: VolumeService, job: Job, volume: Volume, event_type: str, now: Micros, **values: object) -> None:
    """Write an outcome and its event, unless the status was changed in the meantime."""
    with job.transaction() as db:
        if repository.update_in_status(db, volume, (volume.status,), now, **values):
            updated = repository.volumes.find(db, volume.id)
            if updated is not None:
                events.append_event(db, service.ids, event_type, updated, now)


def _fail(service: VolumeService, job: Job, volume: Volume, status: str, reason: str, native_id: str = "") -> None:
    """Set an error status; the customer may delete the volume."""
    logger.warning("volume operation failed volume=%s status=%s error=%r", volume.id, status, reason)
    values: dict[str, object] = {"status": status, "fault": reason, "wanted_gib": volume.size_gib}
    if native_id:
        values["native_id"] = native_id
    if status == "error_deleting":
        values["terminated_at"] = None  # the native volume still exists, so its usage continues
    _complete(service, job, volume, events.UPDATED, job.clock.now(), **values)


def _requeue(job: Job, volume: Volume) -> Requeue:
    """Requeue after a quarter of the time that the operation has taken."""
    elapsed = job.clock.now() - volume.updated_at
    return Requeue(max(_MIN_DELAY_US, min(elapsed // 4, _MAX_DELAY_US)))


_Step = Callable[[VolumeService, Job, VolumeDriver, Volume], Requeue | None]
_STEPS: dict[str, _Step] = {"creating": _create, "extending": _extend, "deleting": _delete}


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
