"""Quota sets and limits: all are unlimited, only usage is reported."""

from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.services.volume import policy, repository
from stratiform.services.volume.model import QuotaUsage


@dataclass(frozen=True, slots=True)
class QuotaSets:
    """Usage that counts against quotas."""

    def get_limits(self, ctx: RequestContext) -> QuotaUsage:
        """Return the usage of the caller's project."""
        policy.LIMITS_GET.require(ctx.caller, ctx.caller.project_id)
        return _usage(ctx, ctx.caller.project_id or "")

    def get(self, ctx: RequestContext, project_id: str) -> QuotaUsage:
        """Return the usage of a project."""
        policy.QUOTA_GET.require(ctx.caller, project_id)
        return _usage(ctx, project_id)


def _usage(ctx: RequestContext, project_id: str) -> QuotaUsage:
    type_names = {volume_type.id: volume_type.name for volume_type in repository.volume_types.list_all(ctx.db)}
    rows = repository.sum_usage_by_type(ctx.db, project_id)
    return QuotaUsage(
        volumes=sum(count for _, count, _ in rows),
        gigabytes=sum(gib for _, _, gib in rows),
        by_type={type_names[type_id]: (count, gib) for type_id, count, gib in rows if type_id in type_names},
        type_names=sorted(type_names.values()),
    )
