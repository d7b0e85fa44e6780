"""The verbs that tell of the whole: zones, limits, the worker."""

from stratiform.kit.call import Call
from stratiform.kit.clock import MINUTE_US
from stratiform.services.compute.model.server import Used
from stratiform.services.compute.policy import policy
from stratiform.services.compute.repository import servers
from stratiform.services.compute.service.parts import Parts

#: Work that nobody has taken for so long means that there is no worker.
_WORKER_SILENT_US = MINUTE_US


class Facts(Parts):
    """What isn't about one server."""

    __slots__ = ()

    def used(self, call: Call, project_id: str | None = None) -> Used:
        """What a project's servers take up. Raises Forbidden for another project's."""
        project = project_id or call.caller.project()
        policy.require(call.caller, "os_compute_api:limits", project)
        return servers.used(call.db, project)

    def quota(self, call: Call, project_id: str) -> Used:
        """As `used`, for the quota of a project. Raises Forbidden."""
        policy.require(call.caller, "os_compute_api:os-quota-sets:show", project_id)
        return servers.used(call.db, project_id)

    def zones(self, call: Call, *, detail: bool = False) -> list[str]:
        """The availability zones that this project's servers may be in; for the detail, of everyone's."""
        if detail:
            policy.require(call.caller, "os_compute_api:os-availability-zone:detail", None)
        policy.require(call.caller, "os_compute_api:os-availability-zone:list", None)
        if call.caller.project_id is None:
            return []
        return sorted({binding.zone for binding in self.clouds.bindings(call.db, call.caller.project_id)})

    def worker_is_up(self, call: Call) -> bool:
        """False where work on servers has been left lying for a minute."""
        policy.require(call.caller, "os_compute_api:os-services:list", None)
        return not servers.overdue(call.db, call.now - _WORKER_SILENT_US)

    def hypervisors(self, call: Call) -> list[str]:
        """None: the clouds behind us don't show theirs."""
        policy.require(call.caller, "os_compute_api:os-hypervisors:list", None)
        return []

    def server_groups(self, call: Call) -> list[str]:
        """None: there are no placement rules yet."""
        policy.require(call.caller, "os_compute_api:os-server-groups:index", call.caller.project_id)
        return []
