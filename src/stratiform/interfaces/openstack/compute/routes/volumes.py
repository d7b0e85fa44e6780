"""Volumes of servers. Source: Compute API reference, "Servers with volume attachments"."""

from typing import Any

from litestar import Response

from stratiform.interfaces.openstack.compute import schemas, views
from stratiform.interfaces.openstack.compute.microversions import since
from stratiform.interfaces.openstack.compute.routes.calls import Body, page, shown
from stratiform.interfaces.openstack.microversions import minor
from stratiform.interfaces.services import Request, delete, get, post, put, reading, services_of, writing
from stratiform.kit.errors import Invalid
from stratiform.kit.pagination import paginate

_PATH = "/servers/{server_id:str}/os-volume_attachments"


@get(_PATH)
def list_attachments(request: Request, server_id: str) -> Body:
    with reading(request) as ctx:
        found = services_of(request).compute.volume_attachments.list(ctx, server_id)
    part = paginate(found, page(request), lambda attachment: attachment.volume_id)
    how = shown(request)
    return {"volumeAttachments": [views.attachment(attachment, how) for attachment in part.items]}


@get(_PATH + "/{volume_id:str}")
def show_attachment(request: Request, server_id: str, volume_id: str) -> Body:
    with reading(request) as ctx:
        found = services_of(request).compute.volume_attachments.get(ctx, server_id, volume_id)
    return {"volumeAttachment": views.attachment(found, shown(request))}


@post(_PATH, status_code=200)
def attach_volume(request: Request, server_id: str, body: bytes) -> Body:
    given = schemas.decode(body, schemas.AttachVolume).attachment
    schemas.require_version(given, minor(request), {"tag": 49, "delete_on_termination": 79})
    if given.delete_on_termination is True:
        raise Invalid("delete_on_termination is not supported: a volume outlives the server.")
    with writing(request) as ctx:
        made = services_of(request).compute.volume_attachments.attach(ctx, server_id, given.volume_id, given.device)
    return {"volumeAttachment": views.attachment(made, shown(request))}


@put(_PATH + "/{volume_id:str}", status_code=202)
def update_attachment(request: Request, server_id: str, volume_id: str, body: bytes) -> Response[None]:
    """Only what is so already may be said; swapping volumes is not for customers, and not possible here."""
    since(request, 1)
    given = schemas.decode(body, schemas.UpdateAttachment).attachment
    with writing(request) as ctx:
        services_of(request).compute.volume_attachments.update(ctx, server_id, volume_id, given.volume_id)
    if given.delete_on_termination:
        raise Invalid("delete_on_termination is not supported: a volume outlives the server.")
    return Response(None, status_code=202)


@delete(_PATH + "/{volume_id:str}", status_code=202)
def detach_volume(request: Request, server_id: str, volume_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).compute.volume_attachments.detach(ctx, server_id, volume_id)


handlers: list[Any] = [list_attachments, show_attachment, attach_volume, update_attachment, detach_volume]
