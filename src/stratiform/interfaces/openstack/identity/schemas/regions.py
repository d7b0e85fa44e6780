"""Regions."""

from msgspec import UNSET, Struct, UnsetType

from stratiform.interfaces.endpoints import ExtensibleStruct
from stratiform.interfaces.openstack.identity.schemas.common import (
    PageLinks,
    PageQuery,
    ResourceBody,
    SelfLink,
)


class RegionBody(ResourceBody, kw_only=True):
    id: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    parent_region_id: str | UnsetType | None = UNSET


class RegionRequest(Struct):
    region: RegionBody


class RegionListQuery(PageQuery, kw_only=True):
    parent_region_id: str | UnsetType = UNSET


class Region(ExtensibleStruct, kw_only=True):
    id: str
    description: str
    parent_region_id: str | None
    links: SelfLink


class RegionResponse(Struct):
    region: Region


class RegionsResponse(Struct):
    regions: list[Region]
    links: PageLinks
    truncated: bool | UnsetType = UNSET
