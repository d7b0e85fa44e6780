"""Queries on role assignments."""

from collections.abc import Iterable, Mapping

from sqlalchemy import ColumnElement, and_, or_, select

from stratiform.kit.database import Connection, upsert
from stratiform.services.identity import tables as t
from stratiform.services.identity.model import RoleAssignment, TargetKind
from stratiform.services.identity.repository.gateways import assignments
from stratiform.services.identity.repository.users_and_groups import select_group_ids


def create_assignment(db: Connection, assignment: RoleAssignment) -> None:
    row = assignments.to_columns(assignment)
    upsert(db, t.assignments, row, key=tuple(column.name for column in t.assignments.primary_key), on_conflict={})


def delete_assignment(db: Connection, assignment: RoleAssignment) -> bool:
    """Return False if the assignment does not exist."""
    return assignments.delete(db, *_equals(assignments.to_columns(assignment))) > 0


def has_assignment(db: Connection, assignment: RoleAssignment) -> bool:
    return assignments.find_first(db, *_equals(assignments.to_columns(assignment))) is not None


def list_assignments(db: Connection, **filters: str | bool) -> list[RoleAssignment]:
    """Return the assignments whose columns equal `filters`."""
    c = t.assignments.c
    return assignments.list_all(db, *_equals(filters), order=(c.actor_id, c.target_id, c.role_id, c.inherited))


def _equals(values: Mapping[str, str | bool]) -> list[ColumnElement[bool]]:
    return [t.assignments.c[name] == value for name, value in values.items()]


def list_user_assignments(db: Connection, user_id: str) -> list[RoleAssignment]:
    """Return the assignments of a user and of the user's groups."""
    return assignments.list_all(db, _applies_to(user_id))


def list_role_ids(
    db: Connection,
    user_id: str,
    target_kind: TargetKind,
    target_id: str,
    inherited_from: Iterable[tuple[TargetKind, str]] = (),
) -> set[str]:
    """Return the roles of a user on a target: direct ones, those of groups, and those of `inherited_from`."""
    c = t.assignments.c
    direct = and_(c.target_kind == target_kind, c.target_id == target_id, c.inherited.is_(False))
    inherited = [
        and_(c.target_kind == kind, c.target_id == ancestor_id, c.inherited.is_(True))
        for kind, ancestor_id in inherited_from
    ]
    query = select(c.role_id).where(_applies_to(user_id), or_(direct, *inherited))
    return {role_id for (role_id,) in db.execute(query)}


def _applies_to(user_id: str) -> ColumnElement[bool]:
    c = t.assignments.c
    by_user = and_(c.actor_kind == "user", c.actor_id == user_id)
    by_group = and_(c.actor_kind == "group", c.actor_id.in_(select_group_ids(user_id)))
    return or_(by_user, by_group)
