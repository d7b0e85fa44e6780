"""Networks, subnets and ports, and requests for them.

Source: Networking API v2.0, "Networks", "Subnets", "Ports".
"""

from dataclasses import dataclass, field
from typing import Any

from stratiform.kit.clock import Micros

#: Values of a resource's attributes by field name.
Attributes = dict[str, Any]

#: Floating IPs by port id and fixed IP.
FloatingAddresses = dict[str, dict[str, list[str]]]


@dataclass(frozen=True, slots=True)
class Network:
    """A virtual network. If `shared`, every project may use it."""

    id: str
    project_id: str
    created_at: Micros
    updated_at: Micros
    name: str = ""
    description: str = ""
    admin_state_up: bool = True
    shared: bool = False
    external: bool = False
    is_default: bool = False
    mtu: int = 1500
    port_security_enabled: bool = True
    dns_domain: str | None = None
    qos_policy_id: str | None = None
    provider_network_type: str | None = None
    provider_physical_network: str | None = None
    provider_segmentation_id: int | None = None
    vlan_transparent: bool | None = None
    tags: list[str] = field(default_factory=list)
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Subnet:
    """A range of addresses on a network. `allocation_pools`: `[{"start": …, "end": …}]`, both inclusive."""

    id: str
    project_id: str
    network_id: str
    ip_version: int
    cidr: str
    created_at: Micros
    updated_at: Micros
    gateway_ip: str | None = None
    name: str = ""
    description: str = ""
    enable_dhcp: bool = True
    ipv6_address_mode: str | None = None
    ipv6_ra_mode: str | None = None
    dns_nameservers: list[str] = field(default_factory=list)
    host_routes: list[dict[str, str]] = field(default_factory=list)
    service_types: list[str] = field(default_factory=list)
    allocation_pools: list[dict[str, str]] = field(default_factory=list)
    subnetpool_id: str | None = None
    segment_id: str | None = None
    tags: list[str] = field(default_factory=list)
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Port:
    """A connection point on a network. `fixed_ips`: `[{"subnet_id": …, "ip_address": …}]`, its allocated addresses.

    `created_for_server`: created by a server's request for a network, and deleted with that server.
    """

    id: str
    project_id: str
    network_id: str
    mac_address: str
    created_at: Micros
    updated_at: Micros
    fixed_ips: list[dict[str, str]] = field(default_factory=list)
    name: str = ""
    description: str = ""
    admin_state_up: bool = True
    device_id: str = ""
    device_owner: str = ""
    security_groups: list[str] = field(default_factory=list)
    port_security_enabled: bool = True
    host: str = ""
    vnic_type: str = "normal"
    profile: Attributes = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    created_for_server: bool = False
    allowed_address_pairs: list[dict[str, str]] | None = None
    extra_dhcp_opts: list[dict[str, Any]] | None = None
    dns_name: str | None = None
    qos_policy_id: str | None = None
    revision: int = 1

    @property
    def status(self) -> str:
        """`ACTIVE` while the port is attached to a device and its administrative state is up."""
        return "ACTIVE" if self.device_id and self.admin_state_up else "DOWN"


@dataclass(frozen=True, slots=True)
class FixedIpRequest:
    """A request for an address: any address of a subnet, a given address, or a given address of a subnet."""

    subnet_id: str | None = None
    ip_address: str | None = None


@dataclass(frozen=True, slots=True)
class NicRequest:
    """A NIC of a new server: a new port on a network (with a given address), or an existing port."""

    network_id: str | None = None
    port_id: str | None = None
    fixed_ip: str | None = None


@dataclass(frozen=True, slots=True)
class NewSubnet:
    """A subnet to create. Without a CIDR it is allocated from a subnet pool.

    `gateway_ip` "" selects the first address, None no gateway; `pools` None covers the CIDR.
    """

    network_id: str
    ip_version: int
    cidr: str | None
    gateway_ip: str | None = ""
    pools: list[dict[str, str]] | None = None
    attributes: Attributes = field(default_factory=dict)
    pool_id: str | None = None
    use_default_pool: bool = False
    prefix_length: int | None = None


@dataclass(frozen=True, slots=True)
class NewPort:
    """A port to create. `fixed_ips` None requests one address of each IP version of the network."""

    network_id: str
    fixed_ips: list[FixedIpRequest] | None = None
    mac_address: str | None = None
    security_groups: list[str] | None = None
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SubnetIpAvailability:
    """The number of addresses in the allocation pools of a subnet, and of all its allocated addresses."""

    subnet: Subnet
    total: int
    used: int


@dataclass(frozen=True, slots=True)
class IpAvailability:
    """The number of addresses of a network, as the sum of its subnets."""

    network: Network
    subnets: tuple[SubnetIpAvailability, ...]

    @property
    def id(self) -> str:
        return self.network.id

    @property
    def total(self) -> int:
        return sum(subnet.total for subnet in self.subnets)

    @property
    def used(self) -> int:
        return sum(subnet.used for subnet in self.subnets)


@dataclass(frozen=True, slots=True)
class QuotaUsage:
    """The limit (-1: unlimited) and the usage of a resource."""

    limit: int
    used: int
