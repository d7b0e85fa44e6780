"""Tags."""

from msgspec import Struct

from stratiform.interfaces.openstack.network.schemas.common import Tag


class TagsRequest(Struct):
    tags: list[Tag]


class TagsResponse(Struct):
    tags: list[str]
