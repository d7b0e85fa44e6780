"""`/servers/{server_id}/os-volume_attachments`."""

from msgspec import UnsetType

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.block_device_requests import parse_flag, parse_tag
from stratiform.interfaces.openstack.compute.schemas import volume_attachments as schemas
from stratiform.interfaces.openstack.compute.schemas.common import PageQuery
from stratiform.interfaces.openstack.compute.server_requests import MULTIATTACH
from stratiform.interfaces.openstack.compute.views import volume_attachments as views
from stratiform.kit.errors import Invalid
from stratiform.kit.pagination import paginate_list
from stratiform.services.compute import policy
from stratiform.services.volume.model import AttachmentOptions

#: The first microversion that attaches volumes to shelved servers, and detaches them.
_ALLOWS_SHELVED = 20

#: The first microversion that changes an attachment without swapping its volume.
_UPDATES_OPTIONS = 85

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
    options = AttachmentOptions(
        device=new.device,
        delete_on_termination=new.delete_on_termination is True,
        tag=parse_tag(new.tag),
    )
    attachment = request.services.compute.volume_attachments.attach(
        request.ctx,
        server_id,
        new.volume_id,
        options,
        allow_multiattach=request.microversion >= MULTIATTACH,
        allow_shelved=request.microversion >= _ALLOWS_SHELVED,
    )
    return schemas.VolumeAttachmentResponse(views.volume_attachment(attachment))


@api.put(_ITEM_PATH, policy.VOLUME_ATTACHMENTS_UPDATE, status=202)
def update_volume_attachment(
    request: ApiRequest, server_id: str, volume_id: str, body: schemas.VolumeAttachmentUpdateRequest
) -> None:
    """Swap the volume with another one or, since 2.85, change `delete_on_termination`."""
    changes, attachments = body.volume_attachment, request.services.compute.volume_attachments
    if changes.volume_id != volume_id or request.microversion < _UPDATES_OPTIONS:
        attachments.swap(request.ctx, server_id, volume_id, changes.volume_id)
        return
    attachment = attachments.get_for_update(request.ctx, server_id, volume_id)
    current = {"device": attachment.device, "tag": attachment.tag, "serverId": server_id}
    for name, value in {"device": changes.device, "tag": changes.tag, "serverId": changes.server_id}.items():
        if not isinstance(value, UnsetType) and value != current[name]:
            raise Invalid(f"The {name} of a volume attachment cannot be changed.")
    if not isinstance(changes.delete_on_termination, UnsetType):
        flag = parse_flag(changes.delete_on_termination)
        attachments.update(request.ctx, attachment, delete_on_termination=flag)


@api.delete(_ITEM_PATH, policy.VOLUME_ATTACHMENTS_DELETE, status=202)
def detach_volume(request: ApiRequest, server_id: str, volume_id: str) -> None:
    allow_shelved = request.microversion >= _ALLOWS_SHELVED
    request.services.compute.volume_attachments.detach(request.ctx, server_id, volume_id, allow_shelved=allow_shelved)
