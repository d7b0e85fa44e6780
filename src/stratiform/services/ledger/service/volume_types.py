"""Volume types, which are known by name only."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.services.ledger import policy, repository


@dataclass(frozen=True, slots=True)
class VolumeType:
    """A volume type with its last known name."""

    cloud: str
    id: str
    name: str
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class VolumeTypes:
    """Reads volume types."""

    def list(self, ctx: RequestContext, ids: Sequence[str] | None = None) -> Sequence[VolumeType]:
        """Return the volume types with one of `ids`, or all."""
        policy.VOLUME_TYPES_LIST.require(ctx.caller, None)
        rows = repository.resources.list_names(ctx.db, "volume_type", ids)
        return [VolumeType(cloud, type_id, name, is_deleted="gone" in tags) for cloud, type_id, name, tags in rows]
