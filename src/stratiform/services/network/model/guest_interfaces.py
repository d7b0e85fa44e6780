"""Network interfaces of servers, as their guests need to know them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stratiform.services.network.model.resources import Port, Subnet


@dataclass(frozen=True, slots=True)
class GuestInterface:
    """A port with the MTU of its network in bytes, its subnets by id, and the floating IPs of its addresses."""

    port: Port
    mtu: int
    subnets: Mapping[str, Subnet] = field(default_factory=dict)
    floating_addresses: tuple[str, ...] = ()
