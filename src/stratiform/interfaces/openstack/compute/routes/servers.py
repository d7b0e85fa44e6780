"""`/servers`."""

from msgspec import UNSET

from stratiform.interfaces.endpoints import ApiRequest, ApiResponse
from stratiform.interfaces.endpoints.encoded_items import encode_list
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.passwords import choose_admin_password
from stratiform.interfaces.openstack.compute.schemas import servers as schemas
from stratiform.interfaces.openstack.compute.server_filters import build_server_filter
from stratiform.interfaces.openstack.compute.server_requests import (
    build_new_server,
    build_server_changes,
    parse_scheduler_hints,
)
from stratiform.interfaces.openstack.compute.views import servers as views
from stratiform.interfaces.openstack.compute.views.links import next_links
from stratiform.services.compute import policy

_Created = schemas.ServerCreateResponse | schemas.ReservationResponse


@api.get("/servers", policy.SERVERS_LIST)
def list_servers(request: ApiRequest, query: schemas.ServerListQuery) -> schemas.ServersResponse:
    filters = build_server_filter(query, request.ctx.caller)
    servers = request.services.compute.servers.list(request.ctx, filters, query.page())
    items = [views.server_summary(server, request.view) for server in servers.items]
    return schemas.ServersResponse(items, next_links(request, [item.id for item in items], more=servers.more))


@api.get("/servers/detail", policy.SERVERS_LIST_DETAIL)
def list_servers_detail(
    request: ApiRequest, query: schemas.ServerListQuery
) -> ApiResponse[schemas.ServersDetailResponse]:
    filters = build_server_filter(query, request.ctx.caller)
    details = request.services.compute.servers.list_details(request.ctx, filters, query.page())
    items = [views.encode_server_detail(detail, request.view) for detail in details.items]
    links = next_links(request, [detail.server.id for detail in details.items], more=details.more)
    return ApiResponse(encoded=encode_list("servers", items, links))


@api.get("/servers/{server_id}", policy.SERVERS_SHOW)
def show_server(request: ApiRequest, server_id: str) -> schemas.ServerResponse:
    detail = request.services.compute.servers.get_detail(request.ctx, server_id)
    server = views.server_in_single_response(schemas.ServerWithCost, detail, request.view)
    server.cost = request.services.billing.costs.find_resource_cost(request.ctx, server_id, "instance") or UNSET
    return schemas.ServerResponse(server)


@api.post("/servers", policy.SERVERS_CREATE, status=202)
def create_server(request: ApiRequest, body: schemas.ServerCreateRequest) -> ApiResponse[_Created]:
    hints = parse_scheduler_hints({**body.ext_scheduler_hints, **body.scheduler_hints})
    new = build_new_server(body.server, request.microversion, hints)
    server = request.services.compute.servers.create(request.ctx, new)[0]
    if body.server.return_reservation_id:
        return ApiResponse(schemas.ReservationResponse(server.reservation_id))
    created = views.created_server(server, request.view, choose_admin_password(request, body.server.admin_pass))
    return ApiResponse(schemas.ServerCreateResponse(created), headers={"Location": created.links[0].href})


@api.put("/servers/{server_id}", policy.SERVERS_UPDATE)
def update_server(
    request: ApiRequest, server_id: str, body: schemas.ServerUpdateRequest
) -> schemas.ServerUpdateResponse:
    servers = request.services.compute.servers
    changes = build_server_changes(body.server, request.microversion)
    server = servers.update(request.ctx, server_id, **changes)
    detail = servers.load_details(request.ctx, [server])[0]
    return schemas.ServerUpdateResponse(views.server_in_single_response(schemas.UpdatedServer, detail, request.view))


@api.delete("/servers/{server_id}", policy.SERVERS_DELETE)
def delete_server(request: ApiRequest, server_id: str) -> None:
    request.services.compute.servers.delete(request.ctx, server_id)
