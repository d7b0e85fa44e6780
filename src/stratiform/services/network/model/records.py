"""Networks, subnets and ports as they are kept, and what is asked of them.

Source: Networking API v2.0, "Networks", "Subnets", "Ports".
"""

from dataclasses import dataclass, field
from typing import Any

from stratiform.kit.clock import Micros


@dataclass(frozen=True, slots=True)
class Network:
    """A segment that ports are on. `shared`: every project may use it."""

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
    tags: list[str] = field(default_factory=list)
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Subnet:
    """A range of addresses on a network. `allocation_pools`: `[{"start": …, "end": …}]`, both inside."""

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
    tags: list[str] = field(default_factory=list)
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Port:
    """A card's place on a network. `fixed_ips`: `[{"subnet_id": …, "ip_address": …}]`, really held.

    `made_for_server`: made because a server asked for a network, and deleted with that server.
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
    profile: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    made_for_server: bool = False
    revision: int = 1

    @property
    def status(self) -> str:
        """`ACTIVE` while a device holds the port, as far as we can know."""
        return "ACTIVE" if self.device_id and self.admin_state_up else "DOWN"


@dataclass(frozen=True, slots=True)
class FixedIp:
    """An address that is asked for: a subnet (any address of it), an address, or both."""

    subnet_id: str | None = None
    ip_address: str | None = None


@dataclass(frozen=True, slots=True)
class NicRequest:
    """One card that a new server wants: on a network (with this address), or a port that exists."""

    network_id: str | None = None
    port_id: str | None = None
    fixed_ip: str | None = None


@dataclass(frozen=True, slots=True)
class SubnetWish:
    """A subnet to be made. `gateway_ip` "" is the first address, None is no gateway; `pools` None is all."""

    network_id: str
    ip_version: int
    cidr: str
    gateway_ip: str | None = ""
    pools: list[dict[str, str]] | None = None
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PortWish:
    """A port to be made. `fixed_ips` None: one address of each IP version that the network has."""

    network_id: str
    fixed_ips: list[FixedIp] | None = None
    mac_address: str | None = None
    security_groups: list[str] | None = None
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Availability:
    """How many addresses the pools of a network's subnets have, and how many of all its addresses are held."""

    network: Network
    total: int
    used: int
    subnets: list[tuple[Subnet, int, int]]
