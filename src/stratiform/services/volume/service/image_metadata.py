"""What a volume keeps of the image it was created from."""

from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import NotFound
from stratiform.kit.ids import Ids
from stratiform.services.volume import policy
from stratiform.services.volume.model import check_metadata
from stratiform.services.volume.service.volume_access import get_volume, update_volume


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
