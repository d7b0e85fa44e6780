"""Volumes."""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType, field

from stratiform.interfaces.endpoints import ADMIN_ONLY, Since
from stratiform.interfaces.openstack.volume.lists import ListQuery
from stratiform.interfaces.openstack.volume.schemas.common import Link


class VolumeCreate(Struct):
    size: int | None = None
    name: str | None = None
    display_name: str | None = None
    description: str | None = None
    display_description: str | None = None
    volume_type: str | None = None
    availability_zone: str | None = None
    image_ref: str | None = field(name="imageRef", default=None)
    image_id: str | None = None
    snapshot_id: str | None = None
    source_volid: str | None = None
    backup_id: str | None = None
    consistencygroup_id: str | None = None
    group_id: str | None = None
    multiattach: bool | None = None
    metadata: dict[str, str] | None = None


class VolumeCreateRequest(Struct):
    volume: VolumeCreate


class VolumeUpdate(Struct):
    name: str | UnsetType | None = UNSET
    display_name: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    display_description: str | UnsetType | None = UNSET
    metadata: dict[str, str] | None = None


class VolumeUpdateRequest(Struct):
    volume: VolumeUpdate


class VolumeListQuery(ListQuery, kw_only=True):
    """The parameters of lists, and the filters of the summary."""

    project_id: str | None = None
    name: str | None = None
    display_name: str | None = None
    status: str | None = None
    availability_zone: str | None = None
    bootable: bool | None = None
    volume_type_id: str | None = None
    user_id: str | None = None
    id: str | None = None
    metadata: str | None = None
    glance_metadata: Annotated[str | None, Since(4)] = None
    group_id: Annotated[str | None, Since(10)] = None


class VolumeDeleteQuery(Struct):
    force: bool = False
    cascade: bool = False


class VolumeAttachment(Struct):
    id: str
    attachment_id: str
    volume_id: str
    server_id: str
    host_name: str | None
    device: str
    attached_at: str | None


class VolumeSummary(Struct):
    id: str
    name: str
    links: list[Link]


class VolumeDetail(Struct, kw_only=True):
    id: str
    status: str
    size: int
    availability_zone: str
    created_at: str
    updated_at: str
    attachments: list[VolumeAttachment]
    name: str
    description: str | None
    volume_type: str | None
    snapshot_id: str | None = None
    source_volid: str | None = None
    metadata: dict[str, str]
    links: list[Link]
    user_id: str
    bootable: str
    encrypted: bool = False
    replication_status: str | None = None
    consistencygroup_id: str | None = None
    multiattach: bool = False
    project_id: str | UnsetType = field(name="os-vol-tenant-attr:tenant_id")
    volume_image_metadata: dict[str, str] | UnsetType = UNSET
    migration_status: Annotated[str | None, ADMIN_ONLY] = None
    host: Annotated[str | UnsetType, ADMIN_ONLY] = field(name="os-vol-host-attr:host")
    migstat: Annotated[str | UnsetType | None, ADMIN_ONLY] = field(name="os-vol-mig-status-attr:migstat", default=None)
    name_id: Annotated[str | UnsetType | None, ADMIN_ONLY] = field(name="os-vol-mig-status-attr:name_id", default=None)
    group_id: Annotated[str | None, Since(13)] = None
    provider_id: Annotated[str | None, Since(21), ADMIN_ONLY] = None
    shared_targets: Annotated[bool, Since(48)] = False
    service_uuid: Annotated[str | None, Since(48)] = None
    cluster_name: Annotated[str | None, Since(61), ADMIN_ONLY] = None
    volume_type_id: Annotated[str, Since(63)]
    consumes_quota: Annotated[bool, Since(65)] = True


class VolumeResponse(Struct):
    volume: VolumeDetail


class VolumesResponse(Struct):
    volumes: list[VolumeSummary]
    volumes_links: list[Link] | UnsetType = UNSET
    count: Annotated[int | UnsetType, Since(45)] = UNSET


class VolumesDetailResponse(Struct):
    volumes: list[VolumeDetail]
    volumes_links: list[Link] | UnsetType = UNSET
    count: Annotated[int | UnsetType, Since(45)] = UNSET


class VolumeTotals(Struct):
    total_size: int
    total_count: int
    metadata: Annotated[dict[str, list[str]], Since(36)]


class VolumeTotalsResponse(Struct):
    volume_summary: VolumeTotals = field(name="volume-summary")


class MetadataRequest(Struct):
    metadata: dict[str, str]


class MetadataResponse(Struct):
    metadata: dict[str, str]


class MetadataItem(Struct):
    """The body of requests and responses with one item."""

    meta: dict[str, str]
