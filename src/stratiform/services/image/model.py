"""Images, and what is asked of them.

Source: Image API v2, "Images", "Image data", "Sharing".
"""

from dataclasses import dataclass, field
from typing import Any

from stratiform.kit.clock import Micros
from stratiform.kit.pagination import Page

DISK_FORMATS = ("ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "ploop", "iso")
CONTAINER_FORMATS = ("ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed")
VISIBILITIES = ("community", "public", "private", "shared")
STATUSES = (
    "queued",
    "saving",
    "active",
    "deactivated",
    "importing",
    "uploading",
    "killed",
    "deleted",
    "pending_delete",
)
MEMBER_STATUSES = ("pending", "accepted", "rejected")
OS_HASH_ALGO = "sha512"

#: What a customer may set.
SETTABLE = (
    "name",
    "visibility",
    "protected",
    "os_hidden",
    "disk_format",
    "container_format",
    "min_disk",
    "min_ram",
    "tags",
    "owner",
)
#: What we say and nobody sets.
READ_ONLY = (
    "status",
    "checksum",
    "os_hash_algo",
    "os_hash_value",
    "size",
    "virtual_size",
    "direct_url",
    "self",
    "file",
    "schema",
    "id",
    "created_at",
    "updated_at",
)
#: Words that Glance keeps for itself.
RESERVED = ("is_public", "location", "deleted", "deleted_at", "stores", "os_glance_import_task")


@dataclass(frozen=True, slots=True)
class Image:
    """An image. `size` in bytes; `min_disk` in GiB, `min_ram` in MiB; `properties` are the customer's own.

    An active image without `file` is one that operators registered by its native ids.
    """

    id: str
    owner: str
    created_at: Micros
    updated_at: Micros
    name: str | None = None
    status: str = "queued"
    visibility: str = "shared"
    protected: bool = False
    os_hidden: bool = False
    disk_format: str | None = None
    container_format: str | None = None
    size: int | None = None
    virtual_size: int | None = None
    checksum: str | None = None
    os_hash_algo: str | None = None
    os_hash_value: str | None = None
    min_disk: int = 0
    min_ram: int = 0
    tags: list[str] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    file: str = ""
    upload: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """A project that an image is shared with."""

    image_id: str
    member_id: str
    status: str
    created_at: Micros
    updated_at: Micros


@dataclass(frozen=True, slots=True)
class Change:
    """One step of a JSON patch: `op` is add, replace or remove; `name` is at the top level of the image."""

    op: str
    name: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Listing:
    """`filters`: attribute → texts that pass, as the API writes them (`in:a,b`, `gte:TIME`)."""

    filters: dict[str, list[str]] = field(default_factory=dict)
    sort: list[tuple[str, bool]] = field(default_factory=list)
    page: Page = field(default_factory=Page)


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes that arrived whole: their name in the store, how many, and their hashes."""

    file: str
    size: int
    checksum: str
    os_hash_value: str


@dataclass(frozen=True, slots=True)
class Copy:
    """An image in a cloud; `native_id` "" while the cloud's answer isn't known."""

    image_id: str
    cloud_id: str
    native_id: str
    name: str
    disk_format: str
    file: str
    claimed_by: str
    claimed_until: Micros
