"""Default types of projects. Source: cinder/api/v3/default_types.py."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.services.volume import policy, repository
from stratiform.services.volume.errors import DefaultTypeNotFound, VolumeTypeNotFound
from stratiform.services.volume.model.type_properties import DefaultType
from stratiform.services.volume.repository import type_properties


@dataclass(frozen=True, slots=True)
class DefaultTypes:
    """Read and change the types of projects' volumes that name none."""

    def list(self, ctx: RequestContext) -> Sequence[DefaultType]:
        policy.DEFAULT_TYPE_GET_ALL.require(ctx.caller, None)
        return type_properties.default_types.list_all(ctx.db)

    def get(self, ctx: RequestContext, project_id: str) -> DefaultType:
        """Raises DefaultTypeNotFound."""
        policy.DEFAULT_TYPE_GET.require(ctx.caller, None)
        default = type_properties.default_types.find(ctx.db, project_id)
        if default is None:
            raise DefaultTypeNotFound(project_id)
        return default

    def set(self, ctx: RequestContext, project_id: str, name_or_id: str) -> DefaultType:
        """Raises VolumeTypeNotFound."""
        policy.DEFAULT_TYPE_SET.require(ctx.caller, None)
        volume_type = repository.find_type(ctx.db, name_or_id)
        if volume_type is None or not repository.has_type_access(ctx.db, volume_type, project_id):
            raise VolumeTypeNotFound(name_or_id)
        default = DefaultType(project_id, volume_type.id)
        type_properties.save_default_type(ctx.db, default)
        return default

    def delete(self, ctx: RequestContext, project_id: str) -> None:
        """Raises DefaultTypeNotFound."""
        policy.DEFAULT_TYPE_SET.require(ctx.caller, None)
        self.get(ctx, project_id)
        type_properties.default_types.delete(ctx.db, type_properties.default_types.key == project_id)
