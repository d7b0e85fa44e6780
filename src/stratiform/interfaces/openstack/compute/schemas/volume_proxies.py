"""Volumes and snapshots of block storage, as Nova shows them."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field


class VolumeListQuery(Struct):
    limit: str | None = None
    offset: str | None = None


class ServerAttachment(Struct):
    """The attachment of a volume to a server; every field is missing if there is none."""

    id: str | UnsetType = UNSET
    volume_id: str | UnsetType = field(name="volumeId", default=UNSET)
    server_id: str | UnsetType = field(name="serverId", default=UNSET)
    device: str | UnsetType = UNSET


class Volume(Struct, kw_only=True, rename="camel"):
    """`attachments` has one item."""

    id: str
    status: str
    size: int
    availability_zone: str
    created_at: str
    attachments: list[ServerAttachment]
    display_name: str
    display_description: str | None
    volume_type: str | None
    snapshot_id: str | None
    metadata: dict[str, str]


class VolumeResponse(Struct):
    volume: Volume


class VolumesResponse(Struct):
    volumes: list[Volume]


class VolumeCreate(Struct, kw_only=True):
    size: int | Annotated[str, Meta(min_length=1)]
    display_name: str | None = None
    display_description: str | None = None
    volume_type: str | None = None
    availability_zone: str | None = None
    snapshot_id: str | None = None
    metadata: dict[str, str] | None = None


class VolumeCreateRequest(Struct):
    volume: VolumeCreate


class Snapshot(Struct, kw_only=True, rename="camel"):
    id: str
    volume_id: str
    status: str
    size: int
    created_at: str
    display_name: str
    display_description: str | None


class SnapshotResponse(Struct):
    snapshot: Snapshot


class SnapshotsResponse(Struct):
    snapshots: list[Snapshot]


class SnapshotCreate(Struct, kw_only=True):
    """`force`: also of a volume that is attached."""

    volume_id: str
    display_name: str | None = None
    display_description: str | None = None
    force: bool | str = False


class SnapshotCreateRequest(Struct):
    snapshot: SnapshotCreate
