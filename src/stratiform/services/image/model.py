"""Images, image members, image copies, and the parameters of requests for them.

Source: Image API v2, "Images", "Image data", "Sharing", "Metadata definitions".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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
#: The only store of image data: the folder of this installation.
STORE_ID = "local"
IMPORT_METHODS = ("glance-direct", "web-download")
MEMBER_STATUSES = ("pending", "accepted", "rejected")
OS_HASH_ALGO = "sha512"

#: Attributes that a request may set.
WRITABLE_ATTRIBUTES = (
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
#: Attributes that only the service sets.
READ_ONLY_ATTRIBUTES = (
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
#: Names that Glance reserves: no custom property may have them.
RESERVED_ATTRIBUTES = ("is_public", "location", "deleted", "deleted_at", "stores", "os_glance_import_task")


#: The limits of a project by Glance's names of resources; sizes in MiB.
QUOTA_DEFAULTS = {
    "image_size_total": 2**20,
    "image_stage_total": 2**20,
    "image_count_total": 1000,
    "image_count_uploading": 100,
}


@dataclass(frozen=True, slots=True)
class Image:
    """An image. `size` in bytes, `min_disk` in GiB, `min_ram` in MiB; `properties` are the custom ones.

    `file` is the name of the data in the store, "" without data: an active image without data exists only in the
    clouds where operators registered it. `upload` is the id of the upload in progress.
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


def build_import_state(*, importing: str = "", failed: str = "") -> dict[str, str]:
    """Return the properties by which clients follow an import: the stores that it runs for, or has failed for."""
    return {"os_glance_importing_to_stores": importing, "os_glance_failed_import": failed}


@dataclass(frozen=True, slots=True)
class ImageMember:
    """A project that an image is shared with."""

    image_id: str
    member_id: str
    status: str
    created_at: Micros
    updated_at: Micros


@dataclass(frozen=True, slots=True)
class ImageChange:
    """One operation of a JSON patch on a top-level attribute. `op`: add, replace or remove."""

    op: str
    name: str
    value: object = None


@dataclass(frozen=True, slots=True)
class ImageQuery:
    """Filters, sort keys and page of a list request.

    `filters`: attribute to the values of the query string, operators included (`in:a,b`, `gte:TIME`).
    `sort`: attribute and True for descending order.
    """

    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sort: Sequence[tuple[str, bool]] = ()
    page: Page = field(default_factory=Page)


@dataclass(frozen=True, slots=True)
class StoredData:
    """Image data that was stored completely: file name, size in bytes, MD5 and SHA-512 in hexadecimal."""

    file: str
    size: int
    checksum: str
    os_hash_value: str


@dataclass(frozen=True, slots=True)
class ImageCopy:
    """A copy of an image in a cloud. `native_id` is "" until the cloud has confirmed the upload.

    `claimed_by` is the id of the upload in progress; its claim expires at `claimed_until`.
    """

    image_id: str
    cloud_id: str
    native_id: str
    name: str
    disk_format: str
    file: str
    claimed_by: str
    claimed_until: Micros


METADEF_VISIBILITIES = ("public", "private")

#: Resource types that metadata definitions commonly refer to. Source: Heat's resource types.
METADEF_RESOURCE_TYPES = (
    "OS::Cinder::Volume",
    "OS::Glance::Image",
    "OS::Nova::Aggregate",
    "OS::Nova::Flavor",
    "OS::Nova::Server",
)


@dataclass(frozen=True, slots=True)
class MetadefNamespace:
    """A namespace of metadata definitions. `id` is internal; clients use the name, which is unique."""

    id: str
    name: str
    owner: str
    created_at: Micros
    updated_at: Micros
    display_name: str | None = None
    description: str | None = None
    visibility: str = "private"
    protected: bool = False


@dataclass(frozen=True, slots=True)
class MetadefItem:
    """A named definition in a namespace: an object, a property, a tag, or the association of a resource type.

    `kind` is the name of its `MetadefKind`; `definition` has the attributes of the API except name and times.
    """

    namespace_id: str
    kind: str
    name: str
    definition: dict[str, object]
    created_at: Micros
    updated_at: Micros


@dataclass(frozen=True, slots=True)
class MetadefQuery:
    """Filters, sort key and page of a list of namespaces. `resource_types`: associated with one of these."""

    visibility: str = ""
    resource_types: Sequence[str] = ()
    sort_key: str = "created_at"
    descending: bool = True
    page: Page = field(default_factory=Page)


@dataclass(frozen=True, slots=True)
class ImageTask:
    """An import of image data. `status`: pending, processing, success or failure; a finished task has `expires_at`.

    `type`: `api_image_import` for an image that exists, `import` for one that the task creates.
    """

    id: str
    type: str
    status: str
    owner: str
    user_id: str
    request_id: str
    image_id: str
    input: dict[str, object]
    created_at: Micros
    updated_at: Micros
    result: dict[str, object] | None = None
    message: str = ""
    expires_at: Micros | None = None
