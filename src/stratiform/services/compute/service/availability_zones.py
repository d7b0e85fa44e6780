"""Availability zones. Source: Compute API reference, "Availability zones"."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.policy import Rule
from stratiform.services.clouds.service import CloudsService
from stratiform.services.compute import policy


@dataclass(frozen=True, slots=True)
class AvailabilityZones:
    """Operations of `/os-availability-zone`."""

    clouds: CloudsService

    def list(self, ctx: RequestContext) -> Sequence[str]:
        """Return the names of the zones that the caller's project is bound to, sorted."""
        return self._list(ctx, policy.AVAILABILITY_ZONES_LIST)

    def list_details(self, ctx: RequestContext) -> Sequence[str]:
        """As `list`, for operators. Raises Forbidden."""
        return self._list(ctx, policy.AVAILABILITY_ZONES_DETAIL)

    def _list(self, ctx: RequestContext, rule: Rule) -> Sequence[str]:
        rule.require(ctx.caller, None)
        if ctx.caller.project_id is None:
            return []
        return sorted(
            {binding.zone for binding in self.clouds.bindings.list_for_project(ctx.db, ctx.caller.project_id)}
        )
