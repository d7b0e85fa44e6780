"""`/servers/{server_id}/os-security-groups`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import server_networking as schemas
from stratiform.services.compute import policy


@api.get("/servers/{server_id}/os-security-groups", policy.SERVER_SECURITY_GROUPS_LIST)
def list_security_groups(request: ApiRequest, server_id: str) -> schemas.ServerSecurityGroupsResponse:
    groups = request.services.compute.server_security_groups.list(request.ctx, server_id)
    return schemas.ServerSecurityGroupsResponse(
        [schemas.ServerSecurityGroup(group.name, group.name, group.project_id) for group in groups]
    )
