"""Background tasks of the image service."""

import logging
from dataclasses import replace

from stratiform.kit.errors import Fault, Unavailable
from stratiform.kit.work_queue import Handler, Job, Requeue
from stratiform.services.image.errors import StoreUnavailable
from stratiform.services.image.repository import image_copies, image_tasks, images
from stratiform.services.image.service import ImageService
from stratiform.services.image.service.location_imports import TASK_TYPE

logger = logging.getLogger(__name__)


def build_handlers(service: ImageService) -> dict[str, Handler]:
    """Return the handlers of the tasks by name."""

    def clean_up(job: Job) -> Requeue | None:
        _delete_copies_and_data(service, job)
        return None

    def import_data(job: Job) -> Requeue | None:
        _import_data(service, job)
        return None

    def delete_data(job: Job) -> Requeue | None:
        store_id, _, name = job.key.partition("/")
        service.image_data.delete_location(store_id, name)
        return None

    return {"image.copy": clean_up, "image.import": import_data, "image.data": delete_data}


def _import_data(service: ImageService, job: Job) -> None:
    """Import the data of a task. An error of the data is the result of the task, and not a reason to retry."""
    with job.transaction() as db:
        task = image_tasks.find(db, job.key)
        if task is None or task.expires_at is not None:
            return
        image_tasks.save(db, replace(task, status="processing", updated_at=job.clock.now()))

    def keep_lease() -> None:
        with job.transaction():
            pass

    importer = service.location_imports if task.type == TASK_TYPE else service.image_imports
    try:
        image = importer.import_data(task, keep_lease)
    except Fault as error:
        if isinstance(error, Unavailable) and not isinstance(error, StoreUnavailable):
            raise
        logger.info("image import failed image=%s task=%s error=%r", task.image_id, task.id, error.message)
        finished = importer.fail(task, error.message)
    else:
        finished = importer.finish(task, image)
    with job.transaction() as db:
        image_tasks.save(db, finished)


def _delete_copies_and_data(service: ImageService, job: Job) -> None:
    """Delete the copies and the data of an image that was deleted."""
    image_id = job.key
    with job.database.read_transaction() as db:
        if images.find(db, image_id) is not None:
            return
        copies = image_copies.list_all(db, image_id)
    for copy in copies:
        service.image_copies.delete(copy)
        with job.transaction() as db:
            image_copies.delete(db, copy.image_id, copy.cloud_id)
    service.image_data.delete(image_id)
