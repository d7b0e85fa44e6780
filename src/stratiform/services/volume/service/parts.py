"""What every part of the volume service is made with, and how each finds its volume."""

from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.db import Database
from stratiform.kit.errors import Invalid, NotFound
from stratiform.kit.ids import Ids
from stratiform.services.clouds.service import CloudsService
from stratiform.services.image.service import ImageService
from stratiform.services.volume import repository
from stratiform.services.volume.errors import InvalidInput, VolumeNotFound
from stratiform.services.volume.model import NewVolume, Volume
from stratiform.services.volume.policy import policy


@dataclass(frozen=True, slots=True)
class Parts:
    """The deps of the service."""

    database: Database
    ids: Ids
    clouds: CloudsService
    images: ImageService


def seen(ctx: RequestContext, volume_id: str, rule: str) -> Volume:
    """The live volume, where `rule` allows the caller. Raises VolumeNotFound, also to strangers; Forbidden."""
    volume = repository.live(ctx.db, volume_id)
    if volume is None:
        raise VolumeNotFound(volume_id)
    require_visible(ctx, volume, rule, VolumeNotFound(volume_id))
    return volume


def require_visible(ctx: RequestContext, volume: Volume, rule: str, missing: NotFound) -> None:
    """Raises `missing` to strangers, Forbidden where `rule` does not allow the caller."""
    try:
        policy.require_visible(ctx.caller, rule, volume.project_id, missing.message)
    except NotFound:
        raise missing from None


def image_facts(images: ImageService, ctx: RequestContext, new: NewVolume) -> dict[str, str]:
    """What a volume remembers of the image it is made from, as texts, as Cinder keeps them.

    Raises NotFound; Invalid where the image isn't ready, or is larger than the volume.
    """
    image = images.images.get(ctx, new.image_id)
    if image.status != "active":
        raise Invalid(f"Image {image.id} is not active.")
    if new.size_gib is not None and image.min_disk > new.size_gib:
        raise InvalidInput(f"Image minDisk size {image.min_disk} is larger than the volume size {new.size_gib}.")
    facts = {
        "image_id": image.id,
        "image_name": image.name,
        "checksum": image.checksum,
        "container_format": image.container_format,
        "disk_format": image.disk_format,
        "min_disk": image.min_disk,
        "min_ram": image.min_ram,
        "size": image.size,
    }
    return {key: str(value) for key, value in facts.items() if value is not None}
