"""Responses of the Block Storage API. Source: cinder/api/views and cinder/api/v3/views."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import UNSET

from stratiform.interfaces.endpoints import ViewContext
from stratiform.interfaces.openstack.volume.schemas import attachments as attachment_schemas
from stratiform.interfaces.openstack.volume.schemas import quota_sets as quota_schemas
from stratiform.interfaces.openstack.volume.schemas import volume_types as type_schemas
from stratiform.interfaces.openstack.volume.schemas import volumes as volume_schemas
from stratiform.interfaces.openstack.volume.schemas.common import Link
from stratiform.kit.clock import Micros, format_iso_naive
from stratiform.services.volume import events
from stratiform.services.volume.model import Attachment, QuotaUsage, Volume, VolumeType, select_visible_extra_specs

_QUOTAS = ("volumes", "gigabytes", "snapshots", "backups", "backup_gigabytes", "per_volume_gigabytes", "groups")
_QUOTAS_BY_TYPE = ("volumes", "gigabytes", "snapshots")


@dataclass(frozen=True, slots=True)
class RelatedResources:
    """What a volume's response contains of other resources: type names by id, attachments by volume id."""

    type_names: Mapping[str, str] = field(default_factory=dict)
    attachments: Mapping[str, Sequence[Attachment]] = field(default_factory=dict)


def volume_summary(volume: Volume, view: ViewContext) -> volume_schemas.VolumeSummary:
    return volume_schemas.VolumeSummary(volume.id, volume.name, _links(volume.id, view))


def volume_detail(volume: Volume, view: ViewContext, related: RelatedResources) -> volume_schemas.VolumeDetail:
    attachments = related.attachments.get(volume.id, ())
    return volume_schemas.VolumeDetail(
        id=volume.id,
        status=volume.status,
        size=volume.size_gib,
        availability_zone=volume.zone,
        created_at=format_iso_naive(volume.created_at),
        updated_at=format_iso_naive(volume.updated_at),
        attachments=[_attachment(attachment) for attachment in attachments if attachment.attached_at is not None],
        name=volume.name,
        description=volume.description,
        volume_type=related.type_names.get(volume.type_id),
        metadata=_metadata(volume),
        links=_links(volume.id, view),
        user_id=volume.user_id,
        bootable=str(volume.bootable).lower(),
        project_id=volume.project_id,
        volume_image_metadata=volume.image_metadata or UNSET,
        host=events.format_host(volume),
        provider_id=volume.native_id or None,
    )


def _metadata(volume: Volume) -> dict[str, str]:
    if volume.read_only is None:
        return volume.metadata
    return {**volume.metadata, "readonly": str(volume.read_only)}


def _attachment(attachment: Attachment) -> volume_schemas.VolumeAttachment:
    return volume_schemas.VolumeAttachment(
        id=attachment.volume_id,
        attachment_id=attachment.id,
        volume_id=attachment.volume_id,
        server_id=attachment.server_id,
        host_name=None,
        device=attachment.device,
        attached_at=_format_time(attachment.attached_at),
    )


def attachment_summary(attachment: Attachment) -> attachment_schemas.AttachmentSummary:
    return attachment_schemas.AttachmentSummary(
        attachment.id, attachment.state, attachment.server_id, attachment.volume_id
    )


def attachment_detail(attachment: Attachment) -> attachment_schemas.AttachmentDetail:
    return attachment_schemas.AttachmentDetail(
        id=attachment.id,
        status=attachment.state,
        instance=attachment.server_id,
        volume_id=attachment.volume_id,
        attached_at=_format_time(attachment.attached_at),
        connection_info={},
    )


def volume_type(volume_type: VolumeType, view: ViewContext) -> type_schemas.VolumeType:
    return type_schemas.VolumeType(
        id=volume_type.id,
        name=volume_type.name,
        description=volume_type.description,
        is_public=volume_type.is_public,
        access_is_public=volume_type.is_public,
        extra_specs=select_visible_extra_specs(volume_type, is_admin=view.is_admin),
    )


def quota_usage(usage: QuotaUsage) -> dict[str, quota_schemas.QuotaUsage]:
    """Return every quota by Cinder's name (`volumes`, `gigabytes_fast`)."""
    in_use = {"volumes": usage.volumes, "gigabytes": usage.gigabytes}
    for name, (count, gib) in usage.by_type.items():
        in_use |= {f"volumes_{name}": count, f"gigabytes_{name}": gib}
    names = [*_QUOTAS, *(f"{quota}_{name}" for name in usage.type_names for quota in _QUOTAS_BY_TYPE)]
    return {name: quota_schemas.QuotaUsage(in_use.get(name, 0)) for name in names}


def quota_limits(usage: QuotaUsage) -> dict[str, int]:
    return {name: quota.limit for name, quota in quota_usage(usage).items()}


def default_quota_limits() -> dict[str, int]:
    return dict.fromkeys(_QUOTAS, quota_schemas.UNLIMITED)


def _links(volume_id: str, view: ViewContext) -> list[Link]:
    bookmark_path = view.path.replace("/v3", "", 1)
    return [
        Link("self", view.build_url("volumes", volume_id)),
        Link("bookmark", f"{view.url}{bookmark_path}/volumes/{volume_id}"),
    ]


def _format_time(us: Micros | None) -> str | None:
    return None if us is None else format_iso_naive(us)
