"""Volumes and snapshots that exist in a cloud."""

from typing import Annotated

from msgspec import Struct, field

from stratiform.interfaces.endpoints import Since
from stratiform.interfaces.openstack.volume.lists import ListQuery


class ManageableListQuery(ListQuery, kw_only=True):
    host: str | None = None
    cluster: Annotated[str | None, Since(17)] = None


class VolumeManage(Struct):
    host: str
    ref: dict[str, str]
    name: str | None = None
    description: str | None = None
    volume_type: str | None = None
    availability_zone: str | None = None
    metadata: dict[str, str] | None = None
    bootable: bool = False


class VolumeManageRequest(Struct):
    volume: VolumeManage


class SnapshotManage(Struct):
    volume_id: str
    ref: dict[str, str]
    name: str | None = None
    display_name: str | None = None
    description: str | None = None
    metadata: dict[str, str] | None = None


class SnapshotManageRequest(Struct):
    snapshot: SnapshotManage


class ManageableVolume(Struct, kw_only=True):
    reference: dict[str, str]
    size: int
    safe_to_manage: bool


class ManageableVolumeDetail(ManageableVolume, kw_only=True):
    reason_not_safe: str | None
    cinder_id: str | None
    extra_info: str | None


class ManageableVolumesResponse(Struct):
    volumes: list[ManageableVolume] = field(name="manageable-volumes")


class ManageableVolumesDetailResponse(Struct):
    volumes: list[ManageableVolumeDetail] = field(name="manageable-volumes")


class ManageableSnapshot(ManageableVolume, kw_only=True):
    source_reference: dict[str, str]


class ManageableSnapshotDetail(ManageableSnapshot, kw_only=True):
    reason_not_safe: str | None
    cinder_id: str | None
    extra_info: str | None


class ManageableSnapshotsResponse(Struct):
    snapshots: list[ManageableSnapshot] = field(name="manageable-snapshots")


class ManageableSnapshotsDetailResponse(Struct):
    snapshots: list[ManageableSnapshotDetail] = field(name="manageable-snapshots")
