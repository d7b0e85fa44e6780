"""Bindings: which cloud serves a project in which availability zone."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid, NotFound
from stratiform.services.clouds import policy
from stratiform.services.clouds.errors import (
    AvailabilityZoneNotFound,
    BindingConflict,
    BindingNotFound,
    ProjectNotBound,
)
from stratiform.services.clouds.model import UNBOUND_PROJECTS, Binding, Cloud, Pool
from stratiform.services.clouds.repository import bindings as repository
from stratiform.services.clouds.repository import list_clouds
from stratiform.services.clouds.service.connections import Connections, get_cloud, require_no_transaction


@dataclass(frozen=True, slots=True)
class Bindings:
    """Bindings of projects to clouds and pools. The oldest binding of a project is its default.

    A project without bindings of its own is served by the bindings of `UNBOUND_PROJECTS`. Several clouds can serve one
    availability zone: placement chooses among them.
    """

    connections: Connections

    def create(
        self, ctx: RequestContext, project_id: str, cloud_id: str, zone: str = "", native_zone: str = ""
    ) -> Binding:
        """Bind a project to a cloud in the availability zone `zone` (default: the cloud's name).

        The caller checks that the project exists (or is `UNBOUND_PROJECTS`). An identical binding is returned as it is.
        Raises: CloudNotFound; BindingConflict if the zone of the project is another native zone of this cloud.
        """
        policy.BINDINGS_CREATE.require(ctx.caller, None)
        cloud = get_cloud(ctx.db, cloud_id)
        _require_project(project_id)
        binding = Binding(project_id, cloud_id, cloud.name, zone or cloud.name, native_zone, ctx.now)
        for existing in repository.list_bindings_of_project(ctx.db, project_id):
            if (existing.zone, existing.cloud_id, existing.pool_name) != (binding.zone, cloud_id, ""):
                continue
            if existing.native_zone == native_zone:
                return existing
            raise _conflict(binding, f"bound to another native zone of cloud '{existing.cloud_name}'")
        if not repository.insert_binding(ctx.db, binding):
            raise _conflict(binding, f"already bound to cloud '{cloud.name}'")
        return binding

    def create_for_pool(self, ctx: RequestContext, project_id: str, pool: Pool, zone: str = "") -> Sequence[Binding]:
        """Bind a project to all present and future clouds of a pool in `zone` (default: the pool's name).

        Returns a binding per cloud. An identical binding is returned as it is.
        """
        policy.BINDINGS_CREATE.require(ctx.caller, None)
        _require_project(project_id)
        zone = zone or pool.name
        if repository.find_pool_binding_time(ctx.db, project_id, zone, pool.id) is None:
            binding = Binding(project_id, "", "", zone, "", ctx.now, pool.name)
            if not repository.insert_pool_binding(ctx.db, binding, pool.id):
                raise _conflict(binding, f"already bound to pool '{pool.name}'")
        bindings = repository.list_bindings_of_project(ctx.db, project_id)
        return [binding for binding in bindings if (binding.pool_name, binding.zone) == (pool.name, zone)]

    def delete_for_pool(self, ctx: RequestContext, project_id: str, pool: Pool, zone: str | None = None) -> None:
        """Unbind a project from a pool, in one zone or (None) in all; existing resources stay.

        Raises: BindingNotFound.
        """
        policy.BINDINGS_DELETE.require(ctx.caller, None)
        if not repository.delete_pool_bindings(ctx.db, project_id, pool.id, zone):
            raise _not_bound(project_id, "pool", zone)

    def list(
        self, ctx: RequestContext, *, project_id: str | None = None, cloud_id: str | None = None
    ) -> Sequence[Binding]:
        """Return bindings, oldest first: of a project, of a cloud, of both, or (ordered by cloud) all.

        A caller who is not an admin must name a project, and sees only the token's own.
        Raises: NotFound for another project.
        """
        if project_id is None or cloud_id is not None:
            policy.BINDINGS_LIST.require(ctx.caller, None)
        else:
            not_found = NotFound(f"Project '{project_id}' not found")
            policy.BINDINGS_LIST.require_visible(ctx.caller, project_id, not_found)
        if cloud_id is None and project_id is not None:
            return repository.list_effective_bindings(ctx.db, project_id)
        cloud_ids = [cloud_id] if cloud_id is not None else [cloud.id for cloud in list_clouds(ctx.db)]
        bindings = [binding for id_ in cloud_ids for binding in repository.list_bindings_of_cloud(ctx.db, id_)]
        return [binding for binding in bindings if project_id in (None, binding.project_id)]

    def list_for_project(self, db: Connection, project_id: str) -> Sequence[Binding]:
        """Return the bindings that serve a project, the default first, without a policy check."""
        return repository.list_effective_bindings(db, project_id)

    def list_zones(self, db: Connection, project_id: str) -> Sequence[str]:
        """Return the availability zones of a project, the default first."""
        bindings = repository.list_effective_bindings(db, project_id)
        return list(dict.fromkeys(binding.zone for binding in bindings))

    def list_clouds(self, db: Connection, project_id: str) -> Sequence[Cloud]:
        """Return the clouds that serve a project, the default first, without a policy check."""
        bindings = repository.list_effective_bindings(db, project_id)
        return [get_cloud(db, cloud_id) for cloud_id in dict.fromkeys(binding.cloud_id for binding in bindings)]

    def resolve_zone(self, db: Connection, project_id: str, zone: str | None, cloud_id: str | None = None) -> Binding:
        """Return the binding for a new resource in `zone`, or the project's default for None and "".

        `cloud_id`: the cloud that the resource must be in, if it serves the zone; otherwise, and for None, the oldest
        binding is returned.
        Raises: ProjectNotBound, AvailabilityZoneNotFound.
        """
        bindings = self.list_in_zone(db, project_id, zone)
        return next((binding for binding in bindings if binding.cloud_id == cloud_id), bindings[0])

    def list_in_zone(self, db: Connection, project_id: str, zone: str | None) -> Sequence[Binding]:
        """Return the bindings of a project in `zone`, or all of them for None and "", the oldest first.

        Raises: ProjectNotBound, AvailabilityZoneNotFound.
        """
        bindings = repository.list_effective_bindings(db, project_id)
        if not bindings:
            raise _no_clouds(db, project_id)
        selected = [binding for binding in bindings if zone in (None, "", binding.zone)]
        if not selected:
            zones = ", ".join(dict.fromkeys(binding.zone for binding in bindings))
            raise AvailabilityZoneNotFound(
                "The requested availability zone is not available", hint=f"availability zones of this project: {zones}"
            )
        return selected

    def delete(self, ctx: RequestContext, project_id: str, cloud_id: str, zone: str | None = None) -> None:
        """Unbind a project from a cloud, in one zone or (None) in all; existing resources stay.

        Raises: BindingNotFound.
        """
        policy.BINDINGS_DELETE.require(ctx.caller, None)
        if not repository.delete_bindings(ctx.db, project_id, cloud_id, zone):
            raise _not_bound(project_id, "cloud", zone)

    def check_native_zone(self, ctx: RequestContext, cloud_id: str, native_zone: str) -> None:
        """Check that the cloud has a zone, after the transaction of `ctx` has ended. Raises Invalid if it has not."""
        policy.CLOUDS_CHECK.require(ctx.caller, None)
        require_no_transaction(ctx)
        zones = self.connections.get(cloud_id).check_credentials().zones
        if native_zone and native_zone not in zones:
            raise Invalid(f"Zone '{native_zone}' not found in the cloud", hint=f"zones: {', '.join(zones)}")


def _require_project(project_id: str) -> None:
    if not project_id:
        raise Invalid("`project` is missing")


def _no_clouds(db: Connection, project_id: str) -> ProjectNotBound:
    """Return the error for a project that no cloud serves."""
    message = f"Project {project_id} is not bound to a cloud"
    if any(repository.has_bindings(db, owner) for owner in (project_id, UNBOUND_PROJECTS)):
        hint = "an operator can add one with `stratiform clouds pools add`"
        return ProjectNotBound(f"{message}: the pool has no clouds", hint=hint)
    return ProjectNotBound(message, hint="an operator can bind it with `stratiform clouds bind`")


def _not_bound(project_id: str, target: str, zone: str | None) -> BindingNotFound:
    where = "" if zone is None else f" in availability zone '{zone}'"
    if project_id == UNBOUND_PROJECTS:
        return BindingNotFound(f"This {target} is not a default{where}")
    return BindingNotFound(f"Project {project_id} is not bound to this {target}{where}")


def _conflict(binding: Binding, state: str) -> BindingConflict:
    owner = "projects without bindings" if binding.project_id == UNBOUND_PROJECTS else f"project {binding.project_id}"
    return BindingConflict(f"Availability zone '{binding.zone}' of {owner} is {state}")
