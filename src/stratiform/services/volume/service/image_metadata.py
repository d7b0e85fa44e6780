"""What a volume keeps of the image it was created from."""

from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid, NotFound
from stratiform.kit.ids import Ids
from stratiform.services.image.model import Image
from stratiform.services.image.service import ImageService
from stratiform.services.volume import policy
from stratiform.services.volume.errors import InvalidInput
from stratiform.services.volume.model import check_metadata
from stratiform.services.volume.service.volume_access import get_volume, update_volume

_GIB = 1024**3


@dataclass(frozen=True, slots=True)
class ImageMetadata:
    """Read and change the image metadata of a volume."""

    ids: Ids

    def list(self, ctx: RequestContext, volume_id: str) -> dict[str, str]:
        return get_volume(ctx, policy.VOLUME_GET, volume_id).image_metadata

    def update(self, ctx: RequestContext, volume_id: str, items: dict[str, str]) -> dict[str, str]:
        """Add or change items. Return all items afterwards."""
        volume = get_volume(ctx, policy.IMAGE_METADATA_SET, volume_id)
        items = volume.image_metadata | check_metadata(items)
        return update_volume(ctx, self.ids, volume, image_metadata=items).image_metadata

    def delete(self, ctx: RequestContext, volume_id: str, key: str) -> None:
        """Raises VolumeNotFound; NotFound for an unknown key."""
        volume = get_volume(ctx, policy.IMAGE_METADATA_REMOVE, volume_id)
        if key not in volume.image_metadata:
            raise NotFound(f"Metadata item was not found: {key}")
        remaining = {name: value for name, value in volume.image_metadata.items() if name != key}
        update_volume(ctx, self.ids, volume, image_metadata=remaining)


def get_image_for_volume(images: ImageService, ctx: RequestContext, image_id: str, size_gib: int | None) -> Image:
    """Return an image that can be written to a volume of `size_gib`, None if that is not known yet.

    Raises: NotFound; Invalid if the image is not active, or larger than the volume.
    """
    image = images.images.get(ctx, image_id)
    if image.status != "active":
        raise Invalid(f"Image {image.id} is not active.")
    if size_gib is None:
        return image
    image_gib = -(-(image.size or 0) // _GIB)
    if image_gib > size_gib:
        raise InvalidInput(f"Size of specified image {image_gib}GB is larger than volume size {size_gib}GB.")
    if image.min_disk > size_gib:
        raise InvalidInput(f"Image minDisk size {image.min_disk} is larger than the volume size {size_gib}.")
    return image


def describe_image(image: Image) -> dict[str, str]:
    """Return what a volume keeps of its image, as strings, as Cinder does."""
    metadata = {
        "image_id": image.id,
        "image_name": image.name,
        "checksum": image.checksum,
        "container_format": image.container_format,
        "disk_format": image.disk_format,
        "min_disk": image.min_disk,
        "min_ram": image.min_ram,
        "size": image.size,
    }
    return {key: str(value) for key, value in metadata.items() if value is not None}
