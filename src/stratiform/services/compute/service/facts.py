"""The verbs that tell of the whole: zones, limits, the worker."""

from stratiform.kit.clock import MINUTE_US
from stratiform.kit.context import RequestContext
from stratiform.services.compute.model.server import Used
from stratiform.services.compute.policy import policy
from stratiform.services.compute.repository import servers
from stratiform.services.compute.service.parts import Parts

#: Work that nobody has taken for so long means that there is no worker.
_WORKER_SILENT_US = MINUTE_US


class Facts(Parts):
    """What isn't about one server."""

    __slots__ = ()

    def used(self, ctx: RequestContext, project_id: str | None = None) -> Used:
        """What a project's servers take up. Raises Forbidden for another project's."""
        project = project_id or ctx.caller.project()
        policy.require(ctx.caller, "os_compute_api:limits", project)
        return servers.used(ctx.db, project)

    def quota(self, ctx: RequestContext, project_id: str) -> Used:
        """As `used`, for the quota of a project. Raises Forbidden."""
        policy.require(ctx.caller, "os_compute_api:os-quota-sets:show", project_id)
        return servers.used(ctx.db, project_id)

    def zones(self, ctx: RequestContext, *, detail: bool = False) -> list[str]:
        """The availability zones that this project's servers may be in; for the detail, of everyone's."""
        if detail:
            policy.require(ctx.caller, "os_compute_api:os-availability-zone:detail", None)
        policy.require(ctx.caller, "os_compute_api:os-availability-zone:list", None)
        if ctx.caller.project_id is None:
            return []
        return sorted(
            {binding.zone for binding in self.clouds.bindings.list_for_project(ctx.db, ctx.caller.project_id)}
        )

    def worker_is_up(self, ctx: RequestContext) -> bool:
        """False where work on servers has been left lying for a minute."""
        policy.require(ctx.caller, "os_compute_api:os-services:list", None)
        return not servers.overdue(ctx.db, ctx.now - _WORKER_SILENT_US)

    def hypervisors(self, ctx: RequestContext) -> list[str]:
        """None: the clouds behind us don't show theirs."""
        policy.require(ctx.caller, "os_compute_api:os-hypervisors:list", None)
        return []

    def server_groups(self, ctx: RequestContext) -> list[str]:
        """None: there are no placement rules yet."""
        policy.require(ctx.caller, "os_compute_api:os-server-groups:index", ctx.caller.project_id)
        return []
