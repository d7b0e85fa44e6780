"""Metadata of volumes."""

from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.ids import Ids
from stratiform.services.volume import policy
from stratiform.services.volume.errors import MetadataNotFound
from stratiform.services.volume.model import check_metadata
from stratiform.services.volume.service.volume_access import get_volume, update_volume


@dataclass(frozen=True, slots=True)
class VolumeMetadata:
    """Read and change the metadata items of a volume."""

    ids: Ids

    def list(self, ctx: RequestContext, volume_id: str) -> dict[str, str]:
        """Return all items of a volume."""
        return get_volume(ctx, policy.METADATA_GET, volume_id).metadata

    def get(self, ctx: RequestContext, volume_id: str, key: str) -> str:
        """Return one value. Raises VolumeNotFound, MetadataNotFound."""
        metadata = self.list(ctx, volume_id)
        if key not in metadata:
            raise MetadataNotFound(volume_id, key)
        return metadata[key]

    def update(self, ctx: RequestContext, volume_id: str, items: dict[str, str]) -> dict[str, str]:
        """Add or change items. Return all items afterwards."""
        volume = get_volume(ctx, policy.METADATA_CREATE, volume_id)
        return update_volume(ctx, self.ids, volume, metadata=volume.metadata | check_metadata(items)).metadata

    def replace(self, ctx: RequestContext, volume_id: str, items: dict[str, str]) -> dict[str, str]:
        """Replace all items."""
        volume = get_volume(ctx, policy.METADATA_UPDATE, volume_id)
        return update_volume(ctx, self.ids, volume, metadata=check_metadata(items)).metadata

    def delete(self, ctx: RequestContext, volume_id: str, key: str) -> None:
        """Raises VolumeNotFound, MetadataNotFound."""
        volume = get_volume(ctx, policy.METADATA_DELETE, volume_id)
        if key not in volume.metadata:
            raise MetadataNotFound(volume_id, key)
        remaining = {name: value for name, value in volume.metadata.items() if name != key}
        update_volume(ctx, self.ids, volume, metadata=remaining)
