"""`/os-server-groups`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import infrastructure as schemas
from stratiform.interfaces.openstack.compute.schemas.common import PageQuery
from stratiform.kit.pagination import paginate_list
from stratiform.services.compute import policy


@api.get("/os-server-groups", policy.SERVER_GROUPS_LIST)
def list_server_groups(request: ApiRequest, query: PageQuery) -> schemas.ServerGroupsResponse:
    server_groups = request.services.compute.server_groups.list(request.ctx)
    return schemas.ServerGroupsResponse(paginate_list(server_groups, query.page(), str).items)
