"""Flavors. Source: Compute API reference, "Flavors"."""

from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Conflict, Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Page, Slice
from stratiform.services.clouds.service import CloudsService
from stratiform.services.compute import policy
from stratiform.services.compute.errors import FlavorNotFound, InvalidField
from stratiform.services.compute.model.flavors import DEFAULT_FLAVORS, Flavor, FlavorFilter, NewFlavor, validate_flavor
from stratiform.services.compute.repository import flavors as repository


@dataclass(frozen=True, slots=True)
class Flavors:
    """Operations of `/flavors`."""

    ids: Ids
    clouds: CloudsService

    def list(self, ctx: RequestContext, filters: FlavorFilter, page: Page) -> Slice[Flavor]:
        """Return a page of the flavors that the project may use; operators may filter by `is_public`."""
        policy.FLAVORS_READ.require(ctx.caller, None)
        if filters.sort_key not in repository.SORT_COLUMNS:
            raise InvalidField("sort_key", filters.sort_key, f"{filters.sort_key!r} is not a valid sort key")
        if filters.sort_dir not in ("asc", "desc"):
            raise InvalidField("sort_dir", filters.sort_dir, f"{filters.sort_dir!r} is not one of ['asc', 'desc']")
        if ctx.caller.is_admin:
            return repository.list_flavors(ctx.db, filters, page)
        filters = replace(filters, is_public=None)
        return repository.list_accessible_flavors(ctx.db, ctx.caller.project_id, filters, page)

    def get(self, ctx: RequestContext, flavor_id: str) -> Flavor:
        """Raises FlavorNotFound, also for a private flavor that the project has no access to."""
        policy.FLAVORS_READ.require(ctx.caller, None)
        return get_accessible_flavor(ctx, flavor_id, ctx.caller.project_id)

    def create(self, ctx: RequestContext, new: NewFlavor) -> Flavor:
        """Create a flavor; a private one is accessible to no project at first. Raises InvalidField, Conflict."""
        policy.FLAVORS_CREATE.require(ctx.caller, None)
        validate_flavor(new)
        flavor_id = new.id or self.ids.uuid()
        if repository.find_flavor(ctx.db, flavor_id) is not None:
            raise Conflict(f"Flavor with ID {flavor_id} already exists.")
        if repository.find_flavor_by_name(ctx.db, new.name) is not None:
            raise Conflict(f"Flavor with name {new.name} already exists.")
        flavor = Flavor(
            id=flavor_id,
            name=new.name,
            vcpus=new.vcpus,
            ram=new.ram,
            disk=new.disk,
            ephemeral=new.ephemeral,
            swap=new.swap,
            rxtx_factor=new.rxtx_factor,
            is_public=new.is_public,
            description=new.description,
            created_at=ctx.now,
        )
        repository.insert_flavor(ctx.db, flavor)
        return flavor

    def create_defaults(self, ctx: RequestContext) -> None:
        """Create the flavors m1.tiny to m1.xlarge unless there are flavors already."""
        policy.FLAVORS_CREATE.require(ctx.caller, None)
        if repository.has_flavors(ctx.db):
            return
        for flavor_id, name, vcpus, ram, disk in DEFAULT_FLAVORS:
            flavor = Flavor(flavor_id, name, vcpus, ram, disk, created_at=ctx.now)
            repository.insert_flavor_if_absent(ctx.db, flavor)

    def update(self, ctx: RequestContext, flavor_id: str, description: str | None) -> Flavor:
        """Update the description, the only mutable attribute. Raises FlavorNotFound."""
        policy.FLAVORS_UPDATE.require(ctx.caller, None)
        return repository.save_flavor(ctx.db, replace(get_flavor(ctx.db, flavor_id), description=description))

    def delete(self, ctx: RequestContext, flavor_id: str) -> None:
        """Delete the flavor; servers keep their snapshot of it. Raises FlavorNotFound."""
        policy.FLAVORS_DELETE.require(ctx.caller, None)
        if not repository.delete_flavor(ctx.db, flavor_id):
            raise FlavorNotFound(flavor_id)
        self.clouds.native_ids.remove_default_flavor(ctx.db, flavor_id)


def get_flavor(db: Connection, flavor_id: str) -> Flavor:
    """Return any flavor, public or private. Raises FlavorNotFound."""
    flavor = repository.find_flavor(db, flavor_id)
    if flavor is None:
        raise FlavorNotFound(flavor_id)
    return flavor


def get_accessible_flavor(ctx: RequestContext, flavor_id: str, project_id: str | None) -> Flavor:
    """Return a flavor that the project has access to; operators have access to all. Raises FlavorNotFound."""
    if ctx.caller.is_admin:
        return get_flavor(ctx.db, flavor_id)
    flavor = repository.find_accessible_flavor(ctx.db, flavor_id, project_id)
    if flavor is None:
        raise FlavorNotFound(flavor_id)
    return flavor


def get_flavor_for_server(ctx: RequestContext, flavor_id: str, project_id: str) -> Flavor:
    """As `get_accessible_flavor`, for a flavor in a request body. Raises Invalid."""
    try:
        return get_accessible_flavor(ctx, flavor_id, project_id)
    except FlavorNotFound as error:
        raise Invalid(error.message) from error
