"""Role assignments."""

from collections.abc import Mapping

from msgspec import UNSET

from stratiform.interfaces.endpoints import ViewContext
from stratiform.interfaces.openstack.identity.schemas import role_assignments as schemas
from stratiform.interfaces.openstack.identity.schemas.common import ResourceName, SystemScope
from stratiform.services.identity.model import (
    EffectiveRoleAssignment,
    Group,
    Project,
    Role,
    RoleAssignment,
    RoleAssignmentResources,
    User,
)


def role_assignment(
    record: EffectiveRoleAssignment, resources: RoleAssignmentResources, view: ViewContext
) -> schemas.RoleAssignment:
    """Return a role assignment, with the names of those it refers to that are in `resources`."""
    assignment = record.assignment
    response = schemas.RoleAssignment(
        role=_resource(assignment.role_id, resources.roles, resources),
        scope=_scope(assignment, resources),
        links=_links(record, view),
    )
    if assignment.actor_kind == "user":
        response.user = _resource(assignment.actor_id, resources.users, resources)
    else:
        response.group = _resource(assignment.actor_id, resources.groups, resources)
    return response


def _scope(assignment: RoleAssignment, resources: RoleAssignmentResources) -> schemas.AssignmentScope:
    if assignment.target_kind == "system":
        return schemas.AssignmentScope(system=SystemScope(all=True))
    target = _resource(assignment.target_id, resources.projects, resources)
    scope = schemas.AssignmentScope(inherited_to="projects" if assignment.inherited else UNSET)
    if assignment.target_kind == "domain":
        scope.domain = target
    else:
        scope.project = target
    return scope


def _resource(
    resource_id: str, records: Mapping[str, User | Group | Project | Role], resources: RoleAssignmentResources
) -> schemas.AssignedResource:
    record = records.get(resource_id)
    if record is None:
        return schemas.AssignedResource(resource_id)
    if not record.domain_id:
        return schemas.AssignedResource(resource_id, record.name)
    domain = resources.projects.get(record.domain_id)
    return schemas.AssignedResource(
        resource_id, record.name, ResourceName(record.domain_id, domain.name if domain else "")
    )


def _links(record: EffectiveRoleAssignment, view: ViewContext) -> schemas.AssignmentLinks:
    assignment, source = record.assignment, record.source
    links = schemas.AssignmentLinks(view.build_url(_grant_path(source)))
    if source.actor_kind == "group" and assignment.actor_kind == "user":
        links.membership = view.build_url("groups", source.actor_id, "users", assignment.actor_id)
    if record.prior_role_id:
        links.prior_role = view.build_url("roles", record.prior_role_id, "implies", assignment.role_id)
    return links


def _grant_path(assignment: RoleAssignment) -> str:
    """Return the path of the request that revokes the assignment."""
    actor = f"{assignment.actor_kind}s/{assignment.actor_id}"
    if assignment.target_kind == "system":
        return f"system/{actor}/roles/{assignment.role_id}"
    path = f"{assignment.target_kind}s/{assignment.target_id}/{actor}/roles/{assignment.role_id}"
    return f"OS-INHERIT/{path}/inherited_to_projects" if assignment.inherited else path
