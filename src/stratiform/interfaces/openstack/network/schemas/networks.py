"""Networks."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from stratiform.interfaces.endpoints import ADMIN_ONLY
from stratiform.interfaces.openstack.network.schemas.common import (
    Link,
    OptionalFlag,
    OptionalText,
    Resource,
    ResourceListQuery,
    ResourceUpdate,
    Tag,
)


class ProviderSegment(Struct, forbid_unknown_fields=True):
    """One of several segments of a network."""

    network_type: str | None = field(name="provider:network_type", default=None)
    physical_network: str | None = field(name="provider:physical_network", default=None)
    segmentation_id: int | None = field(name="provider:segmentation_id", default=None)


class NetworkUpdate(ResourceUpdate, forbid_unknown_fields=True, kw_only=True):
    admin_state_up: OptionalFlag = UNSET
    shared: OptionalFlag = UNSET
    external: OptionalFlag = field(name="router:external", default=UNSET)
    is_default: OptionalFlag = UNSET
    mtu: Annotated[int, Meta(ge=68, le=65535)] | UnsetType = UNSET
    port_security_enabled: OptionalFlag = UNSET
    dns_domain: OptionalText = UNSET
    qos_policy_id: str | UnsetType | None = UNSET
    provider_network_type: str | UnsetType | None = field(name="provider:network_type", default=UNSET)
    provider_physical_network: str | UnsetType | None = field(name="provider:physical_network", default=UNSET)
    provider_segmentation_id: int | UnsetType | None = field(name="provider:segmentation_id", default=UNSET)


class NetworkCreate(NetworkUpdate, forbid_unknown_fields=True, kw_only=True):
    """Availability zone hints have no effect: the zones of a network are those of its project."""

    project_id: OptionalText = UNSET
    tenant_id: OptionalText = UNSET
    tags: list[Tag] | UnsetType = UNSET
    availability_zone_hints: list[str] | UnsetType = UNSET
    vlan_transparent: OptionalFlag = UNSET
    segments: list[ProviderSegment] | UnsetType = UNSET


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
    provider_network_type: list[str] = field(name="provider:network_type", default=[])
    provider_physical_network: list[str] = field(name="provider:physical_network", default=[])
    provider_segmentation_id: list[int] = field(name="provider:segmentation_id", default=[])
    status: list[str] = []
    vlan_transparent: list[bool] = []


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
    dns_domain: str = ""
    qos_policy_id: str | None = None
    vlan_transparent: bool | None = None
    l2_adjacency: bool = True
    provider_network_type: Annotated[str | UnsetType | None, ADMIN_ONLY] = field(
        name="provider:network_type", default=None
    )
    provider_physical_network: Annotated[str | UnsetType | None, ADMIN_ONLY] = field(
        name="provider:physical_network", default=None
    )
    provider_segmentation_id: Annotated[int | UnsetType | None, ADMIN_ONLY] = field(
        name="provider:segmentation_id", default=None
    )
    segments: Annotated[list[ProviderSegment] | UnsetType, ADMIN_ONLY] = UNSET


class NetworkResponse(Struct):
    network: Network


class NetworksResponse(Struct):
    networks: list[Network]
    networks_links: list[Link] | UnsetType = UNSET
