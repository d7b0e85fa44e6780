"""Servers. Source: Compute API reference, "Servers"."""

import base64
import binascii
from ipaddress import ip_address
from typing import Any, cast

from litestar import Response
from msgspec import UNSET

from stratiform.interfaces.openstack.compute import schemas, views
from stratiform.interfaces.openstack.compute.routes.calls import Body, next_links, page, shown
from stratiform.interfaces.openstack.compute.routes.filters import server_filter
from stratiform.interfaces.openstack.microversions import minor
from stratiform.interfaces.services import Request, delete, get, post, put, reading, services_of, writing
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Forbidden, Invalid
from stratiform.services.compute.errors import InvalidField
from stratiform.services.compute.model import NewServer, Server, ServerChanges, VolumeRequest
from stratiform.services.compute.model.validation import validate_hostname
from stratiform.services.network.model import NicRequest

_MOST_USER_DATA = 65535


@get("/servers")
def list_servers(request: Request) -> Body:
    return _listed(request, detail=False)


@get("/servers/detail")
def list_servers_detail(request: Request) -> Body:
    return _listed(request, detail=True)


def _listed(request: Request, *, detail: bool) -> Body:
    services = services_of(request)
    with reading(request) as ctx:
        wanted = server_filter(request, ctx.caller)
        how = shown(request, admin=services.compute.servers.shows_host(ctx))
        if detail:
            details = services.compute.servers.list_details(ctx, wanted, page(request))
            items, more = [views.server(detail, how) for detail in details.items], details.more
        else:
            servers = services.compute.servers.list(ctx, wanted, page(request))
            items, more = [views.server_summary(server, how) for server in servers.items], servers.more
    body: Body = {"servers": items}
    if following := next_links(request, [server["id"] for server in items], more=more):
        body["servers_links"] = following
    return body


@get("/servers/{server_id:str}")
def show_server(request: Request, server_id: str) -> Body:
    services = services_of(request)
    with reading(request) as ctx:
        body = _shown(request, ctx, services.compute.servers.get(ctx, server_id))
        cost = services.billing.server_cost(ctx, server_id)
    if cost is not None:
        body["stratiform:cost"] = cost
    return {"server": body}


def _shown(request: Request, ctx: RequestContext, server: Server) -> Body:
    compute = services_of(request).compute
    how = shown(request, admin=compute.servers.shows_host(ctx))
    return views.server(compute.servers.load_details(ctx, [server])[0], how, full=True)


@post("/servers", status_code=202)
def create_server(request: Request, body: bytes) -> Response[Body]:
    given = schemas.decode(body, schemas.CreateServer).server
    schemas.require_version(given, minor(request), schemas.NEW_SERVER_SINCE, schemas.NEW_SERVER_UNTIL)
    new = _new_server(given, minor(request))
    services = services_of(request)
    with writing(request) as ctx:
        if given.host is not UNSET or given.hypervisor_hostname is not UNSET:
            raise Forbidden("Policy doesn't allow os_compute_api:servers:create:forced_host to be performed.")
        made = services.compute.servers.create(ctx, new)
    if given.return_reservation_id:
        return Response({"reservation_id": made[0].reservation_id}, status_code=202)
    how = shown(request)
    first = made[0]
    links = views.links(how, "servers", first.id)
    answer: Body = {
        "id": first.id,
        "links": links,
        "OS-DCF:diskConfig": first.disk_config,
        "security_groups": [{"name": name} for name in first.security_groups],
    }
    return Response({"server": answer}, status_code=202, headers={"Location": links[0]["href"]})


def _new_server(given: schemas.NewServer, asked: int) -> NewServer:
    least = given.min_count if isinstance(given.min_count, int) else 1
    most = given.max_count if isinstance(given.max_count, int) else least
    image_id, volumes = _devices(given)
    return NewServer(
        name=schemas.check_name(given.name.strip()),
        flavor_id=_last(str(given.flavor_ref)),
        image_id=image_id,
        networks=_networks(given.networks, asked),
        key_name=given.key_name,
        user_data=check_user_data(given.user_data),
        metadata=given.metadata,
        tags=tuple(given.tags) if isinstance(given.tags, list) else (),
        security_groups=tuple(dict.fromkeys(group.name for group in given.security_groups)),
        volumes=volumes,
        min_count=least,
        max_count=most,
        zone=(given.availability_zone or "").split(":")[0] or None,
        config_drive=str(given.config_drive).lower() in ("true", "1", "yes", "on"),
        description=given.description if isinstance(given.description, str) else _no_description(given.name, asked),
        hostname=_hostname(given.hostname, most),
        disk_config=_disk_config(given.disk_config),
        access_ip_v4=_address(given.access_ip_v4, 4, "accessIPv4"),
        access_ip_v6=_address(given.access_ip_v6, 6, "accessIPv6"),
    )


def _no_description(name: str, asked: int) -> str | None:
    """Before 2.19 a server's description was its name."""
    return None if asked >= 19 else name


def _devices(given: schemas.NewServer) -> tuple[str, tuple[VolumeRequest, ...]]:
    """The image to start from, and existing volumes to attach. Raises Invalid for what no cloud of ours does."""
    if given.block_device_mapping is not UNSET:
        raise Invalid("Legacy block_device_mapping is not supported; use block_device_mapping_v2.")
    image_id, volumes = _last(given.image_ref), []
    for device in given.block_device_mapping_v2:
        if device.source_type == "volume" and device.destination_type in ("volume", "") and device.uuid:
            if device.boot_index == 0:
                raise Invalid("Starting a server from a volume is not supported; start it from an image.")
            volumes.append(VolumeRequest(device.uuid, device.device_name or ""))
        elif device.source_type == "image" and device.boot_index == 0 and device.destination_type in ("local", ""):
            image_id = device.uuid or image_id
        else:
            raise Invalid(
                "Block Device Mapping is Invalid: only an image on a local disk, and existing volumes, are supported."
            )
        if device.delete_on_termination and device.source_type == "volume":
            raise Invalid("Block Device Mapping is Invalid: delete_on_termination is not supported for volumes.")
    if not image_id:
        raise Invalid("Invalid imageRef provided.")
    return image_id, tuple(volumes)


def _networks(given: Any, asked: int) -> tuple[NicRequest, ...] | None:
    """None: no card. Empty: the project's own network."""
    if given is UNSET:
        if asked >= 37:
            raise InvalidField("server", "{...}", "'networks' is a required property")
        return ()
    if isinstance(given, str):
        if asked < 37 or given not in ("auto", "none"):
            raise InvalidField("networks", given, f"{given!r} is not one of ['auto', 'none']")
        return () if given == "auto" else None
    requests = []
    for network in given:
        port = network.port if isinstance(network.port, str) else None
        uuid = network.uuid if isinstance(network.uuid, str) else None
        if port is None and uuid is None:
            raise InvalidField("networks", "{}", "A network needs a uuid or a port.")
        fixed = network.fixed_ip if isinstance(network.fixed_ip, str) else None
        if fixed is not None and port is not None:
            raise Invalid("Specified Fixed IP can't be used with a port: the port has its address already.")
        requests.append(NicRequest(network_id=None if port else uuid, port_id=port, fixed_ip=fixed))
    return tuple(requests)


def check_user_data(text: str | None) -> str:
    """Raises InvalidField unless it is base64 of at most 65535 characters."""
    if not text:
        return ""
    if len(text) > _MOST_USER_DATA:
        raise InvalidField("user_data", "***", f"It is longer than {_MOST_USER_DATA} characters.")
    try:
        base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidField("user_data", "***", "It is not a 'base64'") from error
    return text


def _hostname(given: Any, most: int) -> str | None:
    if not isinstance(given, str):
        return None
    validate_hostname(given)
    if most > 1:
        raise Invalid("hostname cannot be used for multiple servers.")
    return given


def _disk_config(text: str) -> str:
    if text not in ("AUTO", "MANUAL"):
        raise InvalidField("OS-DCF:diskConfig", text, f"{text!r} is not one of ['AUTO', 'MANUAL']")
    return text


def _address(text: str, version: int, what: str) -> str:
    if not text:
        return ""
    try:
        if ip_address(text).version == version:
            return text
    except ValueError:
        pass
    raise InvalidField(what, text, f"{text!r} is not a 'ipv{version}'")


def _last(reference: str) -> str:
    """References may be whole URLs."""
    return reference.rstrip("/").rsplit("/", 1)[-1]


def checked(changes: Body) -> Body:
    """What may be changed of a server, checked one by one. Raises InvalidField."""
    if "name" in changes:
        changes["name"] = schemas.check_name(changes["name"].strip())
    if "hostname" in changes:
        validate_hostname(changes["hostname"])
    if "disk_config" in changes:
        _disk_config(changes["disk_config"])
    for version in (4, 6):
        key = f"access_ip_v{version}"
        if key in changes:
            changes[key] = _address(changes[key], version, f"accessIPv{version}")
    return changes


@put("/servers/{server_id:str}")
def update_server(request: Request, server_id: str, body: bytes) -> Body:
    given = schemas.decode(body, schemas.UpdateServer).server
    schemas.require_version(given, minor(request), {"description": 19, "hostname": 90})
    changes = checked(schemas.given(given))
    services = services_of(request)
    with writing(request) as ctx:
        changed = services.compute.servers.update(ctx, server_id, **cast("ServerChanges", changes))
        return {"server": as_changed(_shown(request, ctx, changed), minor(request))}


#: What update and rebuild did not answer before 2.75.
_SINCE_75 = (
    "OS-EXT-AZ:",
    "OS-EXT-STS:",
    "OS-SRV-USG:",
    "OS-EXT-SRV-ATTR:host",
    "OS-EXT-SRV-ATTR:hypervisor_hostname",
    "OS-EXT-SRV-ATTR:instance_name",
    "OS-EXT-SRV-ATTR:reservation_id",
    "OS-EXT-SRV-ATTR:launch_index",
    "OS-EXT-SRV-ATTR:kernel_id",
    "OS-EXT-SRV-ATTR:ramdisk_id",
    "OS-EXT-SRV-ATTR:root_device_name",
    "OS-EXT-SRV-ATTR:user_data",
    "config_drive",
    "key_name",
    "security_groups",
    "host_status",
    "os-extended-volumes:",
)


def as_changed(body: Body, asked: int) -> Body:
    """A server as update and rebuild answer it."""
    if asked >= 75:
        return body
    return {key: value for key, value in body.items() if not key.startswith(_SINCE_75)}


@delete("/servers/{server_id:str}", status_code=204)
def delete_server(request: Request, server_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).compute.servers.delete(ctx, server_id)


handlers: list[Any] = [
    list_servers,
    list_servers_detail,
    show_server,
    create_server,
    update_server,
    delete_server,
]
