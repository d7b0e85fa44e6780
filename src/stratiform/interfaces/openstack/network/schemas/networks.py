"""Networks."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from stratiform.interfaces.openstack.network.schemas.common import (
    Link,
    OptionalFlag,
    OptionalText,
    Resource,
    ResourceListQuery,
    ResourceUpdate,
    Tag,
)


class NetworkUpdate(ResourceUpdate, forbid_unknown_fields=True, kw_only=True):
    admin_state_up: OptionalFlag = UNSET
    shared: OptionalFlag = UNSET
    external: OptionalFlag = field(name="router:external", default=UNSET)
    is_default: OptionalFlag = UNSET
    mtu: Annotated[int, Meta(ge=68, le=65535)] | UnsetType = UNSET
    port_security_enabled: OptionalFlag = UNSET


class NetworkCreate(NetworkUpdate, forbid_unknown_fields=True, kw_only=True):
    """Availability zone hints have no effect: the zones of a network are those of its project."""

    project_id: OptionalText = UNSET
    tenant_id: OptionalText = UNSET
    tags: list[Tag] | UnsetType = UNSET
    availability_zone_hints: list[str] | UnsetType = UNSET


class NetworkCreateRequest(Struct):
    network: NetworkCreate | UnsetType = UNSET
    networks: list[NetworkCreate] | UnsetType = UNSET


class NetworkUpdateRequest(Struct):
    network: NetworkUpdate


class NetworkListQuery(ResourceListQuery, kw_only=True):
    admin_state_up: list[bool] = []
    shared: list[bool] = []
    external: list[bool] = field(name="router:external", default=[])
    is_default: list[bool] = []
    mtu: list[int] = []
    status: list[str] = []


class Network(Resource, kw_only=True):
    admin_state_up: bool
    status: str = "ACTIVE"
    subnets: list[str]
    shared: bool
    external: bool = field(name="router:external")
    is_default: bool
    mtu: int
    port_security_enabled: bool
    availability_zone_hints: list[str] = []
    availability_zones: list[str]
    ipv4_address_scope: str | None = None
    ipv6_address_scope: str | None = None


class NetworkResponse(Struct):
    network: Network


class NetworksResponse(Struct):
    networks: list[Network]
    networks_links: list[Link] | UnsetType = UNSET
