"""Background work: make clouds have the disks that rows ask for, and rows say what clouds have.

`volume.volume` (key: a volume's id) takes the next step of one volume. `volume.observe` (key: a cloud's id)
lists that cloud in bulk; `volume.survey` (key: "all") asks for it every few seconds.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from stratiform.contract.errors import InsufficientCapacity, NativeNotFound, RequestRejected
from stratiform.contract.volume import NativeVolume, NativeVolumeState, VolumeCapability, VolumeSpec
from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.kit.work import Handler, Job, Requeue, enqueue
from stratiform.services.clouds.model import ResourceType
from stratiform.services.volume import events, repository
from stratiform.services.volume.model import AT_REST, Observation, Volume, compare
from stratiform.services.volume.service import VolumeService
from stratiform.services.volume.service.volumes import WORK

OBSERVE = "volume.observe"
SURVEY = "volume.survey"
SURVEY_EVERY_US = 15 * SECOND_US

_WAIT_LEAST_US = SECOND_US // 5
_WAIT_MOST_US = 5 * SECOND_US

logger = logging.getLogger(__name__)


def handlers(service: VolumeService) -> dict[str, Handler]:
    """What the worker runs for volumes."""
    return {
        WORK: partial(reconcile, service),
        OBSERVE: partial(observe, service),
        SURVEY: partial(survey, service),
    }


def reconcile(service: VolumeService, job: Job) -> Requeue | None:
    """Take the next step of one volume."""
    with job.database.snapshot() as db:
        volume = repository.live(db, job.key)
    step = None if volume is None else _STEPS.get(volume.status)
    if volume is None or step is None:
        return None
    disks = service.clouds.connections.get(volume.cloud_id).volume
    if disks is None:
        _without_disks(service, job, volume)
        return None
    return step(service, job, disks, volume)


def _without_disks(service: VolumeService, job: Job, volume: Volume) -> None:
    """The cloud's connector has lost the capability, so nothing of ours can be reached there."""
    if volume.status == "deleting":
        _deleted(service, job, volume)
    else:
        _fail(service, job, volume, "error", "The cloud has no block storage.")


def _create(service: VolumeService, job: Job, disks: VolumeCapability, volume: Volume) -> Requeue | None:
    try:
        disk = disks.get(volume.native_id) if volume.native_id else disks.create(_spec(service, job, volume))
    except (NativeNotFound, InsufficientCapacity, RequestRejected, NotFound, Invalid, Conflict) as error:
        _fail(service, job, volume, "error", error.message)
        return None
    if disk.state is NativeVolumeState.CREATING:
        if disk.id != volume.native_id:
            with job.apply() as db:
                repository.move(db, volume, ("creating",), volume.updated_at, native_id=disk.id)
        return _soon(job, volume)
    if disk.state not in (NativeVolumeState.AVAILABLE, NativeVolumeState.IN_USE):
        _fail(service, job, volume, "error", disk.fault or f"The cloud says: {disk.state.value}", disk.id)
        return None
    now = job.clock.now()
    found = {"native_id": disk.id, "size_gib": disk.size_gib, "wanted_gib": disk.size_gib}
    _settle(service, job, volume, events.CREATED, now, status="available", launched_at=now, fault="", **found)
    return None


def _spec(service: VolumeService, job: Job, volume: Volume) -> VolumeSpec:
    with job.database.snapshot() as db:
        native_type = service.clouds.native_resources.find_id(
            db, volume.cloud_id, ResourceType.VOLUME_TYPE, volume.type_id
        )
    image = service.images.image_copies.ensure(volume.cloud_id, volume.image_id) if volume.image_id else ""
    return VolumeSpec(
        token=volume.id,
        name=volume.name,
        size_gib=volume.wanted_gib,
        native_type=native_type or "",
        image_id=image,
        availability_zone=volume.native_zone,
        metadata=volume.metadata,
    )


def _extend(service: VolumeService, job: Job, disks: VolumeCapability, volume: Volume) -> Requeue | None:
    try:
        disk = disks.get(volume.native_id)
        if disk.size_gib < volume.wanted_gib:
            disks.extend(volume.native_id, volume.wanted_gib)
            disk = disks.get(volume.native_id)
    except NativeNotFound as error:
        _fail(service, job, volume, "error", error.message)
        return None
    except (InsufficientCapacity, RequestRejected) as error:
        _fail(service, job, volume, "error_extending", error.message)
        return None
    if disk.size_gib < volume.wanted_gib:
        return _soon(job, volume)
    before = repository.volumes.table.c.previous_status
    size = {"size_gib": disk.size_gib, "wanted_gib": disk.size_gib}
    _settle(service, job, volume, events.RESIZED, job.clock.now(), status=before, **size)
    return None


def _delete(service: VolumeService, job: Job, disks: VolumeCapability, volume: Volume) -> Requeue | None:
    disk = _look(disks, volume)
    if disk is not None:
        try:
            disks.delete(disk.id)
        except RequestRejected as error:
            _fail(service, job, volume, "error_deleting", error.message)
            return None
        disk = _look(disks, volume)
    if disk is not None:
        return _soon(job, volume)
    _deleted(service, job, volume)
    return None


def _look(disks: VolumeCapability, volume: Volume) -> NativeVolume | None:
    """The volume's disk, also one whose create answer was lost, and one that the cloud's search doesn't show yet."""
    disk = disks.find(volume.id)
    if disk is None and volume.native_id:
        try:
            disk = disks.get(volume.native_id)
        except NativeNotFound:
            return None
    return None if disk is None or disk.state is NativeVolumeState.DELETED else disk


def _deleted(service: VolumeService, job: Job, volume: Volume) -> None:
    now = job.clock.now()
    ended = volume.terminated_at or now
    _settle(service, job, volume, events.DELETED, now, status="deleted", terminated_at=ended, deleted_at=now)


def _settle(service: VolumeService, job: Job, volume: Volume, told: str, now: Micros, **values: Any) -> None:
    """Write an outcome and its event, unless the customer or the operator has changed the status meanwhile."""
    with job.apply() as db:
        if repository.move(db, volume, (volume.status,), now, **values):
            written = repository.volumes.get(db, volume.id)
            if written is not None:
                events.tell(db, service.ids, told, written, now)


def _fail(service: VolumeService, job: Job, volume: Volume, status: str, reason: str, native_id: str = "") -> None:
    """Nothing more can be done about it; the customer sees `status` and may delete the volume."""
    logger.warning("volume %s: %s: %s", volume.id, status, reason)
    values: dict[str, Any] = {"status": status, "fault": reason, "wanted_gib": volume.size_gib}
    if native_id:
        values["native_id"] = native_id
    if status == "error_deleting":
        values["terminated_at"] = None  # the disk is still there, so its use goes on
    _settle(service, job, volume, events.UPDATED, job.clock.now(), **values)


def _soon(job: Job, volume: Volume) -> Requeue:
    """Ask often at first, then less: a quarter of the time it has taken so far."""
    taken = job.clock.now() - volume.updated_at
    return Requeue(max(_WAIT_LEAST_US, min(taken // 4, _WAIT_MOST_US)))


_Step = Callable[[VolumeService, Job, VolumeCapability, Volume], Requeue | None]
_STEPS: dict[str, _Step] = {"creating": _create, "extending": _extend, "deleting": _delete}


def survey(service: VolumeService, job: Job) -> Requeue:
    """Ask for a look at each cloud; the looks themselves are spread over the workers."""
    with job.apply() as db:
        for cloud in service.clouds.accounts.list_all(db):
            enqueue(db, OBSERVE, cloud.id, job.clock.now())
    return Requeue(SURVEY_EVERY_US)


def observe(service: VolumeService, job: Job) -> None:
    """List one cloud in bulk and correct what differs.

    The rows are read after the list: a disk in it was made for a row that was committed before.
    """
    disks = service.clouds.connections.get(job.key).volume
    if disks is None:
        return
    started = job.clock.now()
    found = list(disks.list())
    with job.database.snapshot() as db:
        rows = {volume.id: volume for volume in repository.in_cloud(db, job.key)}
        gone = repository.by_ids(db, [disk.token for disk in found if disk.token not in rows])
    seen = compare(found, rows, set(gone), started)
    for disk in seen.orphans:
        _remove(disks, disk)
    for disk in seen.strangers:
        # Rows are kept for ever, so this database is not the one that the disk was made from: what is in it stays.
        logger.warning("disk %s: its token %s is no volume here; left alone", disk.id, disk.token)
    _correct(service, job, disks, seen)


def _remove(disks: VolumeCapability, disk: NativeVolume) -> None:
    logger.warning("disk %s (token %s) belongs to no volume and is deleted", disk.id, disk.token)
    try:
        disks.delete(disk.id)
    except RequestRejected as error:
        logger.warning("disk %s can't be deleted yet: %s", disk.id, error.message)


def _correct(service: VolumeService, job: Job, disks: VolumeCapability, seen: Observation) -> None:
    for volume in seen.missing:
        try:
            disks.get(volume.native_id)
        except NativeNotFound:
            _vanished(service, job, volume)
    for volume, disk in seen.broken:
        _drift(service, job, volume, events.UPDATED, status="error", fault=disk.fault or "The cloud says: error")
    for volume, disk in seen.resized:
        _drift(service, job, volume, events.RESIZED, size_gib=disk.size_gib, wanted_gib=disk.size_gib)


def _vanished(service: VolumeService, job: Job, volume: Volume) -> None:
    """Deleted elsewhere: its use ends, nothing is attached any more, and the customer may delete what is left."""
    with job.apply() as db:
        repository.attachments.delete(db, repository.attachments.table.c.volume_id == volume.id)
    fault = "The disk is not in its cloud any more."
    _drift(service, job, volume, events.UPDATED, status="error", fault=fault, terminated_at=job.clock.now())


def _drift(service: VolumeService, job: Job, volume: Volume, told: str, **values: Any) -> None:
    logger.warning("volume %s differs from its disk: %s", volume.id, values)
    now = job.clock.now()
    with job.apply() as db:
        current = repository.live(db, volume.id)
        if current != volume or current.status not in AT_REST:
            return  # it changed since the list was read; the next look sees it
        repository.volumes.change(db, volume.id, updated_at=now, **values)
        written = repository.volumes.get(db, volume.id)
        if written is not None:
            events.tell(db, service.ids, told, written, now)
