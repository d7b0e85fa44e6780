"""Access of projects to private volume types."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, NotFound
from stratiform.services.volume import policy, repository
from stratiform.services.volume.model import TypeAccess
from stratiform.services.volume.service.volume_types import VolumeTypes


@dataclass(frozen=True, slots=True)
class VolumeTypeAccess:
    """List, grant and revoke access."""

    volume_types: VolumeTypes

    def list(self, ctx: RequestContext, type_id: str) -> Sequence[TypeAccess]:
        """List the projects with access to a private type. Raises NotFound for a public one, as Cinder does."""
        policy.TYPE_ACCESS_GET_ALL.require(ctx.caller, None)
        if self.volume_types.get(ctx, type_id).is_public:
            raise NotFound("Access list not available for public volume types.")
        return repository.type_accesses.list_all(ctx.db, repository.type_accesses.key == type_id)

    def grant(self, ctx: RequestContext, type_id: str, project_id: str) -> None:
        """Raises VolumeTypeNotFound; Conflict if the type is public or the project has access already."""
        policy.TYPE_ACCESS_ADD.require(ctx.caller, None)
        volume_type = self.volume_types.get(ctx, type_id)
        if volume_type.is_public:
            raise Conflict("Type access modification is not applicable to public volume type.")
        if repository.has_type_access(ctx.db, volume_type, project_id):
            raise Conflict(f"Volume type access for {type_id} / {project_id} combination already exists.")
        repository.type_accesses.insert(ctx.db, TypeAccess(type_id, project_id))

    def revoke(self, ctx: RequestContext, type_id: str, project_id: str) -> None:
        """Raises VolumeTypeNotFound; NotFound if the project has no access; Conflict if the type is public."""
        policy.TYPE_ACCESS_REMOVE.require(ctx.caller, None)
        if self.volume_types.get(ctx, type_id).is_public:
            raise Conflict("Type access modification is not applicable to public volume type.")
        if not repository.delete_type_access(ctx.db, type_id, project_id):
            raise NotFound(f"Volume type access not found for {type_id} / {project_id} combination.")
