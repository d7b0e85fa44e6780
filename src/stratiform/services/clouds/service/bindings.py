"""Bindings: which cloud serves a project in which availability zone."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid, NotFound
from stratiform.services.clouds import policy, repository
from stratiform.services.clouds.errors import (
    AvailabilityZoneNotFound,
    BindingConflict,
    BindingNotFound,
    ProjectNotBound,
)
from stratiform.services.clouds.model import UNBOUND_PROJECTS, Binding, Cloud
from stratiform.services.clouds.service.connections import Connections, get_cloud, require_no_transaction


@dataclass(frozen=True, slots=True)
class Bindings:
    """Bindings of projects to clouds. The oldest binding of a project is its default.

    A project without bindings of its own is served by the bindings of `UNBOUND_PROJECTS`.
    """

    connections: Connections

    def create(
        self, ctx: RequestContext, project_id: str, cloud_id: str, zone: str = "", native_zone: str = ""
    ) -> Binding:
        """Bind a project to a cloud in the availability zone `zone` (default: the cloud's name).

        The caller checks that the project exists (or is `UNBOUND_PROJECTS`). An identical binding is returned as it is.
        Raises: CloudNotFound; BindingConflict if the zone of the project is another cloud's.
        """
        policy.BINDINGS_CREATE.require(ctx.caller, None)
        cloud = get_cloud(ctx.db, cloud_id)
        if not project_id:
            raise Invalid("`project` is missing")
        binding = Binding(project_id, cloud_id, cloud.name, zone or cloud.name, native_zone, ctx.now)
        for existing in repository.list_bindings_of_project(ctx.db, project_id):
            if existing.zone != binding.zone:
                continue
            if (existing.cloud_id, existing.native_zone) == (cloud_id, native_zone):
                return existing
            raise _conflict(binding, f"bound to cloud '{existing.cloud_name}'")
        if not repository.insert_binding(ctx.db, binding):
            raise _conflict(binding, "already bound")
        return binding

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
        cloud_ids = [cloud_id] if cloud_id is not None else [cloud.id for cloud in repository.list_clouds(ctx.db)]
        bindings = [binding for id_ in cloud_ids for binding in repository.list_bindings_of_cloud(ctx.db, id_)]
        return [binding for binding in bindings if project_id in (None, binding.project_id)]

    def list_for_project(self, db: Connection, project_id: str) -> Sequence[Binding]:
        """Return the bindings that serve a project, the default first, without a policy check."""
        return repository.list_effective_bindings(db, project_id)

    def list_zones(self, db: Connection, project_id: str) -> Sequence[str]:
        """Return the availability zones of a project, the default first."""
        return [binding.zone for binding in repository.list_effective_bindings(db, project_id)]

    def list_clouds(self, db: Connection, project_id: str) -> Sequence[Cloud]:
        """Return the clouds that serve a project, the default first, without a policy check."""
        bindings = repository.list_effective_bindings(db, project_id)
        return [get_cloud(db, cloud_id) for cloud_id in dict.fromkeys(binding.cloud_id for binding in bindings)]

    def resolve_zone(self, db: Connection, project_id: str, zone: str | None) -> Binding:
        """Return the binding for a new resource in `zone`, or the project's default for None and "".

        Raises: ProjectNotBound, AvailabilityZoneNotFound.
        """
        bindings = repository.list_effective_bindings(db, project_id)
        if not bindings:
            raise ProjectNotBound(
                f"Project {project_id} is not bound to a cloud",
                hint="an operator can bind it with `stratiform clouds bind`",
            )
        for binding in bindings:
            if zone in (None, "", binding.zone):
                return binding
        raise AvailabilityZoneNotFound(
            "The requested availability zone is not available",
            hint=f"availability zones of this project: {', '.join(binding.zone for binding in bindings)}",
        )

    def delete(self, ctx: RequestContext, project_id: str, cloud_id: str, zone: str | None = None) -> None:
        """Unbind a project from a cloud, in one zone or (None) in all; existing resources stay.

        Raises: BindingNotFound.
        """
        policy.BINDINGS_DELETE.require(ctx.caller, None)
        if not repository.delete_bindings(ctx.db, project_id, cloud_id, zone):
            where = "" if zone is None else f" in availability zone '{zone}'"
            if project_id == UNBOUND_PROJECTS:
                raise BindingNotFound(f"This cloud is not a default{where}")
            raise BindingNotFound(f"Project {project_id} is not bound to this cloud{where}")

    def check_native_zone(self, ctx: RequestContext, cloud_id: str, native_zone: str) -> None:
        """Check that the cloud has a zone, after the transaction of `ctx` has ended. Raises Invalid if it has not."""
        policy.CLOUDS_CHECK.require(ctx.caller, None)
        require_no_transaction(ctx)
        zones = self.connections.get(cloud_id).check_credentials().zones
        if native_zone and native_zone not in zones:
            raise Invalid(f"Zone '{native_zone}' not found in the cloud", hint=f"zones: {', '.join(zones)}")


def _conflict(binding: Binding, state: str) -> BindingConflict:
    owner = "projects without bindings" if binding.project_id == UNBOUND_PROJECTS else f"project {binding.project_id}"
    return BindingConflict(f"Availability zone '{binding.zone}' of {owner} is {state}")
