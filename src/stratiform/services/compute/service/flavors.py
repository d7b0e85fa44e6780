"""The verbs on flavors."""

from dataclasses import replace

from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.kit.pagination import Page, Slice
from stratiform.services.compute.errors import FlavorNotFound, InvalidField
from stratiform.services.compute.model.flavor import DEFAULT_FLAVORS, Flavor, FlavorFilter, NewFlavor, check_flavor
from stratiform.services.compute.policy import policy
from stratiform.services.compute.repository import catalog
from stratiform.services.compute.service.parts import Parts


class FlavorVerbs(Parts):
    """Flavors, their extra specs, and which projects may use a private one."""

    __slots__ = ()

    def flavors(self, ctx: RequestContext, wanted: FlavorFilter, page: Page) -> Slice[Flavor]:
        """What the caller may use; the operator sees private ones where the filter asks for them."""
        policy.require(ctx.caller, "os_compute_api:flavors", None)
        if wanted.sort_key not in catalog.FLAVOR_SORT or wanted.sort_dir not in ("asc", "desc"):
            raise InvalidField("sort_key", wanted.sort_key, "This is nothing that flavors are sorted by.")
        admin = ctx.caller.is_admin
        if not admin:
            wanted = replace(wanted, is_public=None)
        return catalog.list_flavors(ctx.db, ctx.caller.project_id, wanted, page, every=admin)

    def flavor(self, ctx: RequestContext, flavor_id: str) -> Flavor:
        """Raises FlavorNotFound, also for a private one that this project was not given."""
        policy.require(ctx.caller, "os_compute_api:flavors", None)
        found = catalog.flavor(ctx.db, flavor_id, ctx.caller.project_id, every=ctx.caller.is_admin)
        if found is None:
            raise FlavorNotFound(flavor_id)
        return found

    def create_flavor(self, ctx: RequestContext, new: NewFlavor) -> Flavor:
        """Raises Conflict where the id or the name is taken."""
        policy.require(ctx.caller, "os_compute_api:os-flavor-manage:create", None)
        check_flavor(new)
        flavor_id = new.id or self.ids.uuid()
        if catalog.flavors.get(ctx.db, flavor_id) is not None:
            raise Conflict(f"Flavor with ID {flavor_id} already exists.")
        if catalog.flavors.first(ctx.db, catalog.flavors.table.c.name == new.name) is not None:
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
        catalog.flavors.insert(ctx.db, flavor)
        if not flavor.is_public and ctx.caller.project_id:
            catalog.grant(ctx.db, flavor.id, ctx.caller.project_id)
        return flavor

    def ensure_flavors(self, ctx: RequestContext) -> None:
        """m1.tiny … m1.xlarge, where there is no flavor at all yet."""
        policy.require(ctx.caller, "os_compute_api:os-flavor-manage:create", None)
        if catalog.flavors.first(ctx.db) is not None:
            return
        for flavor_id, name, vcpus, ram, disk in DEFAULT_FLAVORS:
            catalog.add_default_flavor(ctx.db, Flavor(flavor_id, name, vcpus, ram, disk, created_at=ctx.now))

    def describe_flavor(self, ctx: RequestContext, flavor_id: str, description: str | None) -> Flavor:
        """The description is all that may be changed. Raises FlavorNotFound."""
        policy.require(ctx.caller, "os_compute_api:os-flavor-manage:update", None)
        changed = replace(self._any(ctx.db, flavor_id), description=description)
        return catalog.flavors.save(ctx.db, changed)

    def delete_flavor(self, ctx: RequestContext, flavor_id: str) -> None:
        """Servers that have it keep its snapshot. Raises FlavorNotFound."""
        policy.require(ctx.caller, "os_compute_api:os-flavor-manage:delete", None)
        if not catalog.delete_flavor(ctx.db, flavor_id):
            raise FlavorNotFound(flavor_id)

    def set_extra_specs(self, ctx: RequestContext, flavor_id: str, specs: dict[str, str], *, create: bool) -> Flavor:
        """Add to the extra specs, or change what is there. Raises FlavorNotFound."""
        verb = "create" if create else "update"
        policy.require(ctx.caller, f"os_compute_api:os-flavor-extra-specs:{verb}", None)
        found = self._any(ctx.db, flavor_id)
        for key, value in specs.items():
            if not key or len(key) > 255 or len(value) > 255:
                raise InvalidField("extra_specs", {key[:64]: value[:64]}, "At most 255 characters each.")
        return catalog.flavors.save(ctx.db, replace(found, extra_specs={**found.extra_specs, **specs}))

    def delete_extra_spec(self, ctx: RequestContext, flavor_id: str, key: str) -> None:
        """Raises FlavorNotFound, NotFound."""
        policy.require(ctx.caller, "os_compute_api:os-flavor-extra-specs:delete", None)
        found = self._any(ctx.db, flavor_id)
        if key not in found.extra_specs:
            raise NotFound(f"Flavor {flavor_id} has no extra specs with key {key}.")
        rest = {name: value for name, value in found.extra_specs.items() if name != key}
        catalog.flavors.save(ctx.db, replace(found, extra_specs=rest))

    def flavor_access(self, ctx: RequestContext, flavor_id: str) -> list[str]:
        """The projects that were given a private flavor. Raises NotFound for a public one."""
        policy.require(ctx.caller, "os_compute_api:os-flavor-access", None)
        if self._any(ctx.db, flavor_id).is_public:
            raise NotFound("Access list not available for public flavors.")
        return catalog.access(ctx.db, flavor_id)

    def add_flavor_access(self, ctx: RequestContext, flavor_id: str, project_id: str) -> list[str]:
        """Raises Conflict where the project has it already, or the flavor is everybody's."""
        policy.require(ctx.caller, "os_compute_api:os-flavor-access:add_tenant_access", None)
        if self._any(ctx.db, flavor_id).is_public:
            raise Conflict("Can not add access to a public flavor.")
        if not project_id:
            raise Invalid("Project ID is missing.")
        if project_id in catalog.access(ctx.db, flavor_id):
            raise Conflict(f"Flavor access already exists for flavor {flavor_id} and project {project_id} combination.")
        catalog.grant(ctx.db, flavor_id, project_id)
        return catalog.access(ctx.db, flavor_id)

    def remove_flavor_access(self, ctx: RequestContext, flavor_id: str, project_id: str) -> list[str]:
        """Raises NotFound where the project was not given it."""
        policy.require(ctx.caller, "os_compute_api:os-flavor-access:remove_tenant_access", None)
        self._any(ctx.db, flavor_id)
        if not catalog.revoke(ctx.db, flavor_id, project_id):
            raise NotFound(f"Flavor access not found for {flavor_id} / {project_id} combination.")
        return catalog.access(ctx.db, flavor_id)

    def _any(self, db: Connection, flavor_id: str) -> Flavor:
        found = catalog.flavors.get(db, flavor_id)
        if found is None:
            raise FlavorNotFound(flavor_id)
        return found
