"""Migrations of servers. Each cloud is one host, so that only resizes are migrations."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.services.compute import policy
from stratiform.services.compute.model.migrations import (
    ACTIONS,
    Migration,
    MigrationFilter,
    derive_migrations,
    group_by_server,
)
from stratiform.services.compute.repository import instance_actions, servers


@dataclass(frozen=True, slots=True)
class Migrations:
    """Operations of `/os-migrations`."""

    def list(self, ctx: RequestContext, filters: MigrationFilter) -> Sequence[Migration]:
        """Return the resizes of all servers, newest first. Raises Forbidden."""
        policy.MIGRATIONS_LIST.require(ctx.caller, None)
        actions = instance_actions.list_named(ctx.db, ACTIONS, filters.server_id)
        migrations = [migration for group in group_by_server(actions) for migration in derive_migrations(group)]
        clouds = servers.list_cloud_names(ctx.db, sorted({migration.server_id for migration in migrations}))
        located = [replace(item, cloud_name=clouds.get(item.server_id, "")) for item in migrations]
        matching = [migration for migration in located if filters.matches(migration)]
        return sorted(matching, key=lambda migration: (migration.created_at, migration.id), reverse=True)
