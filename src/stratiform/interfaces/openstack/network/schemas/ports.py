"""Ports."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Struct, UnsetType, field

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

#: The binding profile is an object for the mechanism driver.
BindingProfile = dict[str, Any]


class FixedIp(Struct, forbid_unknown_fields=True):
    """A request for any address of a subnet, for an address, or for an address of a subnet."""

    subnet_id: str | None = None
    ip_address: str | None = None


class AddressPair(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """An address, and optionally a MAC address, that a port may use beside its own."""

    ip_address: str
    mac_address: str | None = None


class DhcpOption(Struct, forbid_unknown_fields=True):
    """An option that the DHCP server sends to the port."""

    opt_name: str
    opt_value: str | None
    ip_version: Literal[4, 6] = 4


class PortUpdate(ResourceUpdate, forbid_unknown_fields=True, kw_only=True):
    admin_state_up: OptionalFlag = UNSET
    fixed_ips: list[FixedIp] | UnsetType = UNSET
    mac_address: str | UnsetType = UNSET
    device_id: OptionalText = UNSET
    device_owner: OptionalText = UNSET
    security_groups: list[str] | UnsetType = UNSET
    port_security_enabled: OptionalFlag = UNSET
    host: OptionalText = field(name="binding:host_id", default=UNSET)
    vnic_type: OptionalText = field(name="binding:vnic_type", default=UNSET)
    profile: BindingProfile | UnsetType | None = field(name="binding:profile", default=UNSET)
    allowed_address_pairs: list[AddressPair] | UnsetType | None = UNSET
    extra_dhcp_opts: list[DhcpOption] | UnsetType | None = UNSET
    dns_name: OptionalText = UNSET
    qos_policy_id: str | UnsetType | None = UNSET


class PortCreate(PortUpdate, forbid_unknown_fields=True, kw_only=True):
    project_id: OptionalText = UNSET
    tenant_id: OptionalText = UNSET
    tags: list[Tag] | UnsetType = UNSET
    network_id: str


class PortCreateRequest(Struct):
    port: PortCreate | UnsetType = UNSET
    ports: list[PortCreate] | UnsetType = UNSET


class PortUpdateRequest(Struct):
    port: PortUpdate


class PortListQuery(ResourceListQuery, kw_only=True):
    """`fixed_ips` has items such as `ip_address=192.0.2.1`, `subnet_id=ID` and `ip_address_substr=192`."""

    network_id: list[str] = []
    admin_state_up: list[bool] = []
    status: list[str] = []
    mac_address: list[str] = []
    device_id: list[str] = []
    device_owner: list[str] = []
    host: list[str] = field(name="binding:host_id", default=[])
    vnic_type: list[str] = field(name="binding:vnic_type", default=[])
    fixed_ips: list[str] = []
    security_groups: list[str] = []
    qos_policy_id: list[str] = []
    dns_name: list[str] = []


class Port(Resource, kw_only=True):
    network_id: str
    admin_state_up: bool
    status: str
    mac_address: str
    fixed_ips: list[dict[str, str]]
    device_id: str
    device_owner: str
    security_groups: list[str]
    port_security_enabled: bool
    allowed_address_pairs: list[dict[str, str]] = []
    extra_dhcp_opts: list[dict[str, Any]] = []
    dns_name: str = ""
    qos_policy_id: str | None = None
    ip_allocation: str = "immediate"
    vnic_type: str = field(name="binding:vnic_type")
    host: Annotated[str, ADMIN_ONLY] = field(name="binding:host_id")
    profile: Annotated[BindingProfile, ADMIN_ONLY] = field(name="binding:profile")
    vif_type: Annotated[str, ADMIN_ONLY] = field(name="binding:vif_type")
    vif_details: Annotated[BindingProfile, ADMIN_ONLY] = field(name="binding:vif_details", default={})


class PortResponse(Struct):
    port: Port


class PortsResponse(Struct):
    ports: list[Port]
    ports_links: list[Link] | UnsetType = UNSET
