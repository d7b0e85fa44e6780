"""`/types/{type_id}/os-volume-type-access`, and the actions that grant and revoke access."""

from stratiform.interfaces.endpoints import Action, ApiRequest
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.schemas.volume_types import ProjectAccess, TypeAccess, TypeAccessResponse
from stratiform.services.volume import policy


@api.get("/types/{type_id}/os-volume-type-access", policy.TYPE_ACCESS_GET_ALL)
def list_type_access(request: ApiRequest, type_id: str) -> TypeAccessResponse:
    accesses = request.services.volume.volume_type_access.list(request.ctx, type_id)
    return TypeAccessResponse([TypeAccess(access.type_id, access.project_id) for access in accesses])


def _grant(request: ApiRequest, type_id: str, body: ProjectAccess) -> None:
    request.services.volume.volume_type_access.grant(request.ctx, type_id, body.project)


def _revoke(request: ApiRequest, type_id: str, body: ProjectAccess) -> None:
    request.services.volume.volume_type_access.revoke(request.ctx, type_id, body.project)


api.declare_actions(
    "/types/{type_id}/action",
    [
        Action("addProjectAccess", policy.TYPE_ACCESS_ADD, _grant),
        Action("removeProjectAccess", policy.TYPE_ACCESS_REMOVE, _revoke),
    ],
)
