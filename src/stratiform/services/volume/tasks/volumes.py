"""The reconcile of volumes: the next step of one volume, selected by its status."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from stratiform.contract.connector import CloudConnection
from stratiform.contract.errors import CloudError, InsufficientCapacity, NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.volume import NativeVolumeState, VolumeSpec
from stratiform.kit.errors import Conflict, Fault, Invalid, NotFound
from stratiform.kit.work_queue import Job, Requeue
from stratiform.services.clouds.model import ResourceType
from stratiform.services.volume import events, repository
from stratiform.services.volume.model import REIMAGING, Volume
from stratiform.services.volume.model.backends import matches_backend
from stratiform.services.volume.model.messages import BACKUP, Action, Detail, Failure
from stratiform.services.volume.service import VolumeService
from stratiform.services.volume.tasks.delays import build_requeue
from stratiform.services.volume.tasks.managed_volumes import find_native_volume, manage_volume, unmanage_volume
from stratiform.services.volume.tasks.reimages import finish_reimage, start_reimage
from stratiform.services.volume.tasks.volume_outcomes import PREVIOUS_STATUS, complete_volume, fail_volume
from stratiform.services.volume.tasks.volume_sources import (
    complete_restore,
    delete_temporary_snapshot,
    ensure_image,
    find_restored_attributes,
    get_native_copy_id,
    require_capability,
    resolve_source,
)

_GIB = 1024**3


def reconcile_volume(service: VolumeService, job: Job) -> Requeue | None:
    """Take the next step of one volume."""
    with job.database.read_transaction() as db:
        volume = repository.find_volume(db, job.key)
    step = None if volume is None else _STEPS.get(volume.status)
    if volume is None or step is None:
        return None
    connection = service.clouds.connections.get(volume.cloud_id)
    if connection.volume is None:
        _handle_missing_capability(service, job, volume)
        return None
    return step(service, job, connection, volume)


def _handle_missing_capability(service: VolumeService, job: Job, volume: Volume) -> None:
    """The connector no longer has the capability, so that nothing in the cloud can be reached."""
    if volume.status in ("deleting", "error_managing_deleting"):
        _complete_delete(service, job, volume)
    else:
        reason = f"Cloud {volume.cloud_name} does not support block storage."
        fail_volume(service, job, volume, "error", reason, failure=_FAILURES.get(volume.status))


def _create(service: VolumeService, job: Job, connection: CloudConnection, volume: Volume) -> Requeue | None:
    cloud = require_capability(connection.volume)
    try:
        if volume.native_id:
            native = cloud.get(volume.native_id)
        else:
            _check_backend(service, job, volume)
            source = resolve_source(job, connection, volume)
            if isinstance(source, Requeue):
                return source
            native = cloud.create(_spec(service, job, volume, source))
    except (NativeNotFound, InsufficientCapacity, RequestRejected, NotFound, Invalid, Conflict) as error:
        if volume.source_volume_id:
            delete_temporary_snapshot(connection, volume.id)
        fail_volume(service, job, volume, "error", error.message, failure=_describe_creation(volume, error))
        return None
    if native.state is NativeVolumeState.CREATING:
        if native.id != volume.native_id:
            with job.transaction() as db:
                repository.update_in_status(db, volume, ("creating",), volume.updated_at, native_id=native.id)
        return build_requeue(job, volume.updated_at)
    if native.state not in (NativeVolumeState.AVAILABLE, NativeVolumeState.IN_USE):
        reason = native.fault or f"The native volume is in state {native.state.value}."
        fail_volume(
            service, job, volume, "error", reason, native_id=native.id, failure=_describe_creation(volume, None)
        )
        return None
    if volume.source_volume_id:
        delete_temporary_snapshot(connection, volume.id)
    now = job.clock.now()
    observed: dict[str, Any] = {"native_id": native.id, "size_gib": native.size_gib, "wanted_gib": native.size_gib}
    complete_volume(
        service, job, volume, events.CREATED, now, status="available", launched_at=now, fault="", **observed
    )
    complete_restore(service, job, volume)
    return None


def _check_backend(service: VolumeService, job: Job, volume: Volume) -> None:
    """Raises InsufficientCapacity if the type of the volume requires another back end."""
    with job.database.read_transaction() as db:
        volume_type = repository.volume_types.find(db, volume.type_id)
        cloud = service.clouds.accounts.get_by_id(db, volume.cloud_id)
    if volume_type is not None and not matches_backend(volume_type.extra_specs, cloud.name, cloud.kind):
        raise InsufficientCapacity(f"Volume type {volume_type.name} requires another back end than {cloud.name}.")


def _spec(service: VolumeService, job: Job, volume: Volume, snapshot_id: str) -> VolumeSpec:
    clouds = service.clouds
    with job.database.read_transaction() as db:
        native_type = clouds.native_ids.find(db, volume.cloud_id, ResourceType.VOLUME_TYPE, volume.type_id)
    copies_image = volume.image_id and not snapshot_id
    image = service.images.image_copies.ensure_copy(volume.cloud_id, volume.image_id) if copies_image else ""
    return VolumeSpec(
        token=volume.id,
        name=volume.name,
        size_gib=volume.wanted_gib,
        native_type=native_type or "",
        image_id=image,
        snapshot_id=snapshot_id,
        availability_zone=volume.native_zone,
        metadata=volume.metadata,
        multiattach=volume.multiattach,
        encrypted=volume.encrypted,
    )


def _extend(service: VolumeService, job: Job, connection: CloudConnection, volume: Volume) -> Requeue | None:
    cloud = require_capability(connection.volume)
    try:
        native = cloud.get(volume.native_id)
        if native.size_gib < volume.wanted_gib:
            cloud.extend(volume.native_id, volume.wanted_gib)
            native = cloud.get(volume.native_id)
    except NativeNotFound as error:
        fail_volume(service, job, volume, "error", error.message, failure=_FAILURES["extending"])
        return None
    except (InsufficientCapacity, RequestRejected) as error:
        fail_volume(service, job, volume, "error_extending", error.message, failure=_FAILURES["extending"])
        return None
    if native.size_gib < volume.wanted_gib:
        return build_requeue(job, volume.updated_at)
    size: dict[str, Any] = {"size_gib": native.size_gib, "wanted_gib": native.size_gib}
    complete_volume(service, job, volume, events.RESIZED, job.clock.now(), status=PREVIOUS_STATUS, **size)
    return None


def _restore(service: VolumeService, job: Job, connection: CloudConnection, volume: Volume) -> Requeue | None:
    """Replace the data of a volume by that of a snapshot or a backup, `target_id`."""
    try:
        snapshot_id = get_native_copy_id(job, volume.target_id)
        require_capability(connection.snapshot).restore(snapshot_id, volume.native_id)
    except (NativeNotFound, RequestRejected) as error:
        status = "error_restoring" if volume.status == "restoring-backup" else "error"
        keeps_data = isinstance(error, NotSupported)
        complete_restore(service, job, volume)
        failure = _describe_restore(volume.target_id) if volume.status == "restoring-backup" else None
        status = volume.previous_status if keeps_data else status
        fail_volume(service, job, volume, status, error.message, failure=failure)
        return None
    event_type = events.REVERTED if volume.status == "reverting" else events.UPDATED
    attributes = find_restored_attributes(job, volume)
    complete_restore(service, job, volume)
    values: dict[str, Any] = {"status": PREVIOUS_STATUS, "target_id": "", "fault": "", **attributes}
    complete_volume(service, job, volume, event_type, job.clock.now(), **values)
    return None


def _upload(service: VolumeService, job: Job, connection: CloudConnection, volume: Volume) -> Requeue | None:
    """Create an image, `target_id`, from a snapshot of the volume."""
    try:
        image = ensure_image(service, job, connection, volume)
    except (NativeNotFound, InsufficientCapacity, RequestRejected, NotFound) as error:
        delete_temporary_snapshot(connection, volume.target_id)
        with job.transaction() as db:
            service.images.native_images.fail(db, volume.target_id, job.clock.now())
        fail_volume(service, job, volume, volume.previous_status, error.message, failure=_FAILURES["uploading"])
        return None
    if isinstance(image, Requeue):
        return image
    now = job.clock.now()
    image = replace(image, min_disk_gib=volume.size_gib, size_bytes=volume.size_gib * _GIB)
    with job.transaction() as db:
        service.images.native_images.complete(db, volume.target_id, volume.cloud_id, image, now)
    complete_volume(service, job, volume, events.UPDATED, now, status=PREVIOUS_STATUS, target_id="", fault="")
    return None


def _retype(service: VolumeService, job: Job, connection: CloudConnection, volume: Volume) -> None:
    """Change multiattach, as the new type, `target_id`, requires."""
    cloud = require_capability(connection.volume)
    with job.database.read_transaction() as db:
        volume_type = repository.volume_types.find(db, volume.target_id)
    if volume_type is None:
        reason = f"The volume type {volume.target_id} does not exist any longer."
        fail_volume(service, job, volume, volume.previous_status, reason, target_id="")
        return
    try:
        cloud.set_multiattach(volume.native_id, multiattach=volume_type.is_multiattach)
    except (NativeNotFound, RequestRejected) as error:
        fail_volume(service, job, volume, volume.previous_status, error.message, target_id="")
        return
    now = job.clock.now()
    values: dict[str, Any] = {"type_id": volume_type.id, "multiattach": volume_type.is_multiattach, "target_id": ""}
    complete_volume(service, job, volume, events.RETYPED, now, status=PREVIOUS_STATUS, **values)


def _delete(service: VolumeService, job: Job, connection: CloudConnection, volume: Volume) -> Requeue | None:
    cloud = require_capability(connection.volume)
    if volume.source_volume_id and volume.launched_at is None:
        delete_temporary_snapshot(connection, volume.id)  # the volume was deleted while it was being created
    native = find_native_volume(cloud, volume)
    if native is not None:
        try:
            cloud.delete(native.id)
        except RequestRejected as error:
            fail_volume(service, job, volume, "error_deleting", error.message)
            return None
        native = find_native_volume(cloud, volume)
    if native is not None:
        return build_requeue(job, volume.updated_at)
    _complete_delete(service, job, volume)
    return None


def _complete_delete(service: VolumeService, job: Job, volume: Volume) -> None:
    now = job.clock.now()
    terminated_at = volume.terminated_at or now
    complete_volume(
        service, job, volume, events.DELETED, now, status="deleted", terminated_at=terminated_at, deleted_at=now
    )


def _describe_creation(volume: Volume, error: Fault | None) -> Failure:
    if volume.backup_id:
        return _describe_restore(volume.backup_id)
    if isinstance(error, InsufficientCapacity):
        return Failure(Action.SCHEDULE, Detail.NO_BACKEND)
    if volume.image_id and not isinstance(error, CloudError | None):
        return Failure(Action.COPY_IMAGE, Detail.UNKNOWN)
    return _FAILURES["creating"]


def _describe_restore(backup_id: str) -> Failure:
    return Failure(Action.RESTORE_BACKUP, Detail.RESTORE_BACKUP, BACKUP, backup_id)


#: What a message states if an operation fails, by the status of the volume.
_FAILURES = {
    "creating": Failure(Action.CREATE, Detail.CREATE),
    "extending": Failure(Action.EXTEND, Detail.EXTEND),
    "uploading": Failure(Action.UPLOAD, Detail.UPLOAD),
}

_Step = Callable[[VolumeService, Job, CloudConnection, Volume], Requeue | None]
_STEPS: dict[str, _Step] = {
    "creating": _create,
    "extending": _extend,
    "reverting": _restore,
    "restoring-backup": _restore,
    "uploading": _upload,
    "downloading": start_reimage,
    REIMAGING: finish_reimage,
    "retyping": _retype,
    "deleting": _delete,
    "managing": manage_volume,
    "unmanaging": unmanage_volume,
    "error_managing_deleting": unmanage_volume,
}
