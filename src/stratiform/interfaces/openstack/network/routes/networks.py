"""`/networks`, and how full they are."""

from typing import Any

from stratiform.interfaces.openstack.network import views
from stratiform.interfaces.openstack.network.routes.asking import asked, fields_of
from stratiform.interfaces.openstack.network.schemas import (
    NOT_STORED,
    NetworkBody,
    NetworksBody,
    given,
    one_or_many,
    project,
    read,
)
from stratiform.interfaces.services import Request, delete, get, post, put, reading, services_of, writing
from stratiform.kit.context import RequestContext
from stratiform.kit.numbers import parse_uint
from stratiform.services.network.model import ListQuery, Network

Body = dict[str, Any]


@get("/networks")
def list_networks(request: Request) -> Body:
    query = asked(request)
    with reading(request) as ctx:
        found = services_of(request).network.networks.list(ctx, query.listing)
        bodies = [views.only(body, query.fields) for body in _bodies(request, ctx, list(found.items))]
    return views.page("networks", query.url, query.pairs, found, bodies)


@get("/networks/{network_id:str}")
def show_network(request: Request, network_id: str) -> Body:
    with reading(request) as ctx:
        [body] = _bodies(request, ctx, [services_of(request).network.networks.get(ctx, network_id)])
    return {"network": views.only(body, fields_of(request))}


@post("/networks")
def create_networks(request: Request, body: bytes) -> Body:
    said = read(body, NetworksBody)
    wishes, bulk = one_or_many(said.network, said.networks, "network")
    with writing(request) as ctx:
        service = services_of(request).network
        made = [service.networks.create(ctx, project(wish), given(wish, *NOT_STORED)) for wish in wishes]
        bodies = _bodies(request, ctx, made)
    return {"networks": bodies} if bulk else {"network": bodies[0]}


@put("/networks/{network_id:str}")
def update_network(request: Request, network_id: str, body: bytes) -> Body:
    said = read(body, NetworkBody)
    with writing(request) as ctx:
        after = services_of(request).network.networks.update(ctx, network_id, given(said.network))
        [shown] = _bodies(request, ctx, [after])
    return {"network": shown}


@delete("/networks/{network_id:str}")
def delete_network(request: Request, network_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).network.networks.delete(ctx, network_id)


@get("/network-ip-availabilities")
def list_availabilities(request: Request) -> Body:
    query = asked(request)
    filters = {_FILTERS.get(name, name): values for name, values in query.listing.filters.items()}
    versions = {number for value in filters.pop("ip_version", []) if (number := parse_uint(value)) is not None}
    listing = ListQuery(filters, query.listing.sort, query.listing.page)
    with reading(request) as ctx:
        found = services_of(request).network.ip_availabilities.list(ctx, listing, versions)
    return {"network_ip_availabilities": [views.availability(record) for record in found]}


@get("/network-ip-availabilities/{network_id:str}")
def show_availability(request: Request, network_id: str) -> Body:
    with reading(request) as ctx:
        found = services_of(request).network.ip_availabilities.get(ctx, network_id)
    return {"network_ip_availability": views.availability(found)}


#: What the answer calls them, and what a network does.
_FILTERS = {"network_id": "id", "network_name": "name"}


def _bodies(request: Request, ctx: RequestContext, found: list[Network]) -> list[Body]:
    service = services_of(request).network
    subnets = service.subnets.list_by_network(ctx.db, [network.id for network in found])
    zones = {
        network.project_id: service.networks.list_availability_zones(ctx.db, network.project_id) for network in found
    }
    return [views.network(network, subnets[network.id], zones[network.project_id]) for network in found]


handlers: list[Any] = [
    list_networks,
    show_network,
    create_networks,
    update_network,
    delete_network,
    list_availabilities,
    show_availability,
]
