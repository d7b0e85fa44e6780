"""Endpoints of the catalog."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from stratiform.interfaces.endpoints import ExtensibleStruct
from stratiform.interfaces.openstack.identity.schemas.common import (
    PageLinks,
    PageQuery,
    ResourceBody,
    SelfLink,
)

Interface = Annotated[str, Meta(pattern=r"^(public|internal|admin)$")]
Url = Annotated[str, Meta(min_length=1, max_length=2048)]


class EndpointUpdate(ResourceBody, kw_only=True):
    """`region` is the deprecated name of `region_id`."""

    service_id: str | UnsetType = UNSET
    interface: Interface | UnsetType = UNSET
    url: Url | UnsetType = UNSET
    region_id: str | UnsetType | None = UNSET
    region: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET


class EndpointCreate(EndpointUpdate, kw_only=True):
    service_id: str
    interface: Interface
    url: Url


class EndpointCreateRequest(Struct):
    endpoint: EndpointCreate


class EndpointUpdateRequest(Struct):
    endpoint: EndpointUpdate


class EndpointListQuery(PageQuery, kw_only=True):
    interface: str | UnsetType = UNSET
    service_id: str | UnsetType = UNSET
    region_id: str | UnsetType = UNSET


class Endpoint(ExtensibleStruct, kw_only=True):
    id: str
    interface: str
    region_id: str | None
    region: str | None
    service_id: str
    url: str
    enabled: bool
    links: SelfLink


class EndpointResponse(Struct):
    endpoint: Endpoint


class EndpointsResponse(Struct):
    endpoints: list[Endpoint]
    links: PageLinks
    truncated: bool | UnsetType = UNSET
