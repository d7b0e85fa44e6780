"""Who may read which usage."""

from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import NotFound
from stratiform.kit.policy import Caller
from stratiform.services.ledger import policy, repository
from stratiform.services.ledger.model import UsageFilter


@dataclass(frozen=True, slots=True)
class UsageAccess:
    """Restricts filters to what a caller may read."""

    def restrict_filter(self, ctx: RequestContext, usage_filter: UsageFilter) -> UsageFilter:
        """Return `usage_filter` restricted to the caller's project, unless the caller may read all projects.

        Raises Forbidden, and NotFound for a project of others.
        """
        return restrict_filter(ctx, usage_filter)

    def restrict_and_pin_position(self, ctx: RequestContext, usage_filter: UsageFilter) -> UsageFilter:
        """As `restrict_filter`, and set `as_of` to the current position, so that pages read later fit together."""
        return restrict_and_pin_position(ctx, usage_filter)

    def allows_all(self, caller: Caller) -> bool:
        """Return True if the caller may read the usage of all projects."""
        return policy.SEGMENTS_LIST_ALL.allows(caller, None)

    def allows(self, caller: Caller, project_id: str) -> bool:
        """Return True if the caller may read the usage of the project."""
        return policy.SEGMENTS_LIST.allows(caller, project_id)


def restrict_filter(ctx: RequestContext, usage_filter: UsageFilter) -> UsageFilter:
    """See `UsageAccess.restrict_filter`."""
    if policy.SEGMENTS_LIST_ALL.allows(ctx.caller, None):
        return usage_filter
    if usage_filter.project_id is None:
        usage_filter = replace(usage_filter, project_id=ctx.caller.require_project_id())
    project_id = str(usage_filter.project_id)
    policy.SEGMENTS_LIST.require_visible(ctx.caller, project_id, NotFound(f"Project {project_id} could not be found."))
    return usage_filter


def restrict_and_pin_position(ctx: RequestContext, usage_filter: UsageFilter) -> UsageFilter:
    """See `UsageAccess.restrict_and_pin_position`."""
    restricted = restrict_filter(ctx, usage_filter)
    if restricted.as_of is not None:
        return restricted
    return replace(restricted, as_of=repository.batches.get_current_position(ctx.db))
