"""Structs of requests and responses. Source: Image API v2, "Images", "Sharing"."""

from msgspec import UNSET, Struct, UnsetType, field

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
