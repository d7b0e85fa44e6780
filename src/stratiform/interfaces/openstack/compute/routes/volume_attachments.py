"""`/servers/{server_id}/os-volume_attachments`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import volume_attachments as schemas
from stratiform.interfaces.openstack.compute.schemas.common import PageQuery
from stratiform.interfaces.openstack.compute.views import volume_attachments as views
from stratiform.kit.errors import Invalid
from stratiform.kit.pagination import paginate_list
from stratiform.services.compute import policy

_PATH = "/servers/{server_id}/os-volume_attachments"
_ITEM_PATH = "/servers/{server_id}/os-volume_attachments/{volume_id}"


@api.get(_PATH, policy.VOLUME_ATTACHMENTS_LIST)
def list_volume_attachments(request: ApiRequest, server_id: str, query: PageQuery) -> schemas.VolumeAttachmentsResponse:
    attachments = request.services.compute.volume_attachments.list(request.ctx, server_id)
    page = paginate_list(attachments, query.page(), lambda attachment: attachment.volume_id)
    return schemas.VolumeAttachmentsResponse([views.volume_attachment(attachment) for attachment in page.items])


@api.get(_ITEM_PATH, policy.VOLUME_ATTACHMENTS_SHOW)
def show_volume_attachment(request: ApiRequest, server_id: str, volume_id: str) -> schemas.VolumeAttachmentResponse:
    attachment = request.services.compute.volume_attachments.get(request.ctx, server_id, volume_id)
    return schemas.VolumeAttachmentResponse(views.volume_attachment(attachment))


@api.post(_PATH, policy.VOLUME_ATTACHMENTS_CREATE)
def attach_volume(
    request: ApiRequest, server_id: str, body: schemas.VolumeAttachmentCreateRequest
) -> schemas.VolumeAttachmentResponse:
    new = body.volume_attachment
    _reject_delete_on_termination(requested=new.delete_on_termination is True)
    attachment = request.services.compute.volume_attachments.attach(request.ctx, server_id, new.volume_id, new.device)
    return schemas.VolumeAttachmentResponse(views.volume_attachment(attachment))


@api.put(_ITEM_PATH, policy.VOLUME_ATTACHMENTS_UPDATE, status=202)
def update_volume_attachment(
    request: ApiRequest, server_id: str, volume_id: str, body: schemas.VolumeAttachmentUpdateRequest
) -> None:
    """Update a volume attachment; only the current values are accepted."""
    changes = body.volume_attachment
    request.services.compute.volume_attachments.update(request.ctx, server_id, volume_id, changes.volume_id)
    _reject_delete_on_termination(requested=changes.delete_on_termination)


@api.delete(_ITEM_PATH, policy.VOLUME_ATTACHMENTS_DELETE, status=202)
def detach_volume(request: ApiRequest, server_id: str, volume_id: str) -> None:
    request.services.compute.volume_attachments.detach(request.ctx, server_id, volume_id)


def _reject_delete_on_termination(*, requested: bool) -> None:
    if requested:
        raise Invalid("delete_on_termination is not supported: volumes are kept when a server is deleted.")
