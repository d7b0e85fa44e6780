"""Background tasks of the image service."""

from stratiform.kit.work_queue import Handler, Job, Requeue
from stratiform.services.image.repository import image_copies, images
from stratiform.services.image.service import ImageService


def build_handlers(service: ImageService) -> dict[str, Handler]:
    """Return the handlers of the tasks by name."""

    def clean_up(job: Job) -> Requeue | None:
        _delete_copies_and_data(service, job)
        return None

    return {"image.copy": clean_up}


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
