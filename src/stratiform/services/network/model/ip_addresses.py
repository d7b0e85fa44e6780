"""IP address arithmetic.

Source: neutron/ipam/utils.py (default pools and gateways); RFC 4291 (modified EUI-64).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from stratiform.services.network.errors import (
    BadRequest,
    GatewayConflictWithAllocationPools,
    InvalidAllocationPool,
    InvalidInput,
    OutOfBoundsAllocationPool,
    OverlappingAllocationPools,
)

Cidr = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

#: Longer IPv4 prefixes than this have no network and no broadcast address (RFC 3021).
_LAST_PREFIX_WITH_BROADCAST = 30


@dataclass(frozen=True, slots=True)
class ReservedAddresses:
    """The number of addresses at the head and at the tail of an IPv4 subnet that a cloud reserves for itself."""

    head: int = 0
    tail: int = 0

    def union(self, other: "ReservedAddresses") -> "ReservedAddresses":
        return ReservedAddresses(max(self.head, other.head), max(self.tail, other.tail))


#: The largest reservation of the supported clouds: AWS reserves the first four addresses and the last one.
LARGEST_RESERVATION = ReservedAddresses(head=4, tail=1)


@dataclass(frozen=True, slots=True)
class AddressRange:
    """Addresses from `first` to `last`, both inclusive, as integers."""

    first: int
    last: int

    def __contains__(self, number: int) -> bool:
        return self.first <= number <= self.last

    @property
    def size(self) -> int:
        return self.last - self.first + 1


def to_sortable_hex(number: int) -> str:
    """Return an address as 32 hexadecimal digits, which sort in the order of the numbers."""
    return f"{number:032x}"


def to_address(number: int, version: int) -> str:
    return str(IPv4Address(number) if version == 4 else IPv6Address(number))


def parse_cidr(cidr: str, version: int) -> Cidr:
    """Raises: BadRequest for an invalid CIDR; InvalidInput for another IP version and for unusable networks."""
    try:
        network = ip_network(cidr, strict=False)
    except ValueError as error:
        raise BadRequest(f"Invalid input for cidr. Reason: '{cidr}' is not a valid IP subnet.") from error
    if network.version != version:
        raise InvalidInput(f"Gateway or cidr '{cidr}' does not match the ip_version '{version}'")
    if network.prefixlen == 0 or network.is_multicast or network.is_loopback:
        raise InvalidInput(f"Subnet with cidr: {cidr} cannot be used")
    return network


def parse_address(address: str, attribute: str) -> Address:
    """Raises BadRequest, naming the attribute."""
    try:
        return ip_address(address)
    except ValueError as error:
        raise BadRequest(f"Invalid input for {attribute}. Reason: '{address}' is not a valid IP address.") from error


def parse_route_destination(destination: str) -> Cidr:
    """Raises BadRequest for an invalid CIDR."""
    try:
        return ip_network(destination, strict=False)
    except ValueError as error:
        raise BadRequest(f"Invalid input for host_routes. Reason: '{destination}' is not a valid IP subnet.") from error


def get_usable_range(cidr: Cidr) -> AddressRange:
    """Return the addresses that ports can have: without the network and the broadcast address."""
    first, last = int(cidr.network_address), int(cidr.broadcast_address)
    if cidr.version == 4:
        if cidr.prefixlen > _LAST_PREFIX_WITH_BROADCAST:
            return AddressRange(first, last)
        return AddressRange(first + 1, last - 1)
    return AddressRange(first + 1, last) if cidr.prefixlen < cidr.max_prefixlen else AddressRange(first, last)


def get_default_gateway(cidr: Cidr) -> str:
    return to_address(get_usable_range(cidr).first, cidr.version)


def compute_default_pools(cidr: Cidr, gateway: str | None, reserved: ReservedAddresses) -> list[dict[str, str]]:
    """Return up to two pools of all usable addresses except the gateway and, in IPv4, the reserved ones."""
    usable = get_usable_range(cidr)
    if cidr.version == 4:
        first = max(usable.first, int(cidr.network_address) + reserved.head)
        last = min(usable.last, int(cidr.broadcast_address) - reserved.tail)
        usable = AddressRange(first, last)
    ranges = [usable]
    if gateway is not None and (number := int(ip_address(gateway))) in usable:
        ranges = [AddressRange(usable.first, number - 1), AddressRange(number + 1, usable.last)]
    return [
        {"start": to_address(pool.first, cidr.version), "end": to_address(pool.last, cidr.version)}
        for pool in ranges
        if pool.size > 0
    ]


def parse_pool_ranges(pools: Sequence[dict[str, str]]) -> list[AddressRange]:
    return [AddressRange(int(ip_address(pool["start"])), int(ip_address(pool["end"]))) for pool in pools]


def check_pools(pools: Sequence[dict[str, str]], cidr: Cidr, gateway: str | None) -> list[dict[str, str]]:
    """Return the pools in order.

    Raises: InvalidAllocationPool, OutOfBoundsAllocationPool, OverlappingAllocationPools,
    GatewayConflictWithAllocationPools.
    """
    usable, sorted_pools = get_usable_range(cidr), []
    for pool in pools:
        start, end = parse_address(pool["start"], "allocation_pools"), parse_address(pool["end"], "allocation_pools")
        if start.version != cidr.version or end.version != cidr.version or int(start) > int(end):
            raise InvalidAllocationPool(pool["start"], pool["end"])
        if int(start) not in usable or int(end) not in usable:
            raise OutOfBoundsAllocationPool(f"{start}-{end}", str(cidr))
        sorted_pools.append({"start": str(start), "end": str(end)})
    sorted_pools.sort(key=lambda pool: int(ip_address(pool["start"])))
    ranges = parse_pool_ranges(sorted_pools)
    for i in range(1, len(ranges)):
        if ranges[i].first <= ranges[i - 1].last:
            previous, pool = sorted_pools[i - 1], sorted_pools[i]
            raise OverlappingAllocationPools(_format_pool(previous), _format_pool(pool), str(cidr))
    check_gateway(gateway, sorted_pools)
    return sorted_pools


def check_gateway(gateway: str | None, pools: Sequence[dict[str, str]]) -> None:
    """Raises GatewayConflictWithAllocationPools if a pool contains the gateway."""
    if gateway is None:
        return
    number = int(ip_address(gateway))
    for pool, pool_range in zip(pools, parse_pool_ranges(pools), strict=True):
        if number in pool_range:
            raise GatewayConflictWithAllocationPools(gateway, _format_pool(pool))


def _format_pool(pool: dict[str, str]) -> str:
    return f"{pool['start']}-{pool['end']}"


def compute_eui64_address(cidr: Cidr, mac: str) -> str:
    """Return the address that an interface configures for itself in an IPv6 subnet (RFC 4291, appendix A)."""
    octets = bytearray.fromhex(mac.replace(":", ""))
    octets[0] ^= 0x02
    interface_id = bytes(octets[:3]) + b"\xff\xfe" + bytes(octets[3:])
    return str(IPv6Address(int(cidr.network_address) | int.from_bytes(interface_id, "big")))
