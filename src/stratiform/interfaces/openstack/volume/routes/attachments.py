"""`/attachments`: read-only; the Compute API attaches and detaches volumes."""

from collections.abc import Sequence

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.volume import views
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.schemas import attachments as schemas
from stratiform.kit.pagination import paginate_list
from stratiform.services.volume import policy
from stratiform.services.volume.model import Attachment

_PATH = "/attachments/{attachment_id}"
_USE_COMPUTE = "Volumes are attached and detached through the Compute API (servers/{id}/os-volume_attachments)."


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


def _get(request: ApiRequest, attachment_id: str) -> None:
    request.services.volume.attachments.get(request.ctx, attachment_id)


api.declare_unsupported("POST", "/attachments", policy.ATTACHMENT_CREATE, _USE_COMPUTE, since=27)
api.declare_unsupported("PUT", _PATH, policy.ATTACHMENT_UPDATE, _USE_COMPUTE, get=_get, since=27)
api.declare_unsupported("DELETE", _PATH, policy.ATTACHMENT_DELETE, _USE_COMPUTE, get=_get, since=27)

api.declare_unsupported_actions(f"{_PATH}/action", policy.ATTACHMENT_UPDATE, _get, {"os-complete": _USE_COMPUTE})


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
