"""Addresses and card addresses for ports: chosen, checked, held."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_network

from stratiform.kit.clock import Micros
from stratiform.kit.db import Connection
from stratiform.kit.ids import Ids
from stratiform.services.network.errors import (
    BadRequest,
    InvalidInput,
    InvalidIpForNetwork,
    InvalidIpForSubnet,
    IpAddressGenerationFailure,
    IpAddressInUse,
    MacAddressInUse,
    SubnetNotFound,
)
from stratiform.services.network.model import FixedIp, Network, Port, Subnet
from stratiform.services.network.model.addressing import Address, eui64, parse_address, parse_cidr, usable
from stratiform.services.network.repository import allocation
from stratiform.services.network.repository import rows as repository

#: The first three octets of every card: Neutron's own.
_MAC_PREFIX = "fa:16:3e"

#: How many card addresses are tried before a network counts as full; there are 2^24 of them.
_MAC_TRIES = 16

#: Neutron's `max_fixed_ips_per_port`.
_MAX_FIXED_IPS = 5

_SELF_CHOSEN = ("slaac", "dhcpv6-stateless")


@dataclass(frozen=True, slots=True)
class Placing:
    """Finds addresses for the ports of one network, whose subnets are locked."""

    db: Connection
    now: Micros
    network: Network
    subnets: Sequence[Subnet]

    def hold(self, port_id: str, mac: str, wanted: Sequence[FixedIp] | None) -> list[dict[str, str]]:
        """Hold what is `wanted`, or one address of each IP version that the network has.

        Raises IpAddressInUse, IpAddressGenerationFailure, InvalidIpForSubnet, InvalidIpForNetwork.
        """
        if wanted is None:
            return self._usual(port_id, mac)
        if len(wanted) > _MAX_FIXED_IPS:
            raise InvalidInput("Exceeded maximum amount of fixed ips per port")
        exact = [one for one in wanted if one.ip_address is not None]
        any_of = [one for one in wanted if one.ip_address is None]
        held = [self._exact(port_id, one) for one in exact]
        return held + [self._of_subnet(port_id, mac, one) for one in any_of]

    def _usual(self, port_id: str, mac: str) -> list[dict[str, str]]:
        held: list[dict[str, str]] = []
        for version in (4, 6):
            candidates = [subnet for subnet in self.subnets if subnet.ip_version == version]
            chosen = [subnet for subnet in candidates if subnet.ipv6_address_mode in _SELF_CHOSEN]
            held += [self._by_card(port_id, mac, subnet) for subnet in chosen]
            given = [subnet for subnet in candidates if subnet not in chosen]
            if given:
                held.append(self._any_of(port_id, given))
        return held

    def _any_of(self, port_id: str, subnets: Sequence[Subnet]) -> dict[str, str]:
        for subnet in subnets:
            address = allocation.take_any(self.db, subnet, port_id, self.now)
            if address is not None:
                return _fixed(subnet, address)
        raise IpAddressGenerationFailure(self.network.id)

    def _by_card(self, port_id: str, mac: str, subnet: Subnet) -> dict[str, str]:
        address = eui64(parse_cidr(subnet.cidr, 6), mac)
        if not allocation.take(self.db, subnet, address, port_id):
            raise IpAddressInUse(self.network.id, address)
        return _fixed(subnet, address)

    def _of_subnet(self, port_id: str, mac: str, wanted: FixedIp) -> dict[str, str]:
        if wanted.subnet_id is None:
            raise BadRequest("Invalid input for fixed_ips. Reason: 'subnet_id' or 'ip_address' is needed.")
        subnet = self._named(wanted.subnet_id)
        if subnet.ipv6_address_mode in _SELF_CHOSEN:
            return self._by_card(port_id, mac, subnet)
        return self._any_of(port_id, [subnet])

    def _exact(self, port_id: str, wanted: FixedIp) -> dict[str, str]:
        address = parse_address(str(wanted.ip_address), "fixed_ips")
        if wanted.subnet_id is not None:
            subnet = self._named(wanted.subnet_id)
            if not _fits(subnet, address):
                raise InvalidIpForSubnet(str(address))
        else:
            fitting = [subnet for subnet in self.subnets if _fits(subnet, address)]
            if not fitting:
                raise InvalidIpForNetwork(str(address))
            subnet = fitting[0]
        if not allocation.take(self.db, subnet, str(address), port_id):
            raise IpAddressInUse(self.network.id, str(address))
        return _fixed(subnet, str(address))

    def _named(self, subnet_id: str) -> Subnet:
        for subnet in self.subnets:
            if subnet.id == subnet_id:
                return subnet
        if repository.subnets.get(self.db, subnet_id) is None:
            raise SubnetNotFound(subnet_id)
        raise InvalidInput(
            f"Failed to create port on network {self.network.id}, because fixed_ips included invalid subnet {subnet_id}"
        )


def insert_with_card(db: Connection, ids: Ids, port: Port, placing: Placing, wanted: Sequence[FixedIp] | None) -> Port:
    """Write the port with a card address that is its own on the network (its own choice, if it has one)."""
    for _ in range(_MAC_TRIES):
        mac = port.mac_address or _card(ids)
        made = replace(port, mac_address=mac)
        if repository.insert_port(db, made):
            fixed_ips = placing.hold(port.id, mac, wanted)
            repository.ports.change(db, port.id, fixed_ips=fixed_ips)
            return replace(made, fixed_ips=fixed_ips)
        if port.mac_address:
            break
    raise MacAddressInUse(port.network_id, port.mac_address or _MAC_PREFIX)


def _card(ids: Ids) -> str:
    digits = ids.hex()[-6:]
    return ":".join((_MAC_PREFIX, digits[:2], digits[2:4], digits[4:]))


def _fits(subnet: Subnet, address: Address) -> bool:
    cidr = ip_network(subnet.cidr)
    return address.version == cidr.version and int(address) in usable(cidr)


def _fixed(subnet: Subnet, address: str) -> dict[str, str]:
    return {"subnet_id": subnet.id, "ip_address": address}
