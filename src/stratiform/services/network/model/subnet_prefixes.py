"""Allocation of subnets from the prefixes of a subnet pool. Source: neutron/ipam/subnet_alloc.py."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Any

from stratiform.services.network.errors import BadRequest
from stratiform.services.network.errors.addressing import IllegalPrefixLength, IllegalSubnetPoolPrefix
from stratiform.services.network.model.ip_addresses import Cidr

#: The default lengths of prefixes by IP version: minimum, maximum. Source: neutron/objects/subnetpool.py.
_BOUNDS = {4: (8, 32), 6: (64, 128)}


def parse_prefixes(prefixes: Sequence[str]) -> list[Cidr]:
    """Return prefixes of one IP version. Raises BadRequest, IllegalSubnetPoolPrefix."""
    try:
        networks = [ip_network(prefix, strict=False) for prefix in prefixes]
    except ValueError as error:
        raise BadRequest(f"Invalid input for prefixes. Reason: {error}.") from error
    if len({network.version for network in networks}) != 1:
        raise IllegalSubnetPoolPrefix("the prefixes have different IP versions")
    return networks


def merge_prefixes(networks: Iterable[Cidr]) -> list[str]:
    """Return the same addresses as the smallest number of prefixes, in order."""
    listed = list(networks)
    if listed and listed[0].version == 4:
        return [str(item) for item in collapse_addresses(item for item in listed if isinstance(item, IPv4Network))]
    return [str(item) for item in collapse_addresses(item for item in listed if isinstance(item, IPv6Network))]


def check_lengths(values: dict[str, Any], version: int) -> dict[str, Any]:
    """Return the lengths of a pool's prefixes, with Neutron's defaults. Raises IllegalPrefixLength."""
    lowest, highest = _BOUNDS[version]
    minimum = lowest if values["min_prefixlen"] is None else values["min_prefixlen"]
    maximum = highest if values["max_prefixlen"] is None else values["max_prefixlen"]
    if minimum > maximum:
        raise IllegalPrefixLength("min_prefixlen", minimum, "max_prefixlen", maximum)
    if maximum > highest:
        raise IllegalPrefixLength("max_prefixlen", maximum, "ip_version", version)
    default = minimum if values["default_prefixlen"] is None else values["default_prefixlen"]
    if default < minimum:
        raise IllegalPrefixLength("default_prefixlen", default, "min_prefixlen", minimum)
    if default > maximum:
        raise IllegalPrefixLength("default_prefixlen", default, "max_prefixlen", maximum)
    return {"min_prefixlen": minimum, "max_prefixlen": maximum, "default_prefixlen": default}


def find_free_subnet(prefixes: Sequence[str], allocated: Sequence[str], length: int) -> str | None:
    """Return the first subnet with a prefix of `length` that overlaps with no allocated one."""
    used = [ip_network(cidr) for cidr in allocated]
    for prefix in prefixes:
        network = ip_network(prefix)
        start, end = int(network.network_address), int(network.broadcast_address)
        size = 1 << (network.max_prefixlen - length)
        overlapping = sorted(
            (int(other.network_address), int(other.broadcast_address))
            for other in used
            if other.version == network.version and other.overlaps(network)
        )
        candidate = start
        for first, last in overlapping:
            if candidate + size - 1 < first:
                break
            if last >= candidate:
                candidate = -(-(last + 1) // size) * size
        if network.prefixlen <= length and candidate + size - 1 <= end:
            return str(ip_network((candidate, length)))
    return None


def contains(prefixes: Sequence[str], cidr: str) -> bool:
    """Return True if one of the prefixes contains a subnet."""
    network = ip_network(cidr)
    return any(
        other.version == network.version
        and int(other.network_address) <= int(network.network_address)
        and int(network.broadcast_address) <= int(other.broadcast_address)
        for other in map(ip_network, prefixes)
    )
