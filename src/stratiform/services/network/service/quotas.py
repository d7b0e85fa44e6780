"""Quotas. Networks, subnets and ports are unlimited."""

from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.services.network import policy
from stratiform.services.network.model import QuotaUsage
from stratiform.services.network.repository import resources

_UNLIMITED = -1

#: Each project has its default security group; the other resources are not supported.
_FIXED_QUOTAS = {
    "security_group": QuotaUsage(limit=1, used=1),
    "security_group_rule": QuotaUsage(limit=4, used=4),
    "router": QuotaUsage(limit=0, used=0),
    "floatingip": QuotaUsage(limit=0, used=0),
    "subnetpool": QuotaUsage(limit=0, used=0),
    "rbac_policy": QuotaUsage(limit=0, used=0),
}


@dataclass(frozen=True, slots=True)
class Quotas:
    """Limits and usage by resource name."""

    def get(self, ctx: RequestContext, project_id: str) -> dict[str, QuotaUsage]:
        policy.QUOTAS_GET.require(ctx.caller, project_id)
        counts = resources.count_by_resource(ctx.db, project_id)
        return {name: QuotaUsage(_UNLIMITED, used) for name, used in counts.items()} | _FIXED_QUOTAS
