"""Glance's notifications. They are published, but not part of the usage ledger.

Source: glance/notifier.py, and messages recorded from a real Glance.
"""

from typing import Any

from stratiform.kit.clock import Micros, format_iso_seconds
from stratiform.kit.errors import Fault
from stratiform.kit.policy import Caller
from stratiform.services.image.errors import ImageNotFound, InvalidImageStatus, StorageFull, StorageWriteDenied
from stratiform.services.image.model import Image, ImageMember

CREATED = "image.create"
UPDATED = "image.update"
DELETED = "image.delete"
PREPARED = "image.prepare"
UPLOADED = "image.upload"
ACTIVATED = "image.activate"
SENT = "image.send"
MEMBER_CREATED = "image.member.create"
MEMBER_UPDATED = "image.member.update"
MEMBER_DELETED = "image.member.delete"

Payload = dict[str, Any]


def build_payload(image: Image) -> Payload:
    """Return an image with Glance's keys; locations are not part of it."""
    return {
        "id": image.id,
        "name": image.name,
        "status": image.status,
        "created_at": format_iso_seconds(image.created_at),
        "updated_at": format_iso_seconds(image.updated_at),
        "min_disk": image.min_disk,
        "min_ram": image.min_ram,
        "protected": image.protected,
        "checksum": image.checksum,
        "owner": image.owner,
        "disk_format": image.disk_format,
        "container_format": image.container_format,
        "size": image.size,
        "virtual_size": image.virtual_size,
        "is_public": image.visibility == "public",
        "visibility": image.visibility,
        "properties": dict(image.properties),
        "tags": list(image.tags),
        "deleted": False,
        "deleted_at": None,
    }


def build_import_payload(image: Image) -> Payload:
    """Return an image that receives data, with the stores of its import."""
    return {
        **build_payload(image),
        "os_glance_importing_to_stores": image.importing_stores,
        "os_glance_failed_import": image.failed_stores,
    }


def build_send_payload(image: Image, caller: Caller, bytes_sent: int) -> Payload:
    """Return the description of a download."""
    return {
        "bytes_sent": bytes_sent,
        "image_id": image.id,
        "owner_id": image.owner,
        "receiver_tenant_id": caller.project_id,
        "receiver_user_id": caller.user_id,
    }


def build_member_payload(member: ImageMember) -> Payload:
    return {
        "image_id": member.image_id,
        "member_id": member.member_id,
        "status": member.status,
        "created_at": format_iso_seconds(member.created_at),
        "updated_at": format_iso_seconds(member.updated_at),
        "deleted": False,
        "deleted_at": None,
    }


def describe_failed_upload(image_id: str, error: BaseException) -> str:
    """Return the text that is the payload of a failed upload. Source: glance/notifier.py (ImageProxy.set_data)."""
    text = error.message if isinstance(error, Fault) else type(error).__name__
    if isinstance(error, StorageFull):
        return f"Image storage media is full: {text}"
    if isinstance(error, StorageWriteDenied):
        return text
    if isinstance(error, InvalidImageStatus):
        return f"Unable to upload duplicate image data for image {image_id}: {text}"
    if isinstance(error, ImageNotFound):
        return (
            f"Image {image_id} could not be found after upload. "
            f"The image may have been deleted during the upload: {text}"
        )
    return f"Failed to upload image data for image {image_id} due to internal error: {text}"


def mark_deleted(payload: Payload, now: Micros) -> Payload:
    """Return the payload of a resource that is deleted."""
    return {**payload, "deleted": True, "deleted_at": format_iso_seconds(now)}
