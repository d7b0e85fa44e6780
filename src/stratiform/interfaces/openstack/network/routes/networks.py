"""`/networks`."""

from collections.abc import Sequence

from msgspec import UNSET

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network import views
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.list_queries import next_links, parse_list_query, select_fields
from stratiform.interfaces.openstack.network.schemas import networks as schemas
from stratiform.interfaces.openstack.network.schemas.common import (
    OWNERSHIP_FIELDS,
    FieldsQuery,
    get_requested_project_id,
    get_set_attributes,
)
from stratiform.services.network import policy
from stratiform.services.network.errors import BadRequest, NetworkInUse
from stratiform.services.network.model import Network

_NOT_STORED = (*OWNERSHIP_FIELDS, "availability_zone_hints")


@api.post("/networks", policy.NETWORKS_CREATE, status=201)
def create_networks(
    request: ApiRequest, body: schemas.NetworkCreateRequest
) -> schemas.NetworkResponse | schemas.NetworksResponse:
    """Create one network, or several in one transaction."""
    if body.networks is not UNSET:
        own = request.ctx.caller.project_id or ""
        projects = [get_requested_project_id(new) or own for new in body.networks]
        request.services.network.quotas.lock_all(request.ctx.db, projects)
        return schemas.NetworksResponse(_views(request, [_create(request, new) for new in body.networks]))
    if body.network is UNSET:
        raise BadRequest("Unable to find 'network' in request body")
    return _response(request, _create(request, body.network))


@api.get("/networks", policy.NETWORKS_GET)
def list_networks(request: ApiRequest, query: schemas.NetworkListQuery) -> schemas.NetworksResponse:
    networks = request.services.network.networks.list(request.ctx, parse_list_query(request, query))
    items = [select_fields(item, query.fields) for item in _views(request, networks.items)]
    return schemas.NetworksResponse(items, next_links(request, networks))


@api.get("/networks/{network_id}", policy.NETWORKS_GET)
def show_network(request: ApiRequest, network_id: str, query: FieldsQuery) -> schemas.NetworkResponse:
    response = _response(request, request.services.network.networks.get(request.ctx, network_id))
    select_fields(response.network, query.fields)
    return response


@api.put("/networks/{network_id}", policy.NETWORKS_UPDATE)
def update_network(request: ApiRequest, network_id: str, body: schemas.NetworkUpdateRequest) -> schemas.NetworkResponse:
    changes = get_set_attributes(body.network)
    return _response(request, request.services.network.networks.update(request.ctx, network_id, changes))


@api.delete("/networks/{network_id}", policy.NETWORKS_DELETE, errors=(NetworkInUse,))
def delete_network(request: ApiRequest, network_id: str) -> None:
    request.services.network.networks.delete(request.ctx, network_id)


def _create(request: ApiRequest, new: schemas.NetworkCreate) -> Network:
    attributes = get_set_attributes(new, *_NOT_STORED)
    if "segments" in attributes:
        attributes["segments"] = [
            {name.removeprefix("provider:"): value for name, value in segment.items()}
            for segment in attributes["segments"]
        ]
    return request.services.network.networks.create(request.ctx, get_requested_project_id(new), attributes)


def _response(request: ApiRequest, network: Network) -> schemas.NetworkResponse:
    return schemas.NetworkResponse(_views(request, [network])[0])


def _views(request: ApiRequest, networks: Sequence[Network]) -> list[schemas.Network]:
    service, db = request.services.network, request.ctx.db
    subnets = service.subnets.list_by_network(db, [network.id for network in networks])
    projects = {network.project_id for network in networks}
    zones = {project_id: service.networks.list_availability_zones(db, project_id) for project_id in projects}
    ids = [network.id for network in networks]
    segments = service.segments.list_by_network(db, ids) if request.view.is_admin else dict.fromkeys(ids, ())
    with_pool = [network_id for network_id in ids if any(subnet.subnetpool_id for subnet in subnets[network_id])]
    scopes = service.networks.list_address_scopes(db, with_pool) if with_pool else {}
    return [
        views.network(
            network,
            subnets[network.id],
            zones[network.project_id],
            segments[network.id],
            scopes.get(network.id, {}),
        )
        for network in networks
    ]
