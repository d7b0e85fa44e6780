"""`/subnets`."""

from typing import Any

from msgspec import UNSET

from stratiform.interfaces.openstack.network import views
from stratiform.interfaces.openstack.network.routes.asking import asked, fields_of
from stratiform.interfaces.openstack.network.schemas import (
    NOT_STORED,
    SubnetBody,
    SubnetNew,
    SubnetsBody,
    given,
    one_or_many,
    project,
    read,
)
from stratiform.interfaces.services import Request, delete, get, post, put, reading, services_of, writing
from stratiform.services.network.errors import BadRequest, SubnetPoolNotFound
from stratiform.services.network.model import NewSubnet, ReservedAddresses

Body = dict[str, Any]

#: Said in the wish itself, or not kept.
_TAKEN = (
    *NOT_STORED,
    "network_id",
    "ip_version",
    "cidr",
    "gateway_ip",
    "allocation_pools",
    "subnetpool_id",
    "segment_id",
)


@get("/subnets")
def list_subnets(request: Request) -> Body:
    query = asked(request)
    with reading(request) as ctx:
        found = services_of(request).network.subnets.list(ctx, query.listing)
    bodies = [views.only(views.subnet(subnet), query.fields) for subnet in found.items]
    return views.page("subnets", query.url, query.pairs, found, bodies)


@get("/subnets/{subnet_id:str}")
def show_subnet(request: Request, subnet_id: str) -> Body:
    with reading(request) as ctx:
        found = services_of(request).network.subnets.get(ctx, subnet_id)
    return {"subnet": views.only(views.subnet(found), fields_of(request))}


@post("/subnets")
def create_subnets(request: Request, body: bytes) -> Body:
    said = read(body, SubnetsBody)
    wishes, bulk = one_or_many(said.subnet, said.subnets, "subnet")
    reserves = _reserves(request, wishes)
    with writing(request) as ctx:
        service = services_of(request).network
        made = [service.subnets.create(ctx, _wish(wish), project(wish), reserves[wish.network_id]) for wish in wishes]
    bodies = [views.subnet(subnet) for subnet in made]
    return {"subnets": bodies} if bulk else {"subnet": bodies[0]}


@put("/subnets/{subnet_id:str}")
def update_subnet(request: Request, subnet_id: str, body: bytes) -> Body:
    said = read(body, SubnetBody)
    with writing(request) as ctx:
        after = services_of(request).network.subnets.update(ctx, subnet_id, given(said.subnet))
    return {"subnet": views.subnet(after)}


@delete("/subnets/{subnet_id:str}")
def delete_subnet(request: Request, subnet_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).network.subnets.delete(ctx, subnet_id)


def _reserves(request: Request, wishes: list[SubnetNew]) -> dict[str, ReservedAddresses]:
    """What the clouds of each network's project keep; they are asked before the transaction, not inside it."""
    service = services_of(request).network
    with reading(request) as ctx:
        owners = {wish.network_id: service.networks.get(ctx, wish.network_id).project_id for wish in wishes}
    return {network_id: service.subnets.get_reserved_addresses(project_id) for network_id, project_id in owners.items()}


def _wish(said: SubnetNew) -> NewSubnet:
    if said.subnetpool_id is not UNSET and said.subnetpool_id is not None:
        raise SubnetPoolNotFound(said.subnetpool_id)
    if said.cidr is UNSET or said.cidr is None:
        raise BadRequest("Bad subnets request: a subnetpool must be specified in the absence of a cidr.")
    pools = given(said).get("allocation_pools")
    gateway = "" if said.gateway_ip is UNSET else said.gateway_ip
    return NewSubnet(said.network_id, said.ip_version, said.cidr, gateway, pools, given(said, *_TAKEN))


handlers: list[Any] = [list_subnets, show_subnet, create_subnets, update_subnet, delete_subnet]
