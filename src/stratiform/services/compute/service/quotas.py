"""Limits and usage of projects, and the check of new resources against them."""

from collections.abc import Mapping
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.services.compute.errors import QuotaExceeded, TooManyKeyPairs, TooManyServerGroups
from stratiform.services.compute.model.flavors import FlavorSnapshot
from stratiform.services.compute.model.quotas import FIXED_DEFAULTS, QuotaUsage
from stratiform.services.compute.repository import keypairs, quotas, server_groups, servers

#: The quota class with the limits of all projects without limits of their own.
DEFAULT_CLASS = "default"


@dataclass(frozen=True, slots=True)
class Quotas:
    """`settings`: the limits by resource that the installation's settings define."""

    settings: Mapping[str, int]

    def get_defaults(self, db: Connection, class_name: str = DEFAULT_CLASS) -> dict[str, int]:
        """Return the limits of a quota class by resource."""
        return {**FIXED_DEFAULTS, **self.settings, **quotas.list_class_limits(db, class_name)}

    def get_limits(self, db: Connection, project_id: str) -> dict[str, int]:
        """Return the limits of a project by resource."""
        return {**self.get_defaults(db), **quotas.list_project_limits(db, project_id)}

    def get_usage(self, db: Connection, project_id: str) -> dict[str, QuotaUsage]:
        """Return limits and usage of a project by resource."""
        usage = servers.compute_project_usage(db, project_id)
        used = {
            "instances": usage.servers,
            "cores": usage.vcpus,
            "ram": usage.ram,
            "server_groups": server_groups.count_groups(db, project_id),
        }
        limits = self.get_limits(db, project_id)
        return {resource: QuotaUsage(limit, used.get(resource, 0)) for resource, limit in limits.items()}

    def reserve_servers(
        self, ctx: RequestContext, project_id: str, flavor: FlavorSnapshot, min_count: int, max_count: int
    ) -> int:
        """Return how many servers of a flavor the project may create, from `min_count` to `max_count`.

        Concurrent requests of a project wait for each other until they commit. Raises QuotaExceeded.
        """
        quotas.lock_owner(ctx.db, project_id)
        usage = self.get_usage(ctx.db, project_id)
        for count in range(max_count, min_count - 1, -1):
            needed = {"instances": count, "cores": count * flavor["vcpus"], "ram": count * flavor["ram"]}
            if all(usage[resource].has_room(number) for resource, number in needed.items()):
                return count
        raise QuotaExceeded(_describe(needed, usage))

    def reserve_resize(
        self, ctx: RequestContext, project_id: str, flavor: FlavorSnapshot, new_flavor: FlavorSnapshot
    ) -> None:
        """Check the growth of a server that is resized. Raises QuotaExceeded."""
        growth = {"cores": new_flavor["vcpus"] - flavor["vcpus"], "ram": new_flavor["ram"] - flavor["ram"]}
        needed = {resource: number for resource, number in growth.items() if number > 0}
        if not needed:
            return
        quotas.lock_owner(ctx.db, project_id)
        usage = self.get_usage(ctx.db, project_id)
        if any(not usage[resource].has_room(number) for resource, number in needed.items()):
            raise QuotaExceeded(_describe(needed, usage))

    def reserve_keypair(self, ctx: RequestContext, user_id: str) -> None:
        """Raises TooManyKeyPairs."""
        quotas.lock_owner(ctx.db, user_id)
        limit = self.get_limits(ctx.db, ctx.caller.project_id or "")["key_pairs"]
        if not QuotaUsage(limit, keypairs.count_keypairs(ctx.db, user_id)).has_room(1):
            raise TooManyKeyPairs

    def reserve_server_group(self, ctx: RequestContext, project_id: str) -> None:
        """Raises TooManyServerGroups."""
        quotas.lock_owner(ctx.db, project_id)
        if not self.get_usage(ctx.db, project_id)["server_groups"].has_room(1):
            raise TooManyServerGroups


def _describe(needed: Mapping[str, int], usage: Mapping[str, QuotaUsage]) -> dict[str, tuple[int, int, int]]:
    """Return the requested number, the usage and the limit of each resource without room."""
    return {
        resource: (number, usage[resource].in_use, usage[resource].limit)
        for resource, number in needed.items()
        if not usage[resource].has_room(number)
    }
