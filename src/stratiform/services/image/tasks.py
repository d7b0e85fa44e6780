"""Background work: when an image is deleted, its copies in clouds and its bytes go."""

from stratiform.kit.work import Handler, Job, Requeue
from stratiform.services.image.repository import files, records
from stratiform.services.image.service import ImageService


def handlers(service: ImageService) -> dict[str, Handler]:
    """What the worker does for images."""

    def copy(job: Job) -> Requeue | None:
        _remove(service, job)
        return None

    return {"image.copy": copy}


def _remove(service: ImageService, job: Job) -> None:
    with job.database.snapshot() as db:
        if records.images.get(db, job.key) is not None:
            return
        copies = records.copies_of(db, job.key)
    for copy in copies:
        service.remove_copy(copy)
        with job.apply() as db:
            records.forget_copy(db, copy.image_id, copy.cloud_id)
    files.remove(service.folder, job.key)
