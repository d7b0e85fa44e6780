"""Limits of projects. Source: Compute API reference, "Limits"."""

from collections.abc import Mapping
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.services.compute import policy
from stratiform.services.compute.model.quotas import QuotaUsage
from stratiform.services.compute.service.quotas import Quotas


@dataclass(frozen=True, slots=True)
class Limits:
    """Operations of `/limits`."""

    quotas: Quotas

    def get_usage(self, ctx: RequestContext, project_id: str | None = None) -> Mapping[str, QuotaUsage]:
        """Return limits and usage of a project, by default the caller's, by resource. Raises Forbidden."""
        project_id = project_id or ctx.caller.require_project_id()
        policy.LIMITS_SHOW.require(ctx.caller, project_id)
        return self.quotas.get_usage(ctx.db, project_id)
