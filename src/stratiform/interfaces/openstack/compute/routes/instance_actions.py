"""`/servers/{server_id}/os-instance-actions`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import instance_actions as schemas
from stratiform.interfaces.openstack.compute.views import instance_actions as views
from stratiform.interfaces.openstack.compute.views.links import next_links
from stratiform.kit.pagination import paginate_list
from stratiform.services.compute import policy


@api.get("/servers/{server_id}/os-instance-actions", policy.INSTANCE_ACTIONS_LIST)
def list_instance_actions(
    request: ApiRequest, server_id: str, query: schemas.InstanceActionListQuery
) -> schemas.InstanceActionsResponse:
    actions = request.services.compute.instance_actions.list(request.ctx, server_id)
    page = paginate_list(actions, query.page(), lambda action: action.request_id)
    items = [views.instance_action(action) for action in page.items]
    links = next_links(request, [action.request_id for action in page.items], more=page.more)
    return schemas.InstanceActionsResponse(items, links)


@api.get("/servers/{server_id}/os-instance-actions/{request_id}", policy.INSTANCE_ACTIONS_SHOW)
def show_instance_action(request: ApiRequest, server_id: str, request_id: str) -> schemas.InstanceActionResponse:
    action = request.services.compute.instance_actions.get(request.ctx, server_id, request_id)
    return schemas.InstanceActionResponse(views.instance_action_with_events(action, request.view))
