"""Metadata, tags, addresses, cards and past actions of servers. Source: Compute API reference, those sections."""

from typing import Any

from litestar import Response

from stratiform.interfaces.openstack.compute import schemas, views
from stratiform.interfaces.openstack.compute.microversions import since
from stratiform.interfaces.openstack.compute.routes.calls import Body, shown
from stratiform.interfaces.services import Request, delete, get, post, put, reading, services_of, writing
from stratiform.kit.errors import Invalid, NotFound
from stratiform.services.compute.model import ServerDetail


@get("/servers/{server_id:str}/metadata")
def list_metadata(request: Request, server_id: str) -> Body:
    with reading(request) as ctx:
        return {"metadata": services_of(request).compute.server_metadata.list(ctx, server_id)}


@get("/servers/{server_id:str}/metadata/{key:str}")
def show_metadata(request: Request, server_id: str, key: str) -> Body:
    with reading(request) as ctx:
        return {"meta": {key: services_of(request).compute.server_metadata.get(ctx, server_id, key)}}


@post("/servers/{server_id:str}/metadata", status_code=200)
def add_metadata(request: Request, server_id: str, body: bytes) -> Body:
    given = schemas.decode(body, schemas.MetadataBody).metadata
    with writing(request) as ctx:
        return {"metadata": services_of(request).compute.server_metadata.create(ctx, server_id, given)}


@put("/servers/{server_id:str}/metadata")
def replace_metadata(request: Request, server_id: str, body: bytes) -> Body:
    given = schemas.decode(body, schemas.MetadataBody).metadata
    with writing(request) as ctx:
        return {"metadata": services_of(request).compute.server_metadata.replace(ctx, server_id, given)}


@put("/servers/{server_id:str}/metadata/{key:str}")
def put_metadata(request: Request, server_id: str, key: str, body: bytes) -> Body:
    given = schemas.decode(body, schemas.MetaBody).meta
    if list(given) != [key]:
        raise Invalid("Request body and URI mismatch")
    with writing(request) as ctx:
        services_of(request).compute.server_metadata.update(ctx, server_id, key, given[key])
    return {"meta": given}


@delete("/servers/{server_id:str}/metadata/{key:str}", status_code=204)
def delete_metadata(request: Request, server_id: str, key: str) -> None:
    with writing(request) as ctx:
        services_of(request).compute.server_metadata.delete(ctx, server_id, key)


@get("/servers/{server_id:str}/tags")
def list_tags(request: Request, server_id: str) -> Body:
    since(request, 26)
    with reading(request) as ctx:
        return {"tags": services_of(request).compute.server_tags.list(ctx, server_id)}


@get("/servers/{server_id:str}/tags/{tag:str}", status_code=204)
def check_tag(request: Request, server_id: str, tag: str) -> None:
    since(request, 26)
    with reading(request) as ctx:
        services_of(request).compute.server_tags.require(ctx, server_id, tag)


@put("/servers/{server_id:str}/tags")
def replace_tags(request: Request, server_id: str, body: bytes) -> Body:
    since(request, 26)
    given = schemas.decode(body, schemas.TagsBody).tags
    with writing(request) as ctx:
        return {"tags": services_of(request).compute.server_tags.replace(ctx, server_id, given)}


@put("/servers/{server_id:str}/tags/{tag:str}")
def add_tag(request: Request, server_id: str, tag: str) -> Response[None]:
    since(request, 26)
    with writing(request) as ctx:
        new = services_of(request).compute.server_tags.add(ctx, server_id, tag)
    if not new:
        return Response(None, status_code=204)
    return Response(None, status_code=201, headers={"Location": f"{request.url}"})


@delete("/servers/{server_id:str}/tags/{tag:str}", status_code=204)
def remove_tag(request: Request, server_id: str, tag: str) -> None:
    since(request, 26)
    with writing(request) as ctx:
        services_of(request).compute.server_tags.delete(ctx, server_id, tag)


@delete("/servers/{server_id:str}/tags", status_code=204)
def remove_tags(request: Request, server_id: str) -> None:
    since(request, 26)
    with writing(request) as ctx:
        services_of(request).compute.server_tags.delete_all(ctx, server_id)


def _detail(request: Request, server_id: str) -> ServerDetail:
    compute = services_of(request).compute
    with reading(request) as ctx:
        return compute.servers.get_detail(ctx, server_id)


@get("/servers/{server_id:str}/ips")
def list_addresses(request: Request, server_id: str) -> Body:
    return {"addresses": views.addresses(_detail(request, server_id).ports, short=True)}


@get("/servers/{server_id:str}/ips/{network:str}")
def show_addresses(request: Request, server_id: str, network: str) -> Body:
    found = views.addresses(_detail(request, server_id).ports, short=True)
    if network not in found:
        raise NotFound("Network label was not found")
    return {network: found[network]}


@get("/servers/{server_id:str}/os-interface")
def list_interfaces(request: Request, server_id: str) -> Body:
    how = shown(request)
    ports = [port for own in _detail(request, server_id).ports.values() for port in own]
    return {"interfaceAttachments": [views.interface(port, how) for port in ports]}


@get("/servers/{server_id:str}/os-interface/{port_id:str}")
def show_interface(request: Request, server_id: str, port_id: str) -> Body:
    for own in _detail(request, server_id).ports.values():
        for port in own:
            if port.id == port_id:
                return {"interfaceAttachment": views.interface(port, shown(request))}
    raise NotFound(f"Port {port_id} not found.")


@get("/servers/{server_id:str}/os-security-groups")
def list_security_groups(request: Request, server_id: str) -> Body:
    compute = services_of(request).compute
    with reading(request) as ctx:
        names = compute.server_security_groups.list(ctx, server_id)
        project_id = compute.servers.get(ctx, server_id).project_id
    groups = [{"id": name, "name": name, "description": "", "tenant_id": project_id, "rules": []} for name in names]
    return {"security_groups": groups}


@get("/servers/{server_id:str}/os-instance-actions")
def list_actions(request: Request, server_id: str) -> Body:
    compute = services_of(request).compute
    with reading(request) as ctx:
        found = compute.instance_actions.list(ctx, server_id)
        how = shown(request, admin=compute.servers.shows_host(ctx))
    return {"instanceActions": [views.action(action, how) for action in found]}


@get("/servers/{server_id:str}/os-instance-actions/{asked_by:str}")
def show_action(request: Request, server_id: str, asked_by: str) -> Body:
    compute = services_of(request).compute
    with reading(request) as ctx:
        found = compute.instance_actions.get(ctx, server_id, asked_by)
        how = shown(request, admin=compute.servers.shows_host(ctx))
    return {"instanceAction": views.action(found, how, full=True)}


handlers: list[Any] = [
    list_metadata,
    show_metadata,
    add_metadata,
    replace_metadata,
    put_metadata,
    delete_metadata,
    list_tags,
    check_tag,
    replace_tags,
    add_tag,
    remove_tag,
    remove_tags,
    list_addresses,
    show_addresses,
    list_interfaces,
    show_interface,
    list_security_groups,
    list_actions,
    show_action,
]
