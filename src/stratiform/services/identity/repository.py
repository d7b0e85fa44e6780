"""Queries of the identity service."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, update

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, IntegrityError, RowDataclass, TableGateway, upsert
from stratiform.kit.pagination import Slice, paginate_list
from stratiform.services.identity import tables as t
from stratiform.services.identity.errors import NameConflict
from stratiform.services.identity.model import (
    ApplicationCredential,
    Endpoint,
    Group,
    ListQuery,
    Project,
    Region,
    Role,
    RoleAssignment,
    Service,
    TargetKind,
    User,
)

projects = TableGateway(t.projects, Project)
users = TableGateway(t.users, User)
groups = TableGateway(t.groups, Group)
roles = TableGateway(t.roles, Role)
assignments = TableGateway(t.assignments, RoleAssignment, key="role_id")
regions = TableGateway(t.regions, Region)
services = TableGateway(t.services, Service)
endpoints = TableGateway(t.endpoints, Endpoint)
application_credentials = TableGateway(t.application_credentials, ApplicationCredential)

T = TypeVar("T", bound=RowDataclass)

#: Serial number and unique stamp of a state of the directory. Serial numbers increase.
Revision = tuple[int, str]

_DIRECTORY = "directory"


# Directory revision


def get_directory_revision(db: Connection) -> Revision:
    """Return the current revision, or (0, "") before the first change."""
    row = db.execute(select(t.states.c.serial, t.states.c.stamp).where(t.states.c.name == _DIRECTORY)).first()
    return (int(row[0]), str(row[1])) if row else (0, "")


def create_directory_revision(db: Connection, stamp: str) -> int:
    """Create a revision with `stamp` and return its serial number. Blocks other writers until the transaction ends."""
    first = {"name": _DIRECTORY, "serial": 1, "stamp": stamp}
    upsert(db, t.states, first, key=("name",), on_conflict={"serial": t.states.c.serial + 1, "stamp": stamp})
    return get_directory_revision(db)[0]


# Records of any table


def insert_unique(db: Connection, rows: TableGateway[T], record: T, conflict: NameConflict) -> T:
    """Insert a record, or raise `conflict` if it violates a unique constraint."""
    try:
        return rows.insert(db, record)
    except IntegrityError as error:
        raise conflict from error


def save_unique(db: Connection, rows: TableGateway[T], record: T, conflict: NameConflict) -> T:
    """Update a record, or raise `conflict` if it violates a unique constraint."""
    try:
        return rows.save(db, record)
    except IntegrityError as error:
        raise conflict from error


def list_records(db: Connection, rows: TableGateway[T], query: ListQuery, *where: ColumnElement[bool]) -> Slice[T]:
    """Return the records that match `query` and `where`, ordered by key."""
    conditions = [*_conditions(rows, query), *where]
    if query.page is None:
        return Slice(rows.list_all(db, *conditions), more=False)
    return rows.list_page(db, query.page, *conditions)


def list_matching(db: Connection, rows: TableGateway[T], query: ListQuery, matches: Callable[[T], bool]) -> Slice[T]:
    """Return the records that match `query` and the predicate `matches`, ordered by key."""
    records = [record for record in rows.list_all(db, *_conditions(rows, query)) if matches(record)]
    if query.page is None:
        return Slice(records, more=False)
    return paginate_list(records, query.page, key=lambda record: str(getattr(record, rows.key.name)))


def _conditions(rows: TableGateway[Any], query: ListQuery) -> list[ColumnElement[bool]]:
    columns = rows.table.c
    conditions: list[ColumnElement[bool]] = [columns[name] == value for name, value in query.filters.items()]
    for operator, text in query.name_matches:
        conditions.append(getattr(columns.name, operator)(text, autoescape=True))
    return conditions


def find_by_ids(db: Connection, rows: TableGateway[T], ids: Iterable[str]) -> list[T]:
    """Return the existing records among `ids`, ordered by key."""
    return rows.list_all(db, rows.key.in_(sorted(set(ids))))


def find_by_name(db: Connection, rows: TableGateway[T], name: str, domain_id: str) -> T | None:
    columns = rows.table.c
    return rows.find_first(db, columns.name == name, columns.domain_id == domain_id)


# Projects and domains


def find_domain_by_name(db: Connection, name: str) -> Project | None:
    """Find a domain by its exact name, else by its name in any case.

    Clients use "default" and "Default" interchangeably, and most Keystone databases compare without case.
    """
    domain = find_by_name(db, projects, name, "")
    if domain is None and name:
        columns = t.projects.c
        domain = projects.find_first(db, columns.is_domain, func.lower(columns.name) == name.lower())
    return domain


def list_domains(db: Connection, query: ListQuery) -> Slice[Project]:
    return list_records(db, projects, query, t.projects.c.is_domain.is_(True))


def has_children(db: Connection, project_id: str) -> bool:
    return projects.find_first(db, t.projects.c.parent_id == project_id) is not None


def list_inheritance_targets(db: Connection, project: Project) -> list[tuple[TargetKind, str]]:
    """Return the targets whose inherited assignments apply to `project`: its domain, then its parents upwards."""
    targets: list[tuple[TargetKind, str]] = [("domain", project.domain_id)]
    parent_id = project.parent_id
    while parent_id and parent_id != project.domain_id:
        targets.append(("project", parent_id))
        parent = projects.find(db, parent_id)
        parent_id = parent.parent_id if parent else None
    return targets


def list_descendants(db: Connection, root_ids: Iterable[str]) -> list[Project]:
    """Return the projects below `root_ids`, at every depth."""
    descendants: list[Project] = []
    level = sorted(set(root_ids))
    while level:
        children = projects.list_all(db, t.projects.c.parent_id.in_(level))
        descendants += children
        level = [project.id for project in children]
    return descendants


def list_assigned_projects(db: Connection, user_id: str, query: ListQuery) -> Slice[Project]:
    """Return the projects on which a user has a role, directly, by a group, or by inheritance."""
    assigned = list_user_assignments(db, user_id)
    ids = {a.target_id for a in assigned if a.target_kind == "project" and not a.inherited}
    inheriting = {a.target_id for a in assigned if a.inherited}
    if inheriting:
        ids |= {project.id for project in list_descendants(db, inheriting)}
    columns = t.projects.c
    return list_records(db, projects, query, columns.id.in_(sorted(ids)), columns.is_domain.is_(False))


def invalidate_domain_tokens(db: Connection, domain_id: str) -> None:
    """Invalidate the tokens of the users of a domain and those scoped to its projects."""
    for table in (t.users, t.projects):
        db.execute(update(table).where(table.c.domain_id == domain_id).values(epoch=table.c.epoch + 1))


def delete_project(db: Connection, project_id: str) -> None:
    """Delete a project or domain, and all references to it."""
    assignments.delete(db, t.assignments.c.target_id == project_id)
    application_credentials.delete(db, t.application_credentials.c.project_id == project_id)
    default = t.users.c.default_project_id
    db.execute(update(t.users).where(default == project_id).values(default_project_id=None))
    projects.delete(db, t.projects.c.id == project_id)


def delete_domain(db: Connection, domain_id: str) -> None:
    """Delete a domain with its users, groups, roles and projects."""
    for user in users.list_all(db, t.users.c.domain_id == domain_id):
        delete_user(db, user.id)
    for group in groups.list_all(db, t.groups.c.domain_id == domain_id):
        delete_group(db, group.id)
    for role in roles.list_all(db, t.roles.c.domain_id == domain_id):
        delete_role(db, role.id)
    for project in projects.list_all(db, t.projects.c.domain_id == domain_id):
        delete_project(db, project.id)
    delete_project(db, domain_id)


# Users and groups


def delete_user(db: Connection, user_id: str) -> None:
    """Delete a user, and all references to the user."""
    assignments.delete(db, t.assignments.c.actor_kind == "user", t.assignments.c.actor_id == user_id)
    application_credentials.delete(db, t.application_credentials.c.user_id == user_id)
    db.execute(delete(t.memberships).where(t.memberships.c.user_id == user_id))
    users.delete(db, t.users.c.id == user_id)


def delete_group(db: Connection, group_id: str) -> None:
    """Delete a group, and all references to it."""
    assignments.delete(db, t.assignments.c.actor_kind == "group", t.assignments.c.actor_id == group_id)
    db.execute(delete(t.memberships).where(t.memberships.c.group_id == group_id))
    groups.delete(db, t.groups.c.id == group_id)


def create_membership(db: Connection, group_id: str, user_id: str) -> None:
    row = {"group_id": group_id, "user_id": user_id}
    upsert(db, t.memberships, row, key=("group_id", "user_id"), on_conflict={})


def delete_membership(db: Connection, group_id: str, user_id: str) -> bool:
    """Return False if the user is not a member of the group."""
    return db.execute(delete(t.memberships).where(_membership(group_id, user_id))).rowcount > 0


def is_member(db: Connection, group_id: str, user_id: str) -> bool:
    return db.execute(select(t.memberships.c.user_id).where(_membership(group_id, user_id))).first() is not None


def _membership(group_id: str, user_id: str) -> ColumnElement[bool]:
    return (t.memberships.c.group_id == group_id) & (t.memberships.c.user_id == user_id)


def list_group_users(db: Connection, group_id: str, query: ListQuery) -> Slice[User]:
    members = select(t.memberships.c.user_id).where(t.memberships.c.group_id == group_id)
    return list_records(db, users, query, t.users.c.id.in_(members))


def list_user_groups(db: Connection, user_id: str, query: ListQuery) -> Slice[Group]:
    return list_records(db, groups, query, t.groups.c.id.in_(_group_ids(user_id)))


def _group_ids(user_id: str) -> Select[tuple[str]]:
    return select(t.memberships.c.group_id).where(t.memberships.c.user_id == user_id)


def list_members(db: Connection, group_ids: Iterable[str]) -> dict[str, list[str]]:
    """Return the user ids of each group that has members."""
    columns = t.memberships.c
    members: dict[str, list[str]] = {}
    query = select(columns.group_id, columns.user_id).where(columns.group_id.in_(sorted(set(group_ids))))
    for group_id, user_id in db.execute(query.order_by(columns.user_id)):
        members.setdefault(group_id, []).append(user_id)
    return members


# Roles and role assignments


def list_global_roles(db: Connection) -> list[Role]:
    return roles.list_all(db, t.roles.c.domain_id == "")


def delete_role(db: Connection, role_id: str) -> None:
    """Delete a role, and all references to it."""
    assignments.delete(db, t.assignments.c.role_id == role_id)
    rules = t.implied_roles
    db.execute(delete(rules).where((rules.c.prior_id == role_id) | (rules.c.implied_id == role_id)))
    roles.delete(db, t.roles.c.id == role_id)


def list_implied_roles(db: Connection) -> dict[str, frozenset[str]]:
    """Return the ids of the roles that each prior role implies directly."""
    implied: dict[str, set[str]] = {}
    for prior_id, implied_id in db.execute(select(t.implied_roles.c.prior_id, t.implied_roles.c.implied_id)):
        implied.setdefault(prior_id, set()).add(implied_id)
    return {prior_id: frozenset(ids) for prior_id, ids in implied.items()}


def create_implied_role(db: Connection, prior_id: str, implied_id: str) -> None:
    row = {"prior_id": prior_id, "implied_id": implied_id}
    upsert(db, t.implied_roles, row, key=("prior_id", "implied_id"), on_conflict={})


def delete_implied_role(db: Connection, prior_id: str, implied_id: str) -> bool:
    """Return False if the role is not implied."""
    rules = t.implied_roles
    return db.execute(delete(rules).where(rules.c.prior_id == prior_id, rules.c.implied_id == implied_id)).rowcount > 0


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
    by_group = and_(c.actor_kind == "group", c.actor_id.in_(_group_ids(user_id)))
    return or_(by_user, by_group)


# Application credentials and tokens


def find_application_credential(db: Connection, user_id: str, name: str) -> ApplicationCredential | None:
    columns = t.application_credentials.c
    return application_credentials.find_first(db, columns.user_id == user_id, columns.name == name)


def list_application_credentials(db: Connection, user_id: str, query: ListQuery) -> Slice[ApplicationCredential]:
    return list_records(db, application_credentials, query, t.application_credentials.c.user_id == user_id)


def revoke_token(db: Connection, audit_id: str, expires_at: Micros, now: Micros) -> None:
    """Store the revocation of a token and its chain until they expire, and delete revocations of expired tokens."""
    db.execute(delete(t.revocations).where(t.revocations.c.expires_at <= now))
    row = {"audit_id": audit_id, "expires_at": expires_at}
    upsert(db, t.revocations, row, key=("audit_id",), on_conflict={})


def is_any_revoked(db: Connection, audit_ids: Sequence[str]) -> bool:
    c = t.revocations.c
    return db.execute(select(c.audit_id).where(c.audit_id.in_(audit_ids)).limit(1)).first() is not None


# Service catalog


def list_enabled_services(db: Connection) -> list[Service]:
    columns = t.services.c
    return services.list_all(db, columns.enabled.is_(True), order=(columns.type, columns.id))


def delete_service(db: Connection, service_id: str) -> None:
    """Delete a service with its endpoints."""
    endpoints.delete(db, t.endpoints.c.service_id == service_id)
    services.delete(db, t.services.c.id == service_id)


def list_enabled_endpoints(db: Connection) -> list[Endpoint]:
    return endpoints.list_all(db, t.endpoints.c.enabled.is_(True))


def list_region_endpoints(db: Connection, region_id: str) -> list[Endpoint]:
    return endpoints.list_all(db, t.endpoints.c.region_id == region_id)


def is_region_used(db: Connection, region_id: str) -> bool:
    """Return True if endpoints or regions belong to the region."""
    used_by_endpoint = endpoints.count(db, t.endpoints.c.region_id == region_id) > 0
    return used_by_endpoint or regions.count(db, t.regions.c.parent_region_id == region_id) > 0
