"""Ownership and visibility of resources, and the standard attributes of updates."""

from dataclasses import replace
from typing import TypeVar

from stratiform.kit.context import RequestContext
from stratiform.kit.database import TableGateway
from stratiform.kit.errors import NotFound
from stratiform.kit.policy import Caller, Rule
from stratiform.services.network.errors import BadRequest
from stratiform.services.network.model import Attributes, Network, Port, Subnet

R = TypeVar("R", Network, Subnet, Port)


def sees_all_projects(caller: Caller) -> bool:
    return caller.is_admin or (caller.system and "reader" in caller.roles)


def resolve_owner(caller: Caller, project_id: str | None) -> str:
    """Return the project of a new resource. Raises BadRequest if a caller who is not an admin names another project."""
    if project_id is None or project_id == caller.project_id:
        return caller.require_project_id()
    if not caller.is_admin:
        raise BadRequest(
            "Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires admin"
            " privileges"
        )
    return project_id


def require_list(caller: Caller, rule: Rule) -> None:
    """Raises Forbidden unless the caller reads every project, or may read the token's project."""
    if not sees_all_projects(caller):
        rule.require(caller, caller.require_project_id())


def require_visible(caller: Caller, rule: Rule, project_id: str, not_found: NotFound) -> None:
    """Raises `not_found` for a caller of another project, Forbidden without the role."""
    if not sees_all_projects(caller):
        rule.require_visible(caller, project_id, not_found)


def save_changes(ctx: RequestContext, rows: TableGateway[R], record: R, changes: Attributes) -> R:
    """Save a record with changed attributes, a new revision number and a new time of update."""
    return rows.save(ctx.db, replace(record, **changes, updated_at=ctx.now, revision=record.revision + 1))
