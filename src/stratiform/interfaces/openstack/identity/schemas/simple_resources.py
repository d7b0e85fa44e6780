"""Policies, unified limits, endpoint groups and federation: the attributes in requests."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from stratiform.interfaces.openstack.identity.schemas.common import Name, PageQuery, ResourceBody, ShortName
from stratiform.services.identity.model import JsonObject

Limit = Annotated[int, Meta(ge=-1, le=2147483647)]


class PolicyUpdate(ResourceBody, kw_only=True):
    blob: str | UnsetType = UNSET
    type: Annotated[str, Meta(max_length=255)] | UnsetType = UNSET


class PolicyCreate(PolicyUpdate, kw_only=True):
    blob: str
    type: Annotated[str, Meta(max_length=255)]


class PolicyListQuery(PageQuery, kw_only=True):
    type: str | UnsetType = UNSET


class RegisteredLimitUpdate(Struct, kw_only=True):
    service_id: ShortName | UnsetType = UNSET
    region_id: str | UnsetType | None = UNSET
    resource_name: Name | UnsetType = UNSET
    default_limit: Limit | UnsetType = UNSET
    description: str | UnsetType | None = UNSET


class RegisteredLimitCreate(RegisteredLimitUpdate, kw_only=True):
    service_id: ShortName
    region_id: str | None = None
    resource_name: Name
    default_limit: Limit
    description: str | None = None


class RegisteredLimitsRequest(Struct):
    registered_limits: Annotated[list[RegisteredLimitCreate], Meta(min_length=1)]


class RegisteredLimitListQuery(PageQuery, kw_only=True):
    service_id: str | UnsetType = UNSET
    region_id: str | UnsetType = UNSET
    resource_name: str | UnsetType = UNSET


class LimitUpdate(Struct, kw_only=True):
    resource_limit: Limit | UnsetType = UNSET
    description: str | UnsetType | None = UNSET


class LimitCreate(LimitUpdate, kw_only=True):
    service_id: ShortName
    region_id: str | None = None
    resource_name: Name
    resource_limit: Limit
    project_id: str | None = None
    domain_id: str | None = None
    description: str | None = None


class LimitsRequest(Struct):
    limits: Annotated[list[LimitCreate], Meta(min_length=1)]


class LimitListQuery(RegisteredLimitListQuery, kw_only=True):
    project_id: str | UnsetType = UNSET
    domain_id: str | UnsetType = UNSET


class EndpointFilters(Struct, forbid_unknown_fields=True):
    """The endpoints of a group. All given attributes must be equal."""

    service_id: str | UnsetType = UNSET
    region_id: str | UnsetType = UNSET
    interface: Annotated[str, Meta(pattern=r"^(public|internal|admin)$")] | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class EndpointGroupUpdate(Struct, kw_only=True):
    """Clients send null for what does not change."""

    name: Name | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    filters: EndpointFilters | UnsetType | None = UNSET


class EndpointGroupCreate(EndpointGroupUpdate, kw_only=True):
    name: Name
    description: str | None = None
    filters: EndpointFilters


class EndpointGroupListQuery(PageQuery, kw_only=True):
    name: str | UnsetType = UNSET


class IdentityProviderUpdate(Struct, kw_only=True):
    description: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    remote_ids: list[str] | UnsetType | None = UNSET
    authorization_ttl: int | UnsetType | None = UNSET


class IdentityProviderCreate(IdentityProviderUpdate, kw_only=True):
    description: str | None = None
    enabled: bool = False
    remote_ids: list[str] | None = None
    authorization_ttl: int | None = None
    domain_id: str | None = None


class IdentityProviderListQuery(PageQuery, kw_only=True):
    id: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class MappingRule(Struct):
    """One rule of a mapping: attributes of an assertion (remote), and what users get for them (local)."""

    local: Annotated[list[JsonObject], Meta(min_length=1)]
    remote: Annotated[list[JsonObject], Meta(min_length=1)]


class MappingUpdate(Struct, kw_only=True):
    rules: Annotated[list[MappingRule], Meta(min_length=1)]
    schema_version: Annotated[str, Meta(pattern=r"^[12]\.0$")] | None = "1.0"


class ProtocolUpdate(Struct, kw_only=True):
    mapping_id: ShortName | UnsetType = UNSET
    remote_id_attribute: str | UnsetType | None = UNSET


class ProtocolCreate(ProtocolUpdate, kw_only=True):
    mapping_id: ShortName
    remote_id_attribute: str | None = None


class ServiceProviderUpdate(Struct, kw_only=True):
    auth_url: Annotated[str, Meta(min_length=1, max_length=256)] | UnsetType = UNSET
    sp_url: Annotated[str, Meta(min_length=1, max_length=256)] | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    relay_state_prefix: str | UnsetType = UNSET


class ServiceProviderCreate(ServiceProviderUpdate, kw_only=True):
    auth_url: Annotated[str, Meta(min_length=1, max_length=256)]
    sp_url: Annotated[str, Meta(min_length=1, max_length=256)]
    description: str | None = None
    enabled: bool = False
    relay_state_prefix: str = "ss:mem:"
