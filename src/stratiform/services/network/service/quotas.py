"""Quotas: the number of resources that a project may have."""

from collections.abc import Iterable, Mapping

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.services.network import policy
from stratiform.services.network.errors import BadRequest, QuotaExceeded
from stratiform.services.network.model import QuotaUsage
from stratiform.services.network.repository import quotas, resource_counts

UNLIMITED = -1

#: Neutron's default limits.
DEFAULT_LIMITS: Mapping[str, int] = {
    "network": 100,
    "subnet": 100,
    "port": 500,
    "security_group": 10,
    "security_group_rule": 100,
    "router": 10,
    "floatingip": 50,
    "subnetpool": UNLIMITED,
    "rbac_policy": 10,
}


class Quotas:
    """Limits and usage by resource name."""

    def get(self, ctx: RequestContext, project_id: str) -> dict[str, QuotaUsage]:
        policy.QUOTAS_GET.require(ctx.caller, project_id)
        return _read(ctx.db, project_id)

    def get_defaults(self, ctx: RequestContext, project_id: str) -> Mapping[str, int]:
        policy.QUOTAS_GET.require(ctx.caller, project_id)
        return DEFAULT_LIMITS

    def list(self, ctx: RequestContext) -> dict[str, dict[str, QuotaUsage]]:
        """Return the quotas of all projects with limits of their own, by project."""
        policy.QUOTAS_LIST.require(ctx.caller, None)
        return {project_id: _read(ctx.db, project_id) for project_id in quotas.list_projects(ctx.db)}

    def update(
        self, ctx: RequestContext, project_id: str, limits: Mapping[str, int], *, check: bool = False
    ) -> dict[str, QuotaUsage]:
        """Set limits. `check`: refuse those that are lower than the usage. Raises: BadRequest."""
        policy.QUOTAS_UPDATE.require(ctx.caller, project_id)
        usage = _read(ctx.db, project_id)
        for resource, limit in limits.items():
            if resource not in DEFAULT_LIMITS:
                raise BadRequest(f"Unrecognized attribute(s) '{resource}'")
            if check and UNLIMITED < limit < usage[resource].used:
                raise BadRequest(f"Quota limit {limit} of {resource} is lower than the usage {usage[resource].used}.")
            quotas.save_limit(ctx.db, project_id, resource, limit)
        return _read(ctx.db, project_id)

    def delete(self, ctx: RequestContext, project_id: str) -> None:
        """Reset all limits of a project to the defaults."""
        policy.QUOTAS_DELETE.require(ctx.caller, project_id)
        quotas.delete_limits(ctx.db, project_id)

    def lock(self, db: Connection, project_id: str) -> None:
        """Lock the quota of a project, before any other row: locks in one order prevent deadlocks."""
        quotas.lock_project(db, project_id)

    def lock_all(self, db: Connection, project_ids: Iterable[str]) -> None:
        """Lock the quotas of several projects, in the order of ids."""
        for project_id in sorted(set(project_ids)):
            self.lock(db, project_id)

    def reserve(self, db: Connection, project_id: str, resource: str, number: int = 1) -> None:
        """Check that a project may create `number` more resources. Raises QuotaExceeded.

        Concurrent requests of a project wait for each other until they commit.
        """
        if not project_id or resource not in DEFAULT_LIMITS:
            return
        limit = quotas.list_limits(db, project_id).get(resource, DEFAULT_LIMITS[resource])
        if limit == UNLIMITED:
            return
        quotas.lock_project(db, project_id)
        if resource_counts.count(db, resource, project_id) + number > limit:
            raise QuotaExceeded(resource)


def _read(db: Connection, project_id: str) -> dict[str, QuotaUsage]:
    limits = {**DEFAULT_LIMITS, **quotas.list_limits(db, project_id)}
    return {
        resource: QuotaUsage(limit, resource_counts.count(db, resource, project_id))
        for resource, limit in limits.items()
        if resource in DEFAULT_LIMITS
    }
