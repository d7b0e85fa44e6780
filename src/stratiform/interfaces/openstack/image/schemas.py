"""Structs of requests and responses. Source: Image API v2, "Images", "Sharing"."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from stratiform.interfaces.endpoints import ExtensibleStruct


class ImageCreateRequest(ExtensibleStruct, kw_only=True):
    """Attributes of a new image; other ones in the body are custom properties."""

    id: str | UnsetType | None = UNSET
    name: str | UnsetType | None = UNSET
    owner: str | UnsetType | None = UNSET
    visibility: str | UnsetType = UNSET
    protected: bool | UnsetType = UNSET
    os_hidden: bool | UnsetType = UNSET
    disk_format: str | UnsetType | None = UNSET
    container_format: str | UnsetType | None = UNSET
    min_disk: int | UnsetType = UNSET
    min_ram: int | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET


class LocationDetail(Struct):
    """The address of image data in a store; the metadata contains the store."""

    url: str
    metadata: dict[str, object]


class PatchValidationData(Struct, forbid_unknown_fields=True):
    """Hashes that become those of a queued image, and must be those of any other image."""

    os_hash_algo: Annotated[str, Meta(max_length=64)]
    os_hash_value: Annotated[str, Meta(max_length=128)]
    checksum: Annotated[str, Meta(min_length=32, max_length=32)] | UnsetType = UNSET


class PatchLocation(Struct):
    """A location in a JSON patch."""

    url: Annotated[str, Meta(max_length=255)]
    metadata: dict[str, object]
    validation_data: PatchValidationData | UnsetType = UNSET


class LocationValidationData(Struct, forbid_unknown_fields=True):
    """The hash of the data; both fields or none."""

    os_hash_algo: Literal["sha1", "sha256", "sha512", "md5"] | UnsetType = UNSET
    os_hash_value: Annotated[str, Meta(max_length=128)] | UnsetType = UNSET


class LocationCreateRequest(Struct):
    url: str
    validation_data: LocationValidationData | UnsetType = UNSET


class ImageDetail(ExtensibleStruct, kw_only=True):
    """An image and its custom properties. `file`: the path of its data. Sizes: `size` in bytes, `min_ram` in MiB."""

    id: str
    name: str | None
    status: str
    visibility: str
    owner: str
    protected: bool
    os_hidden: bool
    disk_format: str | None
    container_format: str | None
    size: int | None
    virtual_size: int | None
    checksum: str | None
    os_hash_algo: str | None
    os_hash_value: str | None
    min_disk: int
    min_ram: int
    tags: list[str]
    created_at: str
    updated_at: str
    self_link: str = field(name="self")
    file: str
    stores: str | UnsetType = UNSET
    direct_url: str | UnsetType = UNSET
    locations: list[LocationDetail] | UnsetType = UNSET
    schema: str = "/v2/schemas/image"


class ImagesResponse(Struct, kw_only=True):
    """A page of images; `first` and `next` are paths with query strings."""

    images: list[ImageDetail]
    first: str
    next: str | UnsetType = UNSET
    schema: str = "/v2/schemas/images"


class ImageMemberCreateRequest(Struct):
    member: str | UnsetType = UNSET


class ImageMemberUpdateRequest(Struct):
    status: str | UnsetType = UNSET


class ImageMemberDetail(Struct):
    member_id: str
    image_id: str
    status: str
    created_at: str
    updated_at: str
    schema: str = "/v2/schemas/member"


class ImageMembersResponse(Struct):
    members: list[ImageMemberDetail]
    schema: str = "/v2/schemas/members"


class ImportMethods(Struct):
    description: str
    type: str
    value: list[str]


class ImportInfoResponse(Struct):
    import_methods: ImportMethods = field(name="import-methods")


class ImportMethod(Struct):
    """`uri`: the address of the data for `web-download`."""

    name: str
    uri: str | UnsetType = UNSET


class ImageImportRequest(Struct):
    method: ImportMethod
    stores: list[str] | UnsetType = UNSET
    all_stores: bool = False
    all_stores_must_succeed: bool = True


class TaskCreateRequest(Struct):
    type: Literal["import"]
    input: dict[str, object]


class TaskSummary(Struct, kw_only=True):
    id: str
    type: str
    status: str
    owner: str
    created_at: str
    updated_at: str
    expires_at: str | UnsetType = UNSET
    self_link: str = field(name="self")
    schema: str = "/v2/schemas/task"


class TaskDetail(TaskSummary, kw_only=True):
    """An import task. `input`: the request; `result`: the id of the image after success."""

    input: dict[str, object]
    result: dict[str, object] | None
    message: str
    image_id: str
    user_id: str
    request_id: str


class ImageTasksResponse(Struct):
    tasks: list[TaskDetail]


class TasksResponse(Struct, kw_only=True):
    """A page of tasks; `first` and `next` are paths with query strings."""

    tasks: list[TaskSummary]
    first: str
    next: str | UnsetType = UNSET
    schema: str = "/v2/schemas/tasks"


class StoreSummary(Struct, kw_only=True):
    """A store of image data. `default` and `read_only` are texts, as in Glance, and absent if they are false."""

    id: str
    description: str | UnsetType = UNSET
    default: str | UnsetType = UNSET
    read_only: str | UnsetType = field(name="read-only", default=UNSET)


class StoresResponse(Struct):
    stores: list[StoreSummary]


class StoreDetail(StoreSummary, kw_only=True):
    """`properties`: those of Glance for stores of this type."""

    type: str
    weight: int
    properties: dict[str, object]


class StoresDetailResponse(Struct):
    stores: list[StoreDetail]


class Usage(Struct):
    """A quota and its usage; sizes in MiB. -1: unlimited."""

    limit: int
    usage: int


class UsageResponse(Struct):
    usage: dict[str, Usage]
