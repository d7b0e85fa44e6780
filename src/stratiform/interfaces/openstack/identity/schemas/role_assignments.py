"""Role assignments."""

from msgspec import UNSET, Struct, UnsetType, field

from stratiform.interfaces.openstack.identity.schemas.common import PageLinks, ResourceName, SystemScope


class RoleAssignmentListQuery(Struct, kw_only=True):
    """`scope.system` and `scope.OS-INHERIT:inherited_to` filter by their presence."""

    user_id: str | UnsetType = field(name="user.id", default=UNSET)
    group_id: str | UnsetType = field(name="group.id", default=UNSET)
    role_id: str | UnsetType = field(name="role.id", default=UNSET)
    project_id: str | UnsetType = field(name="scope.project.id", default=UNSET)
    domain_id: str | UnsetType = field(name="scope.domain.id", default=UNSET)
    system: str | UnsetType = field(name="scope.system", default=UNSET)
    inherited_to: str | UnsetType = field(name="scope.OS-INHERIT:inherited_to", default=UNSET)
    effective: bool = False
    include_names: bool = False
    include_subtree: bool = False


class AssignedResource(Struct):
    """An actor, a target or a role; with its name and domain for `include_names`."""

    id: str
    name: str | UnsetType = UNSET
    domain: ResourceName | UnsetType = UNSET


class AssignmentScope(Struct, kw_only=True):
    project: AssignedResource | UnsetType = UNSET
    domain: AssignedResource | UnsetType = UNSET
    system: SystemScope | UnsetType = UNSET
    inherited_to: str | UnsetType = field(name="OS-INHERIT:inherited_to", default=UNSET)


class AssignmentLinks(Struct):
    """Links to the assignment, to the membership and to the implied role that it results from."""

    assignment: str
    membership: str | UnsetType = UNSET
    prior_role: str | UnsetType = UNSET


class RoleAssignment(Struct, kw_only=True):
    role: AssignedResource
    user: AssignedResource | UnsetType = UNSET
    group: AssignedResource | UnsetType = UNSET
    scope: AssignmentScope
    links: AssignmentLinks


class RoleAssignmentsResponse(Struct):
    role_assignments: list[RoleAssignment]
    links: PageLinks
