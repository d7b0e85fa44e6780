"""`/attachments`: those of servers, and those that clients record here. Source: cinder/api/v3/attachments.py."""

from collections.abc import Sequence

from stratiform.interfaces.endpoints import Action, ApiRequest
from stratiform.interfaces.openstack.volume import views
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.schemas import attachments as schemas
from stratiform.kit.errors import Conflict
from stratiform.kit.pagination import paginate_list
from stratiform.services.volume import policy
from stratiform.services.volume.model import Attachment

_PATH = "/attachments/{attachment_id}"


@api.get("/attachments", policy.VOLUME_GET_ALL, since=27)
def list_attachments(request: ApiRequest, query: schemas.AttachmentListQuery) -> schemas.AttachmentsResponse:
    return schemas.AttachmentsResponse([views.attachment_summary(item) for item in _list(request, query)])


@api.get("/attachments/detail", policy.VOLUME_GET_ALL, since=27)
def list_attachments_detail(
    request: ApiRequest, query: schemas.AttachmentListQuery
) -> schemas.AttachmentsDetailResponse:
    return schemas.AttachmentsDetailResponse([views.attachment_detail(item) for item in _list(request, query)])


@api.get(_PATH, policy.VOLUME_GET, since=27)
def show_attachment(request: ApiRequest, attachment_id: str) -> schemas.AttachmentResponse:
    attachment = request.services.volume.attachments.get(request.ctx, attachment_id)
    return schemas.AttachmentResponse(views.attachment_detail(attachment))


@api.post("/attachments", policy.ATTACHMENT_CREATE, since=27)
def create_attachment(request: ApiRequest, body: schemas.AttachmentCreateRequest) -> schemas.AttachmentResponse:
    new = body.attachment
    mode = new.mode if isinstance(new.mode, str) else None
    attachment = request.services.volume.recorded_attachments.create(
        request.ctx, new.volume_uuid, new.instance_uuid or "", new.connector or {}, mode
    )
    return schemas.AttachmentResponse(views.attachment_detail(attachment))


@api.put(_PATH, policy.ATTACHMENT_UPDATE, since=27)
def update_attachment(
    request: ApiRequest, attachment_id: str, body: schemas.AttachmentUpdateRequest
) -> schemas.AttachmentResponse:
    connector = body.attachment.connector or {}
    attachment = request.services.volume.recorded_attachments.update(request.ctx, attachment_id, connector)
    return schemas.AttachmentResponse(views.attachment_detail(attachment))


@api.delete(_PATH, policy.ATTACHMENT_DELETE, since=27, status=200, errors=(Conflict,))
def delete_attachment(request: ApiRequest, attachment_id: str) -> schemas.AttachmentsResponse:
    """Delete an attachment, and return the remaining attachments of the volume."""
    remaining = request.services.volume.recorded_attachments.delete(request.ctx, attachment_id)
    return schemas.AttachmentsResponse([views.attachment_summary(item) for item in remaining])


def _complete(request: ApiRequest, attachment_id: str) -> None:
    request.services.volume.recorded_attachments.complete(request.ctx, attachment_id)


api.declare_actions(
    f"{_PATH}/action",
    [Action("os-complete", policy.ATTACHMENT_COMPLETE, _complete, since=44, status=204, errors=(Conflict,))],
)


def _list(request: ApiRequest, query: schemas.AttachmentListQuery) -> Sequence[Attachment]:
    attachments = request.services.volume.attachments.list(request.ctx, all_projects=query.all_tenants)
    matching = [
        attachment
        for attachment in attachments
        if query.volume_id in (None, attachment.volume_id)
        and query.instance_id in (None, attachment.server_id)
        and query.status in (None, attachment.state)
    ]
    return paginate_list(matching, query.page(), lambda attachment: attachment.id).items
