"""Responses of the Block Storage API. Source: cinder/api/views and cinder/api/v3/views."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET

from stratiform.contract.adoption import AdoptableResource
from stratiform.interfaces.endpoints import ViewContext
from stratiform.interfaces.openstack.volume.schemas import attachments as attachment_schemas
from stratiform.interfaces.openstack.volume.schemas import manageable_resources as manageable_schemas
from stratiform.interfaces.openstack.volume.schemas import quota_sets as quota_schemas
from stratiform.interfaces.openstack.volume.schemas import snapshots as snapshot_schemas
from stratiform.interfaces.openstack.volume.schemas import volume_actions as action_schemas
from stratiform.interfaces.openstack.volume.schemas import volume_types as type_schemas
from stratiform.interfaces.openstack.volume.schemas import volumes as volume_schemas
from stratiform.interfaces.openstack.volume.schemas.common import Link
from stratiform.kit.clock import Micros, format_iso_naive
from stratiform.services.image.model import Image
from stratiform.services.volume import events
from stratiform.services.volume.model import (
    Attachment,
    Backup,
    QuotaUsage,
    Snapshot,
    Volume,
    VolumeType,
    select_visible_extra_specs,
)
from stratiform.services.volume.model.managed_resources import SOURCE_ID, SOURCE_NAME, find_obstacle


@dataclass(frozen=True, slots=True)
class RelatedResources:
    """What a volume's response contains of other resources: type names by id, attachments by volume id."""

    type_names: Mapping[str, str] = field(default_factory=dict)
    attachments: Mapping[str, Sequence[Attachment]] = field(default_factory=dict)


def volume_summary(volume: Volume, view: ViewContext) -> volume_schemas.VolumeSummary:
    return volume_schemas.VolumeSummary(volume.id, volume.name, build_links(volume.id, view))


def new_volume(volume: Volume, view: ViewContext, related: RelatedResources) -> volume_schemas.VolumeDetail:
    """The response of create and update lacks the fields that Cinder's extensions add to show and list."""
    detail = volume_detail(volume, view, related)
    detail.project_id = detail.host = detail.migstat = detail.name_id = UNSET
    detail.volume_image_metadata = UNSET
    return detail


def volume_detail(volume: Volume, view: ViewContext, related: RelatedResources) -> volume_schemas.VolumeDetail:
    attachments = related.attachments.get(volume.id, ())
    return volume_schemas.VolumeDetail(
        id=volume.id,
        status=volume.visible_status,
        size=volume.size_gib,
        availability_zone=volume.zone,
        created_at=format_iso_naive(volume.created_at),
        updated_at=format_iso_naive(volume.updated_at),
        attachments=[_attachment(attachment) for attachment in attachments if attachment.attached_at is not None],
        name=volume.name,
        description=volume.description,
        volume_type=related.type_names.get(volume.type_id),
        volume_type_id=volume.type_id,
        snapshot_id=volume.snapshot_id or None,
        source_volid=volume.source_volume_id or None,
        group_id=volume.group_id or None,
        encrypted=volume.encrypted,
        multiattach=volume.multiattach,
        metadata=_metadata(volume),
        links=build_links(volume.id, view),
        user_id=volume.user_id,
        bootable=str(volume.bootable).lower(),
        project_id=volume.project_id,
        volume_image_metadata=volume.image_metadata or UNSET,
        host=events.format_pool(volume),
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
        host_name=attachment.host or None,
        device=attachment.device,
        attached_at=_format_time(attachment.attached_at),
    )


def uploading_volume(volume: Volume, image: Image, type_name: str) -> action_schemas.UploadingVolume:
    return action_schemas.UploadingVolume(
        id=volume.id,
        updated_at=format_iso_naive(volume.updated_at),
        status=volume.status,
        display_description=volume.description,
        size=volume.size_gib,
        volume_type=action_schemas.UploadingVolumeType(volume.type_id, type_name),
        image_id=image.id,
        container_format=image.container_format or "",
        disk_format=image.disk_format or "",
        image_name=image.name or "",
        protected=image.protected,
        visibility=image.visibility,
    )


def attachment_summary(attachment: Attachment) -> attachment_schemas.AttachmentSummary:
    return attachment_schemas.AttachmentSummary(
        attachment.id, attachment.state, attachment.server_id or None, attachment.volume_id
    )


def attachment_detail(attachment: Attachment) -> attachment_schemas.AttachmentDetail:
    return attachment_schemas.AttachmentDetail(
        id=attachment.id,
        status=attachment.state,
        instance=attachment.server_id or None,
        volume_id=attachment.volume_id,
        attached_at=_format_time(attachment.attached_at),
        attach_mode=attachment.mode,
        connection_info=_connection_info(attachment),
    )


def _connection_info(attachment: Attachment) -> dict[str, str]:
    """Return what Cinder adds to a driver's connection; clouds have no connections that a host could use."""
    if not attachment.connector:
        return {}
    return {
        "attachment_id": attachment.id,
        "volume_id": attachment.volume_id,
        "driver_volume_type": "none",
        "access_mode": attachment.mode,
    }


def volume_type(volume_type: VolumeType, view: ViewContext) -> type_schemas.VolumeType:
    return type_schemas.VolumeType(
        id=volume_type.id,
        name=volume_type.name,
        description=volume_type.description,
        is_public=volume_type.is_public,
        access_is_public=volume_type.is_public,
        extra_specs=select_visible_extra_specs(volume_type, is_admin=view.is_admin),
        qos_specs_id=volume_type.qos_spec_id or None,
    )


def snapshot(snapshot: Snapshot) -> snapshot_schemas.SnapshotDetail:
    return snapshot_schemas.SnapshotDetail(
        id=snapshot.id,
        created_at=format_iso_naive(snapshot.created_at),
        updated_at=format_iso_naive(snapshot.updated_at),
        name=snapshot.name,
        description=snapshot.description,
        volume_id=snapshot.volume_id,
        status=snapshot.status,
        size=snapshot.size_gib,
        metadata=snapshot.metadata,
        progress=snapshot.progress or ("100%" if snapshot.native_id and snapshot.status == "available" else "0%"),
        project_id=snapshot.project_id,
        group_snapshot_id=snapshot.group_snapshot_id or None,
        user_id=snapshot.user_id,
    )


def manageable_volume(resource: AdoptableResource) -> manageable_schemas.ManageableVolume:
    return manageable_schemas.ManageableVolume(**_manageable(resource))


def manageable_volume_detail(resource: AdoptableResource) -> manageable_schemas.ManageableVolumeDetail:
    return manageable_schemas.ManageableVolumeDetail(**_manageable(resource), **_manageable_detail(resource))


def manageable_snapshot(resource: AdoptableResource) -> manageable_schemas.ManageableSnapshot:
    return manageable_schemas.ManageableSnapshot(
        **_manageable(resource), source_reference=_build_reference(resource.volume_id)
    )


def manageable_snapshot_detail(resource: AdoptableResource) -> manageable_schemas.ManageableSnapshotDetail:
    return manageable_schemas.ManageableSnapshotDetail(
        **_manageable(resource),
        **_manageable_detail(resource),
        source_reference=_build_reference(resource.volume_id),
    )


def _manageable(resource: AdoptableResource) -> dict[str, Any]:
    return {
        "reference": _build_reference(resource.id),
        "size": resource.size_gib,
        "safe_to_manage": find_obstacle(resource) is None,
    }


def _manageable_detail(resource: AdoptableResource) -> dict[str, Any]:
    return {
        "reason_not_safe": find_obstacle(resource),
        "cinder_id": resource.token or None,
        "extra_info": f"{SOURCE_NAME}: {resource.name}" if resource.name else None,
    }


def _build_reference(native_id: str) -> dict[str, str]:
    return {SOURCE_ID: native_id} if native_id else {}


def new_snapshot(value: Snapshot) -> snapshot_schemas.SnapshotDetail:
    """The response of create and update, and of the short list, lacks the fields of Cinder's extension."""
    detail = snapshot(value)
    detail.progress = detail.project_id = UNSET
    return detail


def backup_summary(backup: Backup, view: ViewContext) -> snapshot_schemas.BackupSummary:
    return snapshot_schemas.BackupSummary(backup.id, backup.name, build_links(backup.id, view, "backups"))


def backup_detail(backup: Backup, view: ViewContext, parent_ids: Collection[str]) -> snapshot_schemas.BackupDetail:
    return snapshot_schemas.BackupDetail(
        id=backup.id,
        name=backup.name,
        links=build_links(backup.id, view, "backups"),
        status=backup.status,
        size=backup.size_gib,
        object_count=0,
        availability_zone=backup.zone,
        container=backup.container or None,
        created_at=format_iso_naive(backup.created_at),
        updated_at=format_iso_naive(backup.updated_at),
        description=backup.description,
        fail_reason=backup.fault or None,
        volume_id=backup.volume_id,
        is_incremental=bool(backup.parent_id),
        has_dependent_backups=backup.id in parent_ids,
        snapshot_id=backup.snapshot_id or None,
        data_timestamp=format_iso_naive(backup.data_at),
        project_id=backup.project_id,
        metadata=backup.metadata,
        user_id=backup.user_id,
    )


def quota_usage(usage: QuotaUsage) -> dict[str, quota_schemas.QuotaUsage]:
    """Return every quota by Cinder's name (`volumes`, `gigabytes_fast`)."""
    return {name: quota_schemas.QuotaUsage(usage.in_use.get(name, 0), limit) for name, limit in usage.limits.items()}


def build_links(resource_id: str, view: ViewContext, collection: str = "volumes") -> list[Link]:
    """Return the links `self` and `bookmark` of a resource."""
    bookmark_path = view.path.replace("/v3", "", 1)
    return [
        Link("self", view.build_url(collection, resource_id)),
        Link("bookmark", f"{view.url}{bookmark_path}/{collection}/{resource_id}"),
    ]


def _format_time(us: Micros | None) -> str | None:
    return None if us is None else format_iso_naive(us)
