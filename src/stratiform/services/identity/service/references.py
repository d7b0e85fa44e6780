"""Resources that a request refers to by an id, or by a name and a domain."""

from stratiform.kit.database import Connection
from stratiform.services.identity import repository
from stratiform.services.identity.model import Group, Project, ResourceRef, User


def find_domain(db: Connection, ref: ResourceRef) -> Project | None:
    domain = repository.projects.find(db, ref.id) if ref.id else repository.find_domain_by_name(db, ref.name)
    return domain if domain is not None and domain.is_domain else None


def find_domain_id(db: Connection, ref: ResourceRef) -> str:
    """Return the id of the domain of a user or project, or an empty string."""
    domain = find_domain(db, ResourceRef(id=ref.domain_id, name=ref.domain_name))
    return domain.id if domain else ""


def find_group(db: Connection, ref: ResourceRef) -> Group | None:
    if ref.id:
        return repository.groups.find(db, ref.id)
    domain_id = find_domain_id(db, ref)
    return repository.find_by_name(db, repository.groups, ref.name, domain_id) if domain_id else None


def find_project(db: Connection, ref: ResourceRef) -> Project | None:
    if ref.id:
        return repository.projects.find(db, ref.id)
    domain_id = find_domain_id(db, ref)
    return repository.find_by_name(db, repository.projects, ref.name, domain_id) if domain_id else None


def find_user(db: Connection, ref: ResourceRef) -> User | None:
    if ref.id:
        return repository.users.find(db, ref.id)
    domain_id = find_domain_id(db, ref)
    return repository.find_by_name(db, repository.users, ref.name, domain_id) if domain_id else None
