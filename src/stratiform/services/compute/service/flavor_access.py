"""Access of projects to private flavors. Source: Compute API reference, "Flavors access"."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.services.compute import policy
from stratiform.services.compute.errors import FlavorAccessConflict, FlavorAccessNotFound
from stratiform.services.compute.repository import flavors as repository
from stratiform.services.compute.service.flavors import get_flavor


@dataclass(frozen=True, slots=True)
class FlavorAccess:
    """Operations of `/flavors/{flavor_id}/os-flavor-access`. Each returns the ids of the projects with access."""

    def list(self, ctx: RequestContext, flavor_id: str) -> Sequence[str]:
        """Raises FlavorNotFound; NotFound for a public flavor."""
        policy.FLAVOR_ACCESS_LIST.require(ctx.caller, None)
        if get_flavor(ctx.db, flavor_id).is_public:
            raise NotFound("Access list not available for public flavors.")
        return repository.list_access(ctx.db, flavor_id)

    def grant(self, ctx: RequestContext, flavor_id: str, project_id: str) -> Sequence[str]:
        """Raises FlavorNotFound, Invalid, FlavorAccessConflict; Conflict for a public flavor."""
        policy.FLAVOR_ACCESS_GRANT.require(ctx.caller, None)
        if get_flavor(ctx.db, flavor_id).is_public:
            raise Conflict("Can not add access to a public flavor.")
        if not project_id:
            raise Invalid("Project ID is missing.")
        if project_id in repository.list_access(ctx.db, flavor_id):
            raise FlavorAccessConflict(flavor_id, project_id)
        repository.grant_access(ctx.db, flavor_id, project_id)
        return repository.list_access(ctx.db, flavor_id)

    def revoke(self, ctx: RequestContext, flavor_id: str, project_id: str) -> Sequence[str]:
        """Raises FlavorNotFound, FlavorAccessNotFound."""
        policy.FLAVOR_ACCESS_REVOKE.require(ctx.caller, None)
        get_flavor(ctx.db, flavor_id)
        if not repository.revoke_access(ctx.db, flavor_id, project_id):
            raise FlavorAccessNotFound(flavor_id, project_id)
        return repository.list_access(ctx.db, flavor_id)
