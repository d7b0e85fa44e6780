"""Subnets."""

from typing import Annotated, Literal

from msgspec import UNSET, Struct, UnsetType

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

Ipv6Mode = Literal["dhcpv6-stateful", "dhcpv6-stateless", "slaac"]


class AllocationPool(Struct, forbid_unknown_fields=True):
    """A range of addresses, both ends inclusive."""

    start: str
    end: str


class HostRoute(Struct, forbid_unknown_fields=True):
    """A route that servers receive by DHCP."""

    destination: str
    nexthop: str


class SubnetUpdate(ResourceUpdate, forbid_unknown_fields=True, kw_only=True):
    gateway_ip: str | UnsetType | None = UNSET
    allocation_pools: list[AllocationPool] | UnsetType = UNSET
    enable_dhcp: OptionalFlag = UNSET
    dns_nameservers: list[str] | UnsetType = UNSET
    host_routes: list[HostRoute] | UnsetType = UNSET
    service_types: list[str] | UnsetType = UNSET
    segment_id: str | UnsetType | None = UNSET


class SubnetCreate(SubnetUpdate, forbid_unknown_fields=True, kw_only=True):
    project_id: OptionalText = UNSET
    tenant_id: OptionalText = UNSET
    tags: list[Tag] | UnsetType = UNSET
    network_id: str
    ip_version: int
    cidr: str | UnsetType | None = UNSET
    ipv6_address_mode: Ipv6Mode | UnsetType | None = UNSET
    ipv6_ra_mode: Ipv6Mode | UnsetType | None = UNSET
    subnetpool_id: str | UnsetType | None = UNSET
    prefixlen: int | UnsetType = UNSET
    use_default_subnetpool: OptionalFlag = UNSET


class SubnetCreateRequest(Struct):
    subnet: SubnetCreate | UnsetType = UNSET
    subnets: list[SubnetCreate] | UnsetType = UNSET


class SubnetUpdateRequest(Struct):
    subnet: SubnetUpdate


class SubnetListQuery(ResourceListQuery, kw_only=True):
    network_id: list[str] = []
    ip_version: list[int] = []
    cidr: list[str] = []
    gateway_ip: list[str] = []
    enable_dhcp: list[bool] = []
    ipv6_address_mode: list[str] = []
    ipv6_ra_mode: list[str] = []
    subnetpool_id: list[str] = []
    segment_id: list[str] = []


class Subnet(Resource, kw_only=True):
    network_id: str
    ip_version: int
    cidr: str
    gateway_ip: str | None
    allocation_pools: list[dict[str, str]]
    enable_dhcp: bool
    dns_nameservers: list[str]
    host_routes: list[dict[str, str]]
    ipv6_address_mode: str | None
    ipv6_ra_mode: str | None
    service_types: list[str]
    subnetpool_id: str | None = None
    segment_id: Annotated[str | None, ADMIN_ONLY] = None


class SubnetResponse(Struct):
    subnet: Subnet


class SubnetsResponse(Struct):
    subnets: list[Subnet]
    subnets_links: list[Link] | UnsetType = UNSET
