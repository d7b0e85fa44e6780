"""`/os-server-groups`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import infrastructure as schemas
from stratiform.services.compute import policy


@api.get("/os-server-groups", policy.SERVER_GROUPS_LIST)
def list_server_groups(request: ApiRequest) -> schemas.ServerGroupsResponse:
    return schemas.ServerGroupsResponse(request.services.compute.server_groups.list(request.ctx))
