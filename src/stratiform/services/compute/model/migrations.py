"""Migrations: resizes of servers, which stay in their cloud. Source: Compute API reference, "Migrations"."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.services.compute.model.instance_actions import InstanceAction

#: The actions that a migration is derived from, in the order in which they may follow each other.
RESIZE, CONFIRM, REVERT = "resize", "confirmResize", "revertResize"
ACTIONS = (RESIZE, CONFIRM, REVERT)


@dataclass(frozen=True, slots=True)
class Migration:
    """One resize. `status`: Nova's, such as `finished` for one that is neither confirmed nor reverted."""

    id: str
    server_id: str
    project_id: str
    user_id: str
    status: str
    created_at: Micros
    updated_at: Micros
    cloud_name: str = ""

    @property
    def number(self) -> int:
        """The id of the migration."""
        return int(self.id[-7:].replace("-", ""), 16)


@dataclass(frozen=True, slots=True)
class MigrationFilter:
    """Filters of a list; None: no filter. `since` and `before` are times of the last change."""

    host: str | None = None
    status: str | None = None
    server_id: str | None = None
    user_id: str | None = None
    project_id: str | None = None
    since: Micros | None = None
    before: Micros | None = None

    def matches(self, migration: Migration) -> bool:
        pairs = (
            (self.host, migration.cloud_name),
            (self.status, migration.status),
            (self.server_id, migration.server_id),
            (self.user_id, migration.user_id),
            (self.project_id, migration.project_id),
        )
        if any(expected not in (None, actual) for expected, actual in pairs):
            return False
        since, before = self.since or 0, self.before
        return since <= migration.updated_at and (before is None or migration.updated_at <= before)


def derive_migrations(actions: Sequence[InstanceAction]) -> list[Migration]:
    """Return the migrations of one server, oldest first, from its `ACTIONS`, oldest first."""
    migrations: list[Migration] = []
    for action in actions:
        if action.action == RESIZE:
            migrations.append(_build(action, action, _get_status(action, "migrating", "finished")))
        elif migrations:
            states = ("confirming", "confirmed") if action.action == CONFIRM else ("reverting", "reverted")
            migrations[-1] = _build(migrations[-1], action, _get_status(action, *states))
    return migrations


def group_by_server(actions: Sequence[InstanceAction]) -> Iterator[list[InstanceAction]]:
    """Return the actions of each server, in their order."""
    groups: dict[str, list[InstanceAction]] = {}
    for action in actions:
        groups.setdefault(action.server_id, []).append(action)
    yield from groups.values()


def _get_status(action: InstanceAction, in_progress: str, complete: str) -> str:
    if action.finished_at is None:
        return in_progress
    return complete if action.message is None else "error"


def _build(origin: InstanceAction | Migration, last: InstanceAction, status: str) -> Migration:
    return Migration(
        id=origin.id,
        server_id=origin.server_id,
        project_id=origin.project_id,
        user_id=origin.user_id,
        status=status,
        created_at=origin.started_at if isinstance(origin, InstanceAction) else origin.created_at,
        updated_at=last.finished_at or last.started_at,
    )
