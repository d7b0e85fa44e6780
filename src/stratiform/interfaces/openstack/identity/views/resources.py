"""Projects, domains, users, groups, roles and application credentials."""

from collections.abc import Iterable

from msgspec import UNSET
from msgspec.structs import asdict

from stratiform.interfaces.endpoints import ViewContext
from stratiform.interfaces.openstack.identity.schemas import application_credentials as credential_schemas
from stratiform.interfaces.openstack.identity.schemas import domains as domain_schemas
from stratiform.interfaces.openstack.identity.schemas import groups as group_schemas
from stratiform.interfaces.openstack.identity.schemas import projects as project_schemas
from stratiform.interfaces.openstack.identity.schemas import roles as role_schemas
from stratiform.interfaces.openstack.identity.schemas import users as user_schemas
from stratiform.interfaces.openstack.identity.views.links import self_link
from stratiform.kit.clock import format_iso_naive
from stratiform.services.identity.model import ApplicationCredential, Group, Project, Role, User


def project(record: Project, view: ViewContext) -> project_schemas.Project:
    return project_schemas.Project(
        extra=record.extra,
        id=record.id,
        name=record.name,
        domain_id=None if record.is_domain else record.domain_id,
        description=record.description,
        enabled=record.enabled,
        parent_id=record.parent_id,
        is_domain=record.is_domain,
        tags=record.tags,
        options=record.options,
        links=self_link(view, "projects", record.id),
    )


def project_detail(record: Project, view: ViewContext) -> project_schemas.ProjectDetail:
    return project_schemas.ProjectDetail(**asdict(project(record, view)))


def domain(record: Project, view: ViewContext) -> domain_schemas.Domain:
    return domain_schemas.Domain(
        extra=record.extra,
        id=record.id,
        name=record.name,
        description=record.description,
        enabled=record.enabled,
        tags=record.tags,
        options=record.options,
        links=self_link(view, "domains", record.id),
    )


def user(record: User, view: ViewContext) -> user_schemas.User:
    return user_schemas.User(
        extra=record.extra,
        id=record.id,
        name=record.name,
        domain_id=record.domain_id,
        enabled=record.enabled,
        password_expires_at=format_password_expiry(record),
        options=record.options,
        links=self_link(view, "users", record.id),
        default_project_id=record.default_project_id or UNSET,
    )


def format_password_expiry(record: User) -> str | None:
    """Return the time at which the password of a user expires, without a zone as in Keystone, or None."""
    return None if record.password_expires_at is None else format_iso_naive(record.password_expires_at)


def group(record: Group, view: ViewContext) -> group_schemas.Group:
    return group_schemas.Group(
        extra=record.extra,
        id=record.id,
        name=record.name,
        domain_id=record.domain_id,
        description=record.description,
        links=self_link(view, "groups", record.id),
    )


def role(record: Role, view: ViewContext) -> role_schemas.Role:
    return role_schemas.Role(
        extra=record.extra,
        id=record.id,
        name=record.name,
        domain_id=record.domain_id or None,
        description=record.description,
        options=record.options,
        links=self_link(view, "roles", record.id),
    )


def inferred_role(record: Role, view: ViewContext) -> role_schemas.InferredRole:
    return role_schemas.InferredRole(record.id, record.name, self_link(view, "roles", record.id))


def role_inference(prior: Role, implied: Iterable[Role], view: ViewContext) -> role_schemas.RoleInference:
    return role_schemas.RoleInference(inferred_role(prior, view), [inferred_role(role, view) for role in implied])


def application_credential(
    record: ApplicationCredential, roles: Iterable[Role], view: ViewContext
) -> credential_schemas.ApplicationCredential:
    return credential_schemas.ApplicationCredential(
        id=record.id,
        name=record.name,
        description=record.description,
        user_id=record.user_id,
        project_id=record.project_id,
        expires_at=format_iso_naive(record.expires_at) if record.expires_at is not None else None,
        unrestricted=record.unrestricted,
        roles=[credential_schemas.CredentialRole(role.id, role.name, role.domain_id or None) for role in roles],
        links=self_link(view, "users", record.user_id, "application_credentials", record.id),
        access_rules=UNSET if record.access_rules is None else record.access_rules,
    )
