"""Every query of identity."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update

from stratiform.kit.clock import Micros
from stratiform.kit.db import Connection, IntegrityError, Record, Rows, upsert
from stratiform.kit.pagination import Slice, paginate
from stratiform.services.identity import tables as t
from stratiform.services.identity.errors import Duplicate
from stratiform.services.identity.model import (
    ApplicationCredential,
    Assignment,
    Endpoint,
    Group,
    Project,
    Query,
    Region,
    Role,
    Service,
    TargetKind,
    User,
)

projects = Rows(t.projects, Project)
users = Rows(t.users, User)
groups = Rows(t.groups, Group)
roles = Rows(t.roles, Role)
assignments = Rows(t.assignments, Assignment, key="role_id")
regions = Rows(t.regions, Region)
services = Rows(t.services, Service)
endpoints = Rows(t.endpoints, Endpoint)
credentials = Rows(t.application_credentials, ApplicationCredential)

T = TypeVar("T", bound=Record)

#: Which state of the directory this is: the higher number is the later, and no text is ever used twice.
Stamp = tuple[int, str]

_STATE = "directory"


def stamp(db: Connection) -> Stamp:
    """The directory's stamp; (0, "") before the first change."""
    row = db.execute(select(t.states.c.serial, t.states.c.stamp).where(t.states.c.name == _STATE)).first()
    return (int(row[0]), str(row[1])) if row else (0, "")


def set_stamp(db: Connection, new: str) -> int:
    """The serial number of the new state; until this transaction ends, nobody else gets one."""
    first = {"name": _STATE, "serial": 1, "stamp": new}
    upsert(db, t.states, first, key=("name",), change={"serial": t.states.c.serial + 1, "stamp": new})
    return stamp(db)[0]


def store(db: Connection, rows: Rows[T], record: T, kind: str, *, name: str, domain_id: str = "") -> T:
    """Insert. Raises Duplicate where the name is taken."""
    try:
        return rows.insert(db, record)
    except IntegrityError as error:
        raise Duplicate(kind, name, domain_id) from error


def keep(db: Connection, rows: Rows[T], record: T, kind: str, *, name: str, domain_id: str = "") -> T:
    """Write a changed record. Raises Duplicate where its new name is taken."""
    try:
        return rows.save(db, record)
    except IntegrityError as error:
        raise Duplicate(kind, name, domain_id) from error


def listed(db: Connection, rows: Rows[T], query: Query, *also: ColumnElement[bool]) -> Slice[T]:
    """The records that `query` asks for, and that meet `also`; ordered by key."""
    where = [*conditions(rows, query), *also]
    if query.page is None:
        return Slice(rows.all(db, *where), more=False)
    return rows.page(db, query.page, *where)


def sifted(
    db: Connection, rows: Rows[T], query: Query, admits: Callable[[T], bool], *also: ColumnElement[bool]
) -> Slice[T]:
    """As `listed`, for a condition that SQL doesn't know."""
    found = [record for record in rows.all(db, *conditions(rows, query), *also) if admits(record)]
    if query.page is None:
        return Slice(found, more=False)
    return paginate(found, query.page, key=lambda record: str(getattr(record, rows.key.name)))


def conditions(rows: Rows[Any], query: Query) -> list[ColumnElement[bool]]:
    columns = rows.table.c
    found: list[ColumnElement[bool]] = [columns[name] == value for name, value in query.equal.items()]
    for how, text in query.name_matches:
        found.append(getattr(columns.name, how)(text, autoescape=True))
    return found


def named(db: Connection, rows: Rows[T], name: str, domain_id: str) -> T | None:
    columns = rows.table.c
    return rows.first(db, columns.name == name, columns.domain_id == domain_id)


def domain_named(db: Connection, name: str) -> Project | None:
    """The domain of this name; where there is none, one whose name differs by case alone, as in most Keystones:
    clients ask for "default" or "Default" as they please."""
    found = named(db, projects, name, "")
    if found is None and name:
        columns = t.projects.c
        alike = (columns.is_domain, func.lower(columns.name) == name.lower())
        found = projects.first(db, *alike)
    return found


def domains_by_id(db: Connection, ids: Iterable[str]) -> dict[str, Project]:
    return {found.id: found for found in projects.all(db, t.projects.c.id.in_(sorted(set(ids))))}


def children(db: Connection, project_id: str) -> list[Project]:
    return projects.all(db, t.projects.c.parent_id == project_id)


def above(db: Connection, project: Project) -> list[tuple[TargetKind, str]]:
    """The places from which `project` inherits: the projects over it, and its domain."""
    places: list[tuple[TargetKind, str]] = [("domain", project.domain_id)]
    parent_id = project.parent_id
    while parent_id and parent_id != project.domain_id:
        places.append(("project", parent_id))
        parent = projects.get(db, parent_id)
        parent_id = parent.parent_id if parent else None
    return places


def end_tokens_of_domain(db: Connection, domain_id: str) -> None:
    for table in (t.users, t.projects):
        db.execute(update(table).where(table.c.domain_id == domain_id).values(epoch=table.c.epoch + 1))


def forget_project(db: Connection, project_id: str) -> None:
    """Delete a project (or domain) row and everything that points to it."""
    assignments.delete(db, t.assignments.c.target_id == project_id)
    credentials.delete(db, t.application_credentials.c.project_id == project_id)
    default = t.users.c.default_project_id
    db.execute(update(t.users).where(default == project_id).values(default_project_id=None))
    projects.delete(db, t.projects.c.id == project_id)


def forget_user(db: Connection, user_id: str) -> None:
    assignments.delete(db, t.assignments.c.actor_kind == "user", t.assignments.c.actor_id == user_id)
    credentials.delete(db, t.application_credentials.c.user_id == user_id)
    db.execute(delete(t.memberships).where(t.memberships.c.user_id == user_id))
    users.delete(db, t.users.c.id == user_id)


def forget_group(db: Connection, group_id: str) -> None:
    assignments.delete(db, t.assignments.c.actor_kind == "group", t.assignments.c.actor_id == group_id)
    db.execute(delete(t.memberships).where(t.memberships.c.group_id == group_id))
    groups.delete(db, t.groups.c.id == group_id)


def forget_role(db: Connection, role_id: str) -> None:
    assignments.delete(db, t.assignments.c.role_id == role_id)
    rules = t.implied_roles
    db.execute(delete(rules).where((rules.c.prior_id == role_id) | (rules.c.implied_id == role_id)))
    roles.delete(db, t.roles.c.id == role_id)


def join_group(db: Connection, group_id: str, user_id: str) -> None:
    row = {"group_id": group_id, "user_id": user_id}
    upsert(db, t.memberships, row, key=("group_id", "user_id"), change={})


def leave_group(db: Connection, group_id: str, user_id: str) -> bool:
    return db.execute(delete(t.memberships).where(_membership(group_id, user_id))).rowcount > 0


def is_in_group(db: Connection, group_id: str, user_id: str) -> bool:
    return db.execute(select(t.memberships.c.user_id).where(_membership(group_id, user_id))).first() is not None


def _membership(group_id: str, user_id: str) -> ColumnElement[bool]:
    return (t.memberships.c.group_id == group_id) & (t.memberships.c.user_id == user_id)


def in_group(group_id: str) -> ColumnElement[bool]:
    """Condition on users: member of the group."""
    return t.users.c.id.in_(select(t.memberships.c.user_id).where(t.memberships.c.group_id == group_id))


def with_user(user_id: str) -> ColumnElement[bool]:
    """Condition on groups: the user is in it."""
    return t.groups.c.id.in_(_groups_of(user_id))


def _groups_of(user_id: str) -> Any:
    return select(t.memberships.c.group_id).where(t.memberships.c.user_id == user_id)


def members(db: Connection, group_ids: Iterable[str]) -> dict[str, list[str]]:
    """The users of each of the groups."""
    columns = t.memberships.c
    found: dict[str, list[str]] = {}
    query = select(columns.group_id, columns.user_id).where(columns.group_id.in_(sorted(set(group_ids))))
    for group_id, user_id in db.execute(query.order_by(columns.user_id)):
        found.setdefault(group_id, []).append(user_id)
    return found


def implied(db: Connection) -> dict[str, frozenset[str]]:
    """The roles that each role implies at once."""
    found: dict[str, set[str]] = {}
    for prior_id, implied_id in db.execute(select(t.implied_roles.c.prior_id, t.implied_roles.c.implied_id)):
        found.setdefault(prior_id, set()).add(implied_id)
    return {prior: frozenset(ids) for prior, ids in found.items()}


def imply(db: Connection, prior_id: str, implied_id: str) -> None:
    row = {"prior_id": prior_id, "implied_id": implied_id}
    upsert(db, t.implied_roles, row, key=("prior_id", "implied_id"), change={})


def imply_no_more(db: Connection, prior_id: str, implied_id: str) -> bool:
    rules = t.implied_roles
    return db.execute(delete(rules).where(rules.c.prior_id == prior_id, rules.c.implied_id == implied_id)).rowcount > 0


def assign(db: Connection, new: Assignment) -> None:
    row = assignments.values(new)
    upsert(db, t.assignments, row, key=tuple(column.name for column in t.assignments.primary_key), change={})


def unassign(db: Connection, gone: Assignment) -> bool:
    return assignments.delete(db, *_same(assignments.values(gone))) > 0


def is_assigned(db: Connection, wanted: Assignment) -> bool:
    return assignments.first(db, *_same(assignments.values(wanted))) is not None


def assigned(db: Connection, **equal: str | bool) -> list[Assignment]:
    """The assignments whose columns equal what is given."""
    c = t.assignments.c
    return assignments.all(db, *_same(equal), order=(c.actor_id, c.target_id, c.role_id, c.inherited))


def _same(values: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    return [t.assignments.c[name] == value for name, value in values.items()]


def assigned_to_user(db: Connection, user_id: str) -> list[Assignment]:
    """The assignments of a user, and of the groups the user is in."""
    return assignments.all(db, _held_by(user_id))


def role_ids(
    db: Connection, user_id: str, target_kind: TargetKind, target_id: str, above: Iterable[tuple[TargetKind, str]] = ()
) -> set[str]:
    """The roles that a user has on a target, directly or by a group, or inherits from the places `above`."""
    c = t.assignments.c
    here = and_(c.target_kind == target_kind, c.target_id == target_id, c.inherited.is_(False))
    over = [and_(c.target_kind == kind, c.target_id == key, c.inherited.is_(True)) for kind, key in above]
    query = select(c.role_id).where(_held_by(user_id), or_(here, *over))
    return {role_id for (role_id,) in db.execute(query)}


def _held_by(user_id: str) -> ColumnElement[bool]:
    c = t.assignments.c
    own = and_(c.actor_kind == "user", c.actor_id == user_id)
    by_group = and_(c.actor_kind == "group", c.actor_id.in_(_groups_of(user_id)))
    return or_(own, by_group)


def revoke(db: Connection, audit_id: str, expires_at: Micros, now: Micros) -> None:
    """Remember that the token is dead until it has ended anyway; forget those that have."""
    db.execute(delete(t.revocations).where(t.revocations.c.expires_at <= now))
    row = {"audit_id": audit_id, "expires_at": expires_at}
    upsert(db, t.revocations, row, key=("audit_id",), change={})


def is_revoked(db: Connection, audit_id: str) -> bool:
    return db.execute(select(t.revocations.c.audit_id).where(t.revocations.c.audit_id == audit_id)).first() is not None


def forget_domain_contents(db: Connection, domain_id: str) -> None:
    """Delete every user, group, role and project of a domain."""
    for user in users.all(db, t.users.c.domain_id == domain_id):
        forget_user(db, user.id)
    for group in groups.all(db, t.groups.c.domain_id == domain_id):
        forget_group(db, group.id)
    for role in roles.all(db, t.roles.c.domain_id == domain_id):
        forget_role(db, role.id)
    for project in projects.all(db, t.projects.c.domain_id == domain_id):
        forget_project(db, project.id)
    forget_project(db, domain_id)


def hierarchy(db: Connection, roots: Iterable[str]) -> list[Project]:
    """The projects below `roots`, of every depth."""
    found: list[Project] = []
    level = sorted(set(roots))
    while level:
        below = projects.all(db, t.projects.c.parent_id.in_(level))
        found += below
        level = [project.id for project in below]
    return found
