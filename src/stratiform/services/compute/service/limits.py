"""Limits of projects. Source: Compute API reference, "Limits"."""

from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.services.compute import policy
from stratiform.services.compute.model.project_usage import ProjectUsage
from stratiform.services.compute.repository import servers as repository


@dataclass(frozen=True, slots=True)
class Limits:
    """Operations of `/limits`."""

    def get_usage(self, ctx: RequestContext, project_id: str | None = None) -> ProjectUsage:
        """Return the usage of a project, by default the caller's. Raises Forbidden."""
        project_id = project_id or ctx.caller.require_project_id()
        policy.LIMITS_SHOW.require(ctx.caller, project_id)
        return repository.compute_project_usage(ctx.db, project_id)
