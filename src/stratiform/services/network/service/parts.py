"""What every verb of networking stands on."""

from dataclasses import dataclass, replace
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.db import Database, Rows
from stratiform.kit.errors import NotFound
from stratiform.kit.ids import Ids
from stratiform.kit.policy import Caller
from stratiform.services.clouds.service import CloudsService
from stratiform.services.network.errors import BadRequest
from stratiform.services.network.policy import policy


@dataclass(frozen=True, slots=True)
class Parts:
    """The database, where ids come from, and the clouds."""

    database: Database
    ids: Ids
    clouds: CloudsService


def sees_all(caller: Caller) -> bool:
    """The operator lists what every project has."""
    return caller.is_admin or (caller.system and "reader" in caller.roles)


def owner(caller: Caller, asked: str | None) -> str:
    """Whose the new thing is. Raises BadRequest where somebody makes things for another project."""
    if asked is None or asked == caller.project_id:
        return caller.project()
    if not caller.is_admin:
        raise BadRequest(
            "Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires admin"
            " privileges"
        )
    return asked


def require_listing(caller: Caller, rule: str) -> None:
    """Who may list at all: readers of their project, and who sees everything."""
    if not sees_all(caller):
        policy.require(caller, rule, caller.project())


def require_visible(caller: Caller, rule: str, project_id: str, missing: NotFound) -> None:
    """Raises `missing` for a stranger, Forbidden for somebody of the project without the role."""
    if not sees_all(caller):
        if caller.project_id != project_id:
            raise missing
        policy.require(caller, rule, project_id)


def changed(ctx: RequestContext, rows: Rows[Any], record: Any, values: dict[str, Any]) -> Any:
    """Write `values` into the row of `record`: its revision goes up, its time of change is now."""
    after = replace(record, **values, updated_at=ctx.now, revision=record.revision + 1)
    return rows.save(ctx.db, after)
