"""Metadata and tags of servers."""

from collections.abc import Mapping, Sequence

from msgspec import Struct


class MetadataRequest(Struct, forbid_unknown_fields=True):
    metadata: dict[str, str]


class MetadataItemRequest(Struct, forbid_unknown_fields=True):
    meta: dict[str, str]


class MetadataResponse(Struct):
    metadata: Mapping[str, str]


class MetadataItemResponse(Struct):
    meta: Mapping[str, str]


class TagsRequest(Struct, forbid_unknown_fields=True):
    tags: list[str]


class TagsResponse(Struct):
    tags: Sequence[str]
