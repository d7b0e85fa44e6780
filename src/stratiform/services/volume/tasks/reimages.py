"""Steps that write an image to an existing volume."""

from typing import Any

from stratiform.contract.connector import CloudConnection
from stratiform.contract.errors import InsufficientCapacity, NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.volume import NativeVolumeState, ReimageDriver
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.kit.work_queue import Job, Requeue
from stratiform.services.volume import events, repository
from stratiform.services.volume.model import REIMAGING, Volume
from stratiform.services.volume.model.messages import Action, Detail, Failure
from stratiform.services.volume.service import VolumeService
from stratiform.services.volume.service.image_metadata import describe_image
from stratiform.services.volume.tasks.delays import build_requeue
from stratiform.services.volume.tasks.volume_outcomes import PREVIOUS_STATUS, complete_volume, fail_volume
from stratiform.services.volume.tasks.volume_sources import require_capability

_FAILURE = Failure(Action.COPY_IMAGE, Detail.UNKNOWN)


def start_reimage(service: VolumeService, job: Job, connection: CloudConnection, volume: Volume) -> Requeue | None:
    """Have the cloud write the image `target_id` to a volume."""
    driver = require_capability(connection.volume)
    try:
        if not isinstance(driver, ReimageDriver):
            raise NotSupported(f"Cloud {volume.cloud_name} cannot write an image to an existing volume.")
        native = driver.get(volume.native_id)
        if native.state is not NativeVolumeState.CREATING:  # otherwise, the response to an earlier request was lost
            image = service.images.image_copies.ensure_copy(volume.cloud_id, volume.target_id)
            driver.reimage(volume.native_id, image)
    except (NativeNotFound, InsufficientCapacity, RequestRejected, NotFound, Invalid, Conflict) as error:
        fail_volume(service, job, volume, "error", error.message, failure=_FAILURE, target_id="")
        return None
    with job.transaction() as db:
        repository.update_in_status(db, volume, (volume.status,), job.clock.now(), status=REIMAGING)
    return Requeue(0)


def finish_reimage(service: VolumeService, job: Job, connection: CloudConnection, volume: Volume) -> Requeue | None:
    """Wait until the image is written; then the volume has the image's metadata, and its previous status."""
    try:
        native = require_capability(connection.volume).get(volume.native_id)
    except NativeNotFound as error:
        fail_volume(service, job, volume, "error", error.message, failure=_FAILURE, target_id="")
        return None
    if native.state is NativeVolumeState.CREATING:
        return build_requeue(job, volume.updated_at)
    if native.state is not NativeVolumeState.AVAILABLE:
        reason = native.fault or f"The native volume is in state {native.state.value}."
        fail_volume(service, job, volume, "error", reason, failure=_FAILURE, target_id="")
        return None
    with job.database.read_transaction() as db:
        image = service.images.images.find(db, volume.target_id)
    values: dict[str, Any] = {"image_id": volume.target_id, "bootable": True, "target_id": "", "fault": ""}
    if image is not None:  # it may have been deleted after it was written
        values["image_metadata"] = describe_image(image)
    complete_volume(service, job, volume, events.UPDATED, job.clock.now(), status=PREVIOUS_STATUS, **values)
    return None
