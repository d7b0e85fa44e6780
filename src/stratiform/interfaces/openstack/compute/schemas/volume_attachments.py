"""Volume attachments of servers."""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType, field

from stratiform.interfaces.endpoints import Since, Until


class VolumeAttachmentCreate(Struct, forbid_unknown_fields=True):
    volume_id: str = field(name="volumeId")
    device: str | None = None
    tag: Annotated[str | UnsetType, Since(49)] = UNSET
    delete_on_termination: Annotated[bool | UnsetType, Since(79)] = UNSET


class VolumeAttachmentCreateRequest(Struct, forbid_unknown_fields=True):
    volume_attachment: VolumeAttachmentCreate = field(name="volumeAttachment")


class VolumeAttachmentUpdate(Struct):
    """Since 2.85, the other fields must have their current values."""

    volume_id: str = field(name="volumeId")
    delete_on_termination: Annotated[bool | str | UnsetType, Since(85)] = UNSET
    device: Annotated[str | UnsetType, Since(85)] = UNSET
    tag: Annotated[str | UnsetType, Since(85)] = UNSET
    server_id: Annotated[str | UnsetType, Since(85)] = field(name="serverId", default=UNSET)


class VolumeAttachmentUpdateRequest(Struct, forbid_unknown_fields=True):
    volume_attachment: VolumeAttachmentUpdate = field(name="volumeAttachment")


class VolumeAttachment(Struct, kw_only=True):
    volume_id: str = field(name="volumeId")
    server_id: str = field(name="serverId")
    device: str
    id: Annotated[str, Until(88)]
    attachment_id: Annotated[str, Since(89)]
    bdm_uuid: Annotated[str, Since(89)]
    tag: Annotated[str | None, Since(70)] = None
    delete_on_termination: Annotated[bool, Since(79)] = False


class VolumeAttachmentResponse(Struct):
    volume_attachment: VolumeAttachment = field(name="volumeAttachment")


class VolumeAttachmentsResponse(Struct):
    volume_attachments: list[VolumeAttachment] = field(name="volumeAttachments")
