"""Structs of requests and responses of metadata definitions. Source: Image API v2, "Metadata definitions"."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

Name = Annotated[str, Meta(min_length=1, max_length=80)]
Text80 = Annotated[str, Meta(max_length=80)]
Count = Annotated[int, Meta(ge=0)]
JsonType = Literal["array", "boolean", "integer", "number", "object", "string"]
Visibility = Literal["public", "private"]


class MetadefArrayItems(Struct, kw_only=True, omit_defaults=True):
    type: JsonType | UnsetType | None = UNSET
    enum: list[Any] | UnsetType = UNSET


class MetadefPropertySchema(Struct, kw_only=True):
    """A property as in JSON schema."""

    title: str
    type: JsonType | None
    description: str | UnsetType = UNSET
    operators: list[str] | UnsetType = UNSET
    required: list[str] | UnsetType = UNSET
    minimum: float | int | UnsetType = UNSET
    maximum: float | int | UnsetType = UNSET
    max_length: Count | UnsetType = field(name="maxLength", default=UNSET)
    min_length: Count | UnsetType = field(name="minLength", default=UNSET)
    pattern: str | UnsetType = UNSET
    enum: list[Any] | UnsetType = UNSET
    readonly: bool | UnsetType = UNSET
    default: Any = UNSET
    items: MetadefArrayItems | UnsetType = UNSET
    max_items: Count | UnsetType = field(name="maxItems", default=UNSET)
    min_items: Count | UnsetType = field(name="minItems", default=UNSET)
    unique_items: bool | UnsetType = field(name="uniqueItems", default=UNSET)
    additional_items: bool | UnsetType = field(name="additionalItems", default=UNSET)


class MetadefProperty(MetadefPropertySchema, kw_only=True):
    name: Name


class MetadefPropertiesResponse(Struct):
    """Properties by name."""

    properties: dict[str, MetadefPropertySchema]


class MetadefObjectRequest(Struct, kw_only=True):
    name: Name
    description: str | UnsetType = UNSET
    required: list[str] | UnsetType = UNSET
    properties: dict[str, MetadefPropertySchema] | UnsetType = UNSET


class MetadefObjectDetail(MetadefObjectRequest, kw_only=True):
    created_at: str
    updated_at: str
    self_link: str = field(name="self")
    schema: str = "/v2/schemas/metadefs/object"


class MetadefObjectsResponse(Struct):
    objects: list[MetadefObjectDetail]
    schema: str = "v2/schemas/metadefs/objects"


class MetadefTag(Struct):
    name: Name


class MetadefTagDetail(Struct):
    name: str
    created_at: str
    updated_at: str


class MetadefTags(Struct):
    tags: list[MetadefTag]


class MetadefAssociationRequest(Struct, kw_only=True):
    """The association of a resource type with a namespace."""

    name: Name
    prefix: Text80 | UnsetType = UNSET
    properties_target: Text80 | UnsetType = UNSET


class MetadefAssociationDetail(MetadefAssociationRequest, kw_only=True):
    created_at: str
    updated_at: str


class MetadefAssociationsResponse(Struct):
    resource_type_associations: list[MetadefAssociationDetail]


class MetadefResourceType(Struct):
    name: str


class MetadefResourceTypesResponse(Struct):
    resource_types: list[MetadefResourceType]


class MetadefNamespaceUpdateRequest(Struct, kw_only=True):
    namespace: Name
    display_name: Text80 | UnsetType | None = UNSET
    description: Annotated[str, Meta(max_length=500)] | UnsetType | None = UNSET
    visibility: Visibility | UnsetType = UNSET
    protected: bool | UnsetType = UNSET
    owner: Annotated[str, Meta(max_length=255)] | UnsetType = UNSET


class MetadefNamespaceCreateRequest(MetadefNamespaceUpdateRequest, kw_only=True):
    """A namespace with items to create in it."""

    resource_type_associations: list[MetadefAssociationRequest] = []
    properties: dict[Name, MetadefPropertySchema] = {}
    objects: list[MetadefObjectRequest] = []
    tags: list[MetadefTag] = []


class MetadefNamespaceDetail(Struct, kw_only=True):
    """A namespace; lists have only its associations, not its other items."""

    namespace: str
    display_name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    visibility: str
    protected: bool
    owner: str
    created_at: str
    updated_at: str
    self_link: str = field(name="self")
    schema: str = "/v2/schemas/metadefs/namespace"
    resource_type_associations: list[MetadefAssociationDetail] | UnsetType = UNSET
    properties: dict[str, MetadefPropertySchema] | UnsetType = UNSET
    objects: list[MetadefObjectDetail] | UnsetType = UNSET
    tags: list[MetadefTag] | UnsetType = UNSET


class MetadefNamespacesResponse(Struct, kw_only=True):
    """A page of namespaces; `first` and `next` are paths with query strings."""

    namespaces: list[MetadefNamespaceDetail]
    first: str
    next: str | UnsetType = UNSET
    schema: str = "/v2/schemas/metadefs/namespaces"
