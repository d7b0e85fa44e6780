"""Arithmetic of addresses: no database, no clock.

Source: neutron/ipam/utils.py for default pools and gateways; RFC 4291 for modified EUI-64.
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

#: IPv4 prefixes from here on have no address of the network's own and none for broadcast (RFC 3021).
_NO_BROADCAST = 31


@dataclass(frozen=True, slots=True)
class Reserve:
    """How many addresses at the head and at the tail of a subnet the clouds keep for themselves."""

    head: int = 0
    tail: int = 0

    def stricter(self, other: "Reserve") -> "Reserve":
        return Reserve(max(self.head, other.head), max(self.tail, other.tail))


#: What the strictest of the usual clouds keeps (AWS: the first four and the last one).
USUAL_RESERVE = Reserve(head=4, tail=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Addresses from `first` to `last` as whole numbers, both inside."""

    first: int
    last: int

    def __contains__(self, number: int) -> bool:
        return self.first <= number <= self.last

    @property
    def size(self) -> int:
        return self.last - self.first + 1


def digits(number: int) -> str:
    """A number whose order as text is its order as a number, for IPv6 too."""
    return f"{number:032x}"


def text(number: int, version: int) -> str:
    return str(IPv4Address(number) if version == 4 else IPv6Address(number))


def parse_cidr(cidr: str, version: int) -> Cidr:
    """Raises BadRequest where it isn't one, InvalidInput where it is of the other version or has no room."""
    try:
        found = ip_network(cidr, strict=False)
    except ValueError as error:
        raise BadRequest(f"Invalid input for cidr. Reason: '{cidr}' is not a valid IP subnet.") from error
    if found.version != version:
        raise InvalidInput(f"Gateway or cidr '{cidr}' does not match the ip_version '{version}'")
    if found.prefixlen == 0 or found.is_multicast or found.is_loopback:
        raise InvalidInput(f"Subnet with cidr: {cidr} cannot be used")
    return found


def parse_address(address: str, what: str) -> Address:
    """Raises BadRequest where it isn't one."""
    try:
        return ip_address(address)
    except ValueError as error:
        raise BadRequest(f"Invalid input for {what}. Reason: '{address}' is not a valid IP address.") from error


def parse_route(destination: str) -> Cidr:
    """Raises BadRequest where it is no range of addresses."""
    try:
        return ip_network(destination, strict=False)
    except ValueError as error:
        raise BadRequest(f"Invalid input for host_routes. Reason: '{destination}' is not a valid IP subnet.") from error


def usable(cidr: Cidr) -> Span:
    """What a port may have: not the network's own address, not the broadcast address."""
    first, last = int(cidr.network_address), int(cidr.broadcast_address)
    if cidr.version == 4:
        return Span(first, last) if cidr.prefixlen >= _NO_BROADCAST else Span(first + 1, last - 1)
    return Span(first + 1, last) if cidr.prefixlen < cidr.max_prefixlen else Span(first, last)


def first_gateway(cidr: Cidr) -> str:
    return text(usable(cidr).first, cidr.version)


def default_pools(cidr: Cidr, gateway: str | None, reserve: Reserve) -> list[dict[str, str]]:
    """Everything a port may have except the gateway and what the clouds keep; none, one or two pools."""
    whole = usable(cidr)
    first = max(whole.first, int(cidr.network_address) + reserve.head)
    last = min(whole.last, int(cidr.broadcast_address) - reserve.tail)
    parts = [Span(first, last)]
    if gateway is not None and (number := int(ip_address(gateway))) in parts[0]:
        parts = [Span(first, number - 1), Span(number + 1, last)]
    return [
        {"start": text(part.first, cidr.version), "end": text(part.last, cidr.version)}
        for part in parts
        if part.size > 0
    ]


def spans(pools: Sequence[dict[str, str]]) -> list[Span]:
    return [Span(int(ip_address(pool["start"])), int(ip_address(pool["end"]))) for pool in pools]


def check_pools(pools: Sequence[dict[str, str]], cidr: Cidr, gateway: str | None) -> list[dict[str, str]]:
    """The pools in order. Raises what Neutron does where they are outside, overlap or hold the gateway."""
    whole, found = usable(cidr), []
    for pool in pools:
        start, end = parse_address(pool["start"], "allocation_pools"), parse_address(pool["end"], "allocation_pools")
        if start.version != cidr.version or end.version != cidr.version or int(start) > int(end):
            raise InvalidAllocationPool(pool["start"], pool["end"])
        if int(start) not in whole or int(end) not in whole:
            raise OutOfBoundsAllocationPool(f"{start}-{end}", str(cidr))
        found.append({"start": str(start), "end": str(end)})
    found.sort(key=lambda pool: int(ip_address(pool["start"])))
    numbered = spans(found)
    for i in range(1, len(numbered)):
        if numbered[i].first <= numbered[i - 1].last:
            raise OverlappingAllocationPools(_told(found[i - 1]), _told(found[i]), str(cidr))
    check_gateway(gateway, found)
    return found


def check_gateway(gateway: str | None, pools: Sequence[dict[str, str]]) -> None:
    """Raises GatewayConflictWithAllocationPools where a pool would give the gateway away."""
    if gateway is None:
        return
    number = int(ip_address(gateway))
    for pool, span in zip(pools, spans(pools), strict=True):
        if number in span:
            raise GatewayConflictWithAllocationPools(gateway, _told(pool))


def _told(pool: dict[str, str]) -> str:
    return f"{pool['start']}-{pool['end']}"


def eui64(cidr: Cidr, mac: str) -> str:
    """The address that a card gives itself in an IPv6 subnet (RFC 4291, appendix A)."""
    octets = bytearray.fromhex(mac.replace(":", ""))
    octets[0] ^= 0x02
    tail = bytes(octets[:3]) + b"\xff\xfe" + bytes(octets[3:])
    return str(IPv6Address(int(cidr.network_address) | int.from_bytes(tail, "big")))
