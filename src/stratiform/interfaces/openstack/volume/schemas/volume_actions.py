"""The values of volume actions."""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType

from stratiform.interfaces.endpoints import Since
from stratiform.interfaces.openstack.volume.schemas.common import Uuid


class Extend(Struct):
    new_size: int


class ResetStatus(Struct):
    status: str | None = None
    attach_status: str | None = None
    migration_status: str | None = None


class SetBootable(Struct):
    bootable: bool


class UpdateReadonlyFlag(Struct):
    readonly: bool


class Retype(Struct):
    new_type: str
    migration_policy: str | None = None


class SetImageMetadata(Struct):
    metadata: dict[str, str]


class UnsetImageMetadata(Struct):
    key: str


class UploadImage(Struct):
    image_name: str
    disk_format: str | None = None
    container_format: str | None = None
    force: bool | None = None
    visibility: Annotated[str | UnsetType | None, Since(1)] = UNSET
    protected: Annotated[bool | UnsetType | None, Since(1)] = UNSET


class UploadingVolumeType(Struct):
    id: str
    name: str


class UploadingVolume(Struct, kw_only=True):
    id: str
    updated_at: str
    status: str
    display_description: str | None
    size: int
    volume_type: UploadingVolumeType
    image_id: str
    container_format: str
    disk_format: str
    image_name: str
    protected: Annotated[bool, Since(1)]
    visibility: Annotated[str, Since(1)]


class UploadImageResponse(Struct, rename={"uploading": "os-volume_upload_image"}):
    uploading: UploadingVolume


class Revert(Struct):
    snapshot_id: str


class Reimage(Struct):
    """`reimage_reserved`: also a volume that is reserved for a server."""

    image_id: Uuid
    reimage_reserved: bool | None = False


class Attach(Struct):
    """Either `instance_uuid` or `host_name`."""

    instance_uuid: Uuid | None = None
    host_name: str | None = None
    mountpoint: str | None = None
    mode: str = "rw"


class Detach(Struct):
    """`connector` has no effect."""

    attachment_id: str | None = None
    connector: object = None


class Connection(Struct):
    """`connector` describes the host."""

    connector: dict[str, object] | str


class Migrate(Struct):
    """Only `host` matters: every volume stays in its cloud."""

    host: str | None = None
    force_host_copy: object = None
    lock_volume: object = None
    cluster: object = None
