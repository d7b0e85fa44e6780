"""Quotas of projects; every quota is unlimited. Source: Compute API reference, "Quota sets (os-quota-sets)"."""

from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.services.compute import policy
from stratiform.services.compute.model.project_usage import ProjectUsage
from stratiform.services.compute.repository import servers as repository


@dataclass(frozen=True, slots=True)
class QuotaSets:
    """Operations of `/os-quota-sets`."""

    def get_usage(self, ctx: RequestContext, project_id: str) -> ProjectUsage:
        """Raises Forbidden."""
        policy.QUOTA_SETS_SHOW.require(ctx.caller, project_id)
        return repository.compute_project_usage(ctx.db, project_id)
