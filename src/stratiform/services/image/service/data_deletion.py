"""Deletion of image data by the worker."""

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.kit.work_queue import enqueue
from stratiform.services.image.model import Image, ImageLocation, is_registered


def enqueue_deletion(db: Connection, location: ImageLocation, now: Micros) -> None:
    """Have the worker delete data, again and again while its store is unreachable; data of others is kept."""
    if not is_registered(location):
        enqueue(db, "image.data", f"{location.store}/{location.name}", now)


def enqueue_image_deletion(db: Connection, image: Image, now: Micros) -> None:
    """Have the worker delete the copies and the data of an image that is deleted."""
    enqueue(db, "image.copy", image.id, now)
    for location in image.data_locations:
        if not is_data_of(image.id, location):
            enqueue_deletion(db, location, now)


def is_data_of(image_id: str, location: ImageLocation) -> bool:
    """Return True for data that was uploaded to this image, by its name; see `build_object_name`."""
    return location.name.startswith(f"{image_id}.")
