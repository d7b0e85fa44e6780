"""`/role_assignments`, and grants: the roles of users and groups on projects, on domains and on the system."""

from collections.abc import Mapping

from msgspec import UNSET, UnsetType

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.identity.api import api
from stratiform.interfaces.openstack.identity.schemas import role_assignments as schemas
from stratiform.interfaces.openstack.identity.schemas.roles import RolesResponse
from stratiform.interfaces.openstack.identity.views.links import page_links
from stratiform.interfaces.openstack.identity.views.resources import role as role_view
from stratiform.interfaces.openstack.identity.views.role_assignments import role_assignment
from stratiform.kit.errors import Invalid
from stratiform.services.identity import policy
from stratiform.services.identity.errors import RoleAssignmentNotFound
from stratiform.services.identity.model import (
    SYSTEM_TARGET,
    ActorKind,
    RoleAssignment,
    RoleAssignmentFilter,
    RoleAssignmentResources,
    TargetKind,
)

_ACTOR_KINDS: tuple[ActorKind, ...] = ("user", "group")
_TARGET_KINDS: tuple[TargetKind, ...] = ("project", "domain")


@api.get("/role_assignments", policy.LIST_ROLE_ASSIGNMENTS)
def list_role_assignments(
    request: ApiRequest, query: schemas.RoleAssignmentListQuery
) -> schemas.RoleAssignmentsResponse:
    service = request.services.identity.role_assignments
    assignments = service.list(request.ctx, _filters(query))
    resources = RoleAssignmentResources()
    if query.include_names:
        resources = service.load_resources(request.ctx.db, assignments)
    items = [role_assignment(assignment, resources, request.view) for assignment in assignments]
    return schemas.RoleAssignmentsResponse(items, page_links(request))


def _filters(query: schemas.RoleAssignmentListQuery) -> RoleAssignmentFilter:
    if query.user_id is not UNSET and query.group_id is not UNSET:
        raise Invalid("Specify a user or group, not both")
    target_kind, target_id = _target(query)
    return RoleAssignmentFilter(
        user_id=query.user_id or "",
        group_id=query.group_id or "",
        role_id=query.role_id or "",
        target_kind=target_kind,
        target_id=target_id,
        inherited=None if query.inherited_to is UNSET else True,
        effective=query.effective,
        include_subtree=query.include_subtree,
    )


def _target(query: schemas.RoleAssignmentListQuery) -> tuple[TargetKind | None, str]:
    if query.project_id is not UNSET and query.domain_id is not UNSET:
        raise Invalid("Specify a domain or project, not both")
    if query.system is not UNSET:
        return "system", SYSTEM_TARGET
    if not isinstance(query.project_id, UnsetType):
        return "project", query.project_id
    if not isinstance(query.domain_id, UnsetType):
        return "domain", query.domain_id
    return None, ""


def _declare_grants(
    target_path: str, target_kind: TargetKind, actor_kind: ActorKind, *, suffix: str = "", inherited: bool = False
) -> None:
    """Declare the endpoints that list, check, create and revoke the grants of one kind of actor on one of target."""
    list_path = f"{target_path}/{actor_kind}s/{{{actor_kind}_id}}/roles"
    grant_path = f"{list_path}/{{role_id}}{suffix}"
    not_found = (RoleAssignmentNotFound,)
    rules = policy.SYSTEM_GRANT_RULES if target_kind == "system" else policy.GRANT_RULES
    check, list_all, create, revoke = rules

    def assignment(ids: Mapping[str, str]) -> RoleAssignment:
        target_id = ids.get(f"{target_kind}_id", SYSTEM_TARGET)
        actor_id = ids[f"{actor_kind}_id"]
        return RoleAssignment(ids.get("role_id", ""), actor_kind, actor_id, target_kind, target_id, inherited)

    @api.get(list_path + suffix, list_all)
    def list_granted_roles(request: ApiRequest, **ids: str) -> RolesResponse:
        roles = request.services.identity.role_assignments.list_granted_roles(request.ctx, assignment(ids))
        return RolesResponse([role_view(role, request.view) for role in roles], page_links(request))

    @api.put(grant_path, create, status=204)
    def create_grant(request: ApiRequest, **ids: str) -> None:
        request.services.identity.role_assignments.grant(request.ctx, assignment(ids))

    @api.get(grant_path, check, status=204, errors=not_found)
    @api.head(grant_path, check, status=204, errors=not_found)
    def check_grant(request: ApiRequest, **ids: str) -> None:
        request.services.identity.role_assignments.check(request.ctx, assignment(ids))

    @api.delete(grant_path, revoke, errors=not_found)
    def revoke_grant(request: ApiRequest, **ids: str) -> None:
        request.services.identity.role_assignments.revoke(request.ctx, assignment(ids))


for _actor in _ACTOR_KINDS:
    _declare_grants("/system", "system", _actor)
    for _target_kind in _TARGET_KINDS:
        _path = f"/{_target_kind}s/{{{_target_kind}_id}}"
        _declare_grants(_path, _target_kind, _actor)
        _declare_grants(f"/OS-INHERIT{_path}", _target_kind, _actor, suffix="/inherited_to_projects", inherited=True)
