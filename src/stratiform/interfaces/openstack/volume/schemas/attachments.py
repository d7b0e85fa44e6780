"""Attachments."""

from msgspec import Struct

from stratiform.interfaces.openstack.volume.schemas.common import PageQuery


class AttachmentListQuery(PageQuery):
    all_tenants: bool = False
    volume_id: str | None = None
    instance_id: str | None = None
    status: str | None = None


class AttachmentSummary(Struct):
    id: str
    status: str
    instance: str
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
