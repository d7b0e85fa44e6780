"""Queries on projects and domains."""

from collections.abc import Iterable

from sqlalchemy import func, select, update

from stratiform.kit.database import Connection
from stratiform.kit.pagination import Slice
from stratiform.services.identity import tables as t
from stratiform.services.identity.model import ListQuery, Project, TargetKind
from stratiform.services.identity.repository.gateways import (
    application_credentials,
    assignments,
    groups,
    projects,
    roles,
    users,
)
from stratiform.services.identity.repository.records import find_by_name, list_records
from stratiform.services.identity.repository.role_assignments import list_user_assignments
from stratiform.services.identity.repository.roles_and_implications import delete_role
from stratiform.services.identity.repository.simple_resources import delete_owned_resources
from stratiform.services.identity.repository.users_and_groups import delete_group, delete_user


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


def list_domain_target_ids(db: Connection, domain_id: str) -> frozenset[str]:
    """Return the ids of a domain and its projects."""
    c = t.projects.c
    return frozenset({domain_id, *db.execute(select(c.id).where(c.domain_id == domain_id)).scalars()})


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
    delete_owned_resources(db, project_id)
    default = t.users.c.default_project_id
    db.execute(update(t.users).where(default == project_id).values(default_project_id=None))
    projects.delete(db, t.projects.c.id == project_id)


def list_domain_contents(db: Connection, domain_id: str) -> list[tuple[str, str]]:
    """Return the type and the id of each user, group, role and project of a domain."""
    tables = (("user", t.users), ("group", t.groups), ("role", t.roles), ("project", t.projects))
    return [
        (name, str(resource_id))
        for name, table in tables
        for resource_id in db.scalars(select(table.c.id).where(table.c.domain_id == domain_id).order_by(table.c.id))
    ]


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
