"""Services of the catalog."""

from msgspec import UNSET, Struct, UnsetType

from stratiform.interfaces.endpoints import ExtensibleStruct
from stratiform.interfaces.openstack.identity.schemas.common import (
    Name,
    NamedResourceListQuery,
    PageLinks,
    ResourceBody,
    SelfLink,
)


class ServiceUpdate(ResourceBody, kw_only=True):
    type: Name | UnsetType = UNSET
    name: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    description: str | UnsetType | None = UNSET


class ServiceCreate(ServiceUpdate, kw_only=True):
    type: Name


class ServiceCreateRequest(Struct):
    service: ServiceCreate


class ServiceUpdateRequest(Struct):
    service: ServiceUpdate


class ServiceListQuery(NamedResourceListQuery, kw_only=True):
    type: str | UnsetType = UNSET


class Service(ExtensibleStruct, kw_only=True):
    id: str
    type: str
    enabled: bool
    name: str
    links: SelfLink
    description: str | UnsetType = UNSET


class ServiceResponse(Struct):
    service: Service


class ServicesResponse(Struct):
    services: list[Service]
    links: PageLinks
    truncated: bool | UnsetType = UNSET
