"""Images, image members, image copies, and the parameters of requests for them.

Source: Image API v2, "Images", "Image data", "Sharing", "Metadata definitions".
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Any

from msgspec import Meta

from stratiform.kit.clock import Micros
from stratiform.kit.pagination import Page
from stratiform.kit.settings import setting_field

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
IMPORT_METHODS = ("glance-direct", "web-download", "copy-image")
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


#: The properties with the stores that an import has yet to write to, and with those for which it has failed.
IMPORTING = "os_glance_importing_to_stores"
FAILED_IMPORT = "os_glance_failed_import"

#: The limits of a project by Glance's names of resources; sizes in MiB.
QUOTA_DEFAULTS = {
    "image_size_total": 2**20,
    "image_stage_total": 2**20,
    "image_count_total": 1000,
    "image_count_uploading": 100,
}


@dataclass(frozen=True, slots=True)
class ImageLocation:
    """Data in a store. `name`: that of the object, or the URL in a store for web servers. `metadata`: of clients."""

    store: str
    name: str
    metadata: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Image:
    """An image. `size` in bytes, `min_disk` in GiB, `min_ram` in MiB; `properties` are the custom ones.

    `locations`: its data, the same in each, as `ImageLocation` in JSON; an active image without data exists only in
    the clouds where operators registered it. `stored_copies` counts those in stores of this installation. `upload` is
    the id of the upload in progress.
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
    locations: list[dict[str, Any]] = field(default_factory=list)
    stored_copies: int = 0
    upload: str = ""

    @property
    def data_locations(self) -> list[ImageLocation]:
        return [ImageLocation(**location) for location in self.locations]

    @property
    def importing_stores(self) -> list[str]:
        """The stores to which an import in progress has yet to write."""
        return [store for store in self.properties.get(IMPORTING, "").split(",") if store]

    @property
    def failed_stores(self) -> list[str]:
        """The stores for which the last import has failed."""
        return [store for store in self.properties.get(FAILED_IMPORT, "").split(",") if store]


def set_locations(image: Image, locations: Sequence[ImageLocation]) -> Image:
    """Return the image with other locations."""
    copies = sum(not is_registered(location) for location in locations)
    return replace(image, locations=[asdict(location) for location in locations], stored_copies=copies)


def is_registered(location: ImageLocation) -> bool:
    """Return True for data on a web server, which belongs to others."""
    return "://" in location.name


def build_import_state(*, importing: str = "", failed: str = "") -> dict[str, str]:
    """Return the properties by which clients follow an import: the stores that it runs for, or has failed for."""
    return {IMPORTING: importing, FAILED_IMPORT: failed}


#: The store that always exists: the folder `images` in the home. Data is staged there, too.
LOCAL_STORE = "local"


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """A store of image data, like a backend in Glance's enabled_backends."""

    id: Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")] = setting_field(
        help="ID of the store in the API; `local` changes the folder, description or weight of the built-in store."
    )
    kind: str = setting_field(
        "file", "`file`: a folder; `s3`: a bucket; `http`: web servers with data that is registered as image locations."
    )
    description: str = setting_field("", "Description in the API.")
    weight: int = setting_field(0, "Data is read from the store with the highest weight, as in Glance.")
    folder: str = setting_field("", "file: the folder, relative to the home; empty: `images` for `local`.")
    bucket: str = setting_field("", "s3: the bucket, which must exist.")
    prefix: str = setting_field("", "s3: start of the names of objects, such as `images/`.")
    endpoint: Annotated[str, Meta(pattern="^(https?://.+)?$")] = setting_field(
        "", "s3: address of the service, such as that of Ceph, MinIO or Swift's S3 API; empty: AWS."
    )
    region: str = setting_field("us-east-1", "s3: the region.")
    access_key: str = setting_field(
        "", "s3: the access key; empty: that of boto3's environment variables, files, or machine role."
    )
    secret_key: str = setting_field("", "s3: the secret key.", secret=True)
    cacert: str = setting_field("", "s3: PEM file with the CA certificate of the service; empty: the system's.")


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """A store as clients see it. `kind`: file, s3 or http; `properties`: those that operators see."""

    id: str
    kind: str
    description: str
    weight: int
    is_default: bool
    is_read_only: bool
    properties: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ImageMember:
    """A project that an image is shared with."""

    image_id: str
    member_id: str
    status: str
    created_at: Micros
    updated_at: Micros


@dataclass(frozen=True, slots=True)
class NewLocation:
    """A location in a request. `validation_data`: os_hash_algo and os_hash_value, and possibly checksum (MD5)."""

    url: str
    metadata: Mapping[str, object] = field(default_factory=dict)
    validation_data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LocatedData:
    """Existing data that a request may register as a location. `size` in bytes."""

    location: ImageLocation
    size: int


@dataclass(frozen=True, slots=True)
class LocationUrl:
    """A location as clients see it; the metadata contains the store."""

    url: str
    metadata: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class LocationUrls:
    """The locations of an image in a response. `direct_url` "", `locations` None: they are not visible."""

    direct_url: str = ""
    locations: Sequence[LocationUrl] | None = None


@dataclass(frozen=True, slots=True)
class ImageChange:
    """One operation of a JSON patch on a top-level attribute. `op`: add, replace or remove.

    For `locations`, `value` is a `NewLocation` or a list of them, and `position` the index, or `-` for the end.
    """

    op: str
    name: str
    value: object = None
    position: str = ""


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
    """Image data that was stored completely: its location, size in bytes, MD5 and (usually) SHA-512 in hexadecimal."""

    location: ImageLocation
    size: int
    checksum: str
    os_hash_value: str


@dataclass(frozen=True, slots=True)
class ImageCopy:
    """A copy of an image in a cloud. `native_id` is "" until the cloud has confirmed the upload.

    `locations`: the data at the time of the upload, as in `Image`. `claimed_by` is the id of the upload in progress;
    its claim expires at `claimed_until`.
    """

    image_id: str
    cloud_id: str
    native_id: str
    name: str
    disk_format: str
    locations: list[dict[str, Any]]
    claimed_by: str
    claimed_until: Micros

    @property
    def data_locations(self) -> list[ImageLocation]:
        return [ImageLocation(**location) for location in self.locations]


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
