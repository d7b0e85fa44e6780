"""Domains."""

from msgspec import UNSET, Struct, UnsetType

from stratiform.interfaces.endpoints import ExtensibleStruct
from stratiform.interfaces.openstack.identity.schemas.common import (
    NamedResourceListQuery,
    PageLinks,
    ResourceBody,
    SelfLink,
    ShortName,
)
from stratiform.interfaces.openstack.identity.schemas.projects import Tags
from stratiform.services.identity.model import JsonObject


class DomainUpdate(ResourceBody, kw_only=True):
    name: ShortName | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    tags: Tags | UnsetType = UNSET
    options: JsonObject | UnsetType = UNSET


class DomainCreate(DomainUpdate, kw_only=True):
    name: ShortName


class DomainCreateRequest(Struct):
    domain: DomainCreate


class DomainUpdateRequest(Struct):
    domain: DomainUpdate


class DomainListQuery(NamedResourceListQuery, kw_only=True):
    enabled: bool | UnsetType = UNSET


class Domain(ExtensibleStruct, kw_only=True):
    id: str
    name: str
    description: str
    enabled: bool
    tags: list[str]
    options: JsonObject
    links: SelfLink


class DomainResponse(Struct):
    domain: Domain


class DomainsResponse(Struct):
    domains: list[Domain]
    links: PageLinks
    truncated: bool | UnsetType = UNSET
