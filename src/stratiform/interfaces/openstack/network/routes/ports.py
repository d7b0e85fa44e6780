"""`/ports`."""

from typing import Any

from msgspec import UNSET

from stratiform.interfaces.openstack.network import views
from stratiform.interfaces.openstack.network.routes.asking import asked, fields_of
from stratiform.interfaces.openstack.network.schemas import (
    NOT_STORED,
    PortBody,
    PortNew,
    PortsBody,
    fixed_ips,
    given,
    one_or_many,
    project,
    read,
)
from stratiform.interfaces.services import Request, delete, get, post, put, reading, services_of, writing
from stratiform.services.network.model import NewPort

Body = dict[str, Any]

#: Said in the wish itself.
_TAKEN = (*NOT_STORED, "network_id", "fixed_ips", "mac_address", "security_groups")


@get("/ports")
def list_ports(request: Request) -> Body:
    query = asked(request)
    with reading(request) as ctx:
        found = services_of(request).network.ports.list(ctx, query.listing)
        everything = ctx.caller.is_admin
    bodies = [views.only(views.port(port, everything=everything), query.fields) for port in found.items]
    return views.page("ports", query.url, query.pairs, found, bodies)


@get("/ports/{port_id:str}")
def show_port(request: Request, port_id: str) -> Body:
    with reading(request) as ctx:
        found = services_of(request).network.ports.get(ctx, port_id)
        body = views.port(found, everything=ctx.caller.is_admin)
    return {"port": views.only(body, fields_of(request))}


@post("/ports")
def create_ports(request: Request, body: bytes) -> Body:
    said = read(body, PortsBody)
    wishes, bulk = one_or_many(said.port, said.ports, "port")
    with writing(request) as ctx:
        service = services_of(request).network
        service.ports.lock_networks(ctx.db, [wish.network_id for wish in wishes])
        made = [service.ports.create(ctx, _wish(wish), project(wish)) for wish in wishes]
        bodies = [views.port(port, everything=ctx.caller.is_admin) for port in made]
    return {"ports": bodies} if bulk else {"port": bodies[0]}


@put("/ports/{port_id:str}")
def update_port(request: Request, port_id: str, body: bytes) -> Body:
    said = read(body, PortBody).port
    with writing(request) as ctx:
        values = given(said, "fixed_ips")
        after = services_of(request).network.ports.update(ctx, port_id, values, fixed_ips(said.fixed_ips))
        shown = views.port(after, everything=ctx.caller.is_admin)
    return {"port": shown}


@delete("/ports/{port_id:str}")
def delete_port(request: Request, port_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).network.ports.delete(ctx, port_id)


def _wish(said: PortNew) -> NewPort:
    return NewPort(
        network_id=said.network_id,
        fixed_ips=fixed_ips(said.fixed_ips),
        mac_address=None if said.mac_address is UNSET else said.mac_address,
        security_groups=None if said.security_groups is UNSET else said.security_groups,
        attributes=given(said, *_TAKEN),
    )


handlers: list[Any] = [list_ports, show_port, create_ports, update_port, delete_port]
