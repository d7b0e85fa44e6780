"""Server groups. Source: Compute API reference, "Server groups (os-server-groups)"."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.services.compute import policy


@dataclass(frozen=True, slots=True)
class ServerGroups:
    """Operations of `/os-server-groups`."""

    def list(self, ctx: RequestContext) -> Sequence[str]:
        """Return an empty list: server groups are not supported. Raises Forbidden."""
        policy.SERVER_GROUPS_LIST.require(ctx.caller, ctx.caller.project_id)
        return []
