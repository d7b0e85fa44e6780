"""Groups."""

from msgspec import UNSET, Struct, UnsetType

from stratiform.interfaces.endpoints import ExtensibleStruct
from stratiform.interfaces.openstack.identity.schemas.common import (
    NamedResourceListQuery,
    PageLinks,
    ResourceBody,
    SelfLink,
    ShortName,
)


class GroupUpdate(ResourceBody, kw_only=True):
    name: ShortName | UnsetType = UNSET
    domain_id: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET


class GroupCreate(GroupUpdate, kw_only=True):
    name: ShortName


class GroupCreateRequest(Struct):
    group: GroupCreate


class GroupUpdateRequest(Struct):
    group: GroupUpdate


class GroupListQuery(NamedResourceListQuery, kw_only=True):
    domain_id: str | UnsetType = UNSET


class Group(ExtensibleStruct, kw_only=True):
    id: str
    name: str
    domain_id: str
    description: str
    links: SelfLink


class GroupResponse(Struct):
    group: Group


class GroupsResponse(Struct):
    groups: list[Group]
    links: PageLinks
    truncated: bool | UnsetType = UNSET
