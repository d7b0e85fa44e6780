"""`/networks`, and how full they are."""

from typing import Any

from stratiform.faces.openstack.network import views
from stratiform.faces.openstack.network.routes.asking import asked, fields_of
from stratiform.faces.openstack.network.schemas import (
    NOT_STORED,
    NetworkBody,
    NetworksBody,
    given,
    one_or_many,
    project,
    read,
)
from stratiform.faces.stack import Request, delete, get, post, put, reading, stack_of, writing
from stratiform.kit.call import Call
from stratiform.kit.numbers import whole
from stratiform.services.network.model import Listing, Network

Body = dict[str, Any]


@get("/networks")
def list_networks(request: Request) -> Body:
    query = asked(request)
    with reading(request) as call:
        found = stack_of(request).network.networks(call, query.listing)
        bodies = [views.only(body, query.fields) for body in _bodies(request, call, list(found.items))]
    return views.page("networks", query.url, query.pairs, found, bodies)


@get("/networks/{network_id:str}")
def show_network(request: Request, network_id: str) -> Body:
    with reading(request) as call:
        [body] = _bodies(request, call, [stack_of(request).network.network(call, network_id)])
    return {"network": views.only(body, fields_of(request))}


@post("/networks")
def create_networks(request: Request, body: bytes) -> Body:
    said = read(body, NetworksBody)
    wishes, bulk = one_or_many(said.network, said.networks, "network")
    with writing(request) as call:
        service = stack_of(request).network
        made = [service.create_network(call, project(wish), given(wish, *NOT_STORED)) for wish in wishes]
        bodies = _bodies(request, call, made)
    return {"networks": bodies} if bulk else {"network": bodies[0]}


@put("/networks/{network_id:str}")
def update_network(request: Request, network_id: str, body: bytes) -> Body:
    said = read(body, NetworkBody)
    with writing(request) as call:
        after = stack_of(request).network.update_network(call, network_id, given(said.network))
        [shown] = _bodies(request, call, [after])
    return {"network": shown}


@delete("/networks/{network_id:str}")
def delete_network(request: Request, network_id: str) -> None:
    with writing(request) as call:
        stack_of(request).network.delete_network(call, network_id)


@get("/network-ip-availabilities")
def list_availabilities(request: Request) -> Body:
    query = asked(request)
    filters = {_FILTERS.get(name, name): values for name, values in query.listing.filters.items()}
    versions = {number for value in filters.pop("ip_version", []) if (number := whole(value)) is not None}
    listing = Listing(filters, query.listing.sort, query.listing.page)
    with reading(request) as call:
        found = stack_of(request).network.availability(call, listing, versions)
    return {"network_ip_availabilities": [views.availability(record) for record in found]}


@get("/network-ip-availabilities/{network_id:str}")
def show_availability(request: Request, network_id: str) -> Body:
    with reading(request) as call:
        service = stack_of(request).network
        service.network(call, network_id)
        [found] = service.availability(call, Listing({"id": [network_id]}))
    return {"network_ip_availability": views.availability(found)}


#: What the answer calls them, and what a network does.
_FILTERS = {"network_id": "id", "network_name": "name"}


def _bodies(request: Request, call: Call, found: list[Network]) -> list[Body]:
    service = stack_of(request).network
    subnets = service.subnets_of(call.db, [network.id for network in found])
    zones = {network.project_id: service.zones(call.db, network.project_id) for network in found}
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
