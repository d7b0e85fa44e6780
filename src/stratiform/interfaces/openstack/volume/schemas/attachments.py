"""Attachments."""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType

from stratiform.interfaces.endpoints import Since
from stratiform.interfaces.openstack.volume.schemas.common import PageQuery, Uuid


class AttachmentListQuery(PageQuery):
    all_tenants: bool = False
    volume_id: str | None = None
    instance_id: str | None = None
    status: str | None = None


class AttachmentCreate(Struct):
    """`connector` describes the host that the volume is attached to; without it, the volume is reserved."""

    volume_uuid: str
    instance_uuid: Uuid | None = None
    connector: dict[str, object] | None = None
    mode: Annotated[str | UnsetType, Since(54)] = UNSET


class AttachmentCreateRequest(Struct):
    attachment: AttachmentCreate


class AttachmentUpdate(Struct):
    connector: dict[str, object] | None = None


class AttachmentUpdateRequest(Struct):
    attachment: AttachmentUpdate


class AttachmentSummary(Struct):
    id: str
    status: str
    instance: str | None
    volume_id: str


class AttachmentDetail(AttachmentSummary, kw_only=True):
    attached_at: str | None
    detached_at: str | None = None
    attach_mode: str = "rw"
    connection_info: dict[str, str]


class AttachmentResponse(Struct):
    attachment: AttachmentDetail


class AttachmentsResponse(Struct):
    attachments: list[AttachmentSummary]


class AttachmentsDetailResponse(Struct):
    attachments: list[AttachmentDetail]
