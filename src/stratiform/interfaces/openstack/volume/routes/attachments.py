"""`/attachments` (microversion 3.27): to look at; the Compute API makes and ends them."""

from typing import Any

from stratiform.interfaces.openstack.volume import schemas, views
from stratiform.interfaces.openstack.volume.routes.calls import delete, get, post, put, reading, since
from stratiform.interfaces.services import Request, services_of
from stratiform.kit.errors import Invalid
from stratiform.kit.pagination import Page, paginate
from stratiform.services.volume.model import Attachment

_FIRST = 27
_BY_COMPUTE = "Volumes are attached and detached by the Compute API (servers/{id}/os-volume_attachments)."


@get("/attachments")
def list_attachments(request: Request) -> dict[str, Any]:
    return {"attachments": [views.attachment_summary(attachment) for attachment in _found(request)]}


@get("/attachments/detail")
def list_attachments_in_detail(request: Request) -> dict[str, Any]:
    return {"attachments": [views.attachment_detail(attachment) for attachment in _found(request)]}


@get("/attachments/{attachment_id:str}")
def show_attachment(request: Request, attachment_id: str) -> dict[str, Any]:
    since(request, _FIRST)
    with reading(request) as ctx:
        return {"attachment": views.attachment_detail(services_of(request).volume.attachment(ctx, attachment_id))}


@post("/attachments")
def create_attachment(request: Request) -> None:
    _refuse(request)


@put("/attachments/{attachment_id:str}")
def update_attachment(request: Request, attachment_id: str) -> None:  # noqa: ARG001  (Litestar hands it over by name)
    _refuse(request)


@delete("/attachments/{attachment_id:str}", status_code=200)
def delete_attachment(request: Request, attachment_id: str) -> None:  # noqa: ARG001  (as above)
    _refuse(request)


def _found(request: Request) -> list[Attachment]:
    since(request, _FIRST)
    query = request.query_params
    everyone = schemas.truth(query.get("all_tenants", "false"), "all_tenants")
    with reading(request) as ctx:
        found = services_of(request).volume.attachments(ctx, all_projects=everyone)
    wanted = {"volume_id": query.get("volume_id"), "server_id": query.get("instance_id"), "state": query.get("status")}
    kept = [
        attachment
        for attachment in found
        if all(value in (None, getattr(attachment, name)) for name, value in wanted.items())
    ]
    page = Page.parse(query.get("limit"), query.get("marker"))
    return list(paginate(kept, page, lambda attachment: attachment.id).items)


def _refuse(request: Request) -> None:
    since(request, _FIRST)
    with reading(request):
        raise Invalid(_BY_COMPUTE)


handlers: list[Any] = [
    *list_attachments,
    *list_attachments_in_detail,
    *show_attachment,
    *create_attachment,
    *update_attachment,
    *delete_attachment,
]
