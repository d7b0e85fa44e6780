"""Allocation of IP and MAC addresses for ports."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_network

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.ids import Ids
from stratiform.services.network.errors import (
    BadRequest,
    InvalidInput,
    InvalidIpForNetwork,
    InvalidIpForSubnet,
    IpAddressGenerationFailure,
    IpAddressInUse,
    MacAddressGenerationFailure,
    MacAddressInUse,
    NoMatchingServiceSubnet,
    SubnetNotFound,
)
from stratiform.services.network.model import FixedIpRequest, Network, Port, Subnet
from stratiform.services.network.model.ip_addresses import (
    Address,
    compute_eui64_address,
    get_usable_range,
    parse_address,
    parse_cidr,
)
from stratiform.services.network.repository import ip_allocations, resources

#: The first three octets of every generated MAC address; Neutron's default.
_BASE_MAC = "fa:16:3e"

#: The number of attempts to generate a MAC address that is unique on the network, out of 2^24.
_MAC_GENERATION_ATTEMPTS = 16

#: Neutron's default `max_fixed_ips_per_port`.
_MAX_FIXED_IPS_PER_PORT = 5

#: IPv6 address modes in which an interface derives its address from its MAC address.
AUTO_ADDRESS_MODES = ("slaac", "dhcpv6-stateless")


@dataclass(frozen=True, slots=True)
class AddressAllocator:
    """Allocates the addresses of ports on one network, whose subnets are locked."""

    db: Connection
    now: Micros
    network: Network
    subnets: Sequence[Subnet]

    @classmethod
    def lock_network(cls, ctx: RequestContext, network: Network) -> "AddressAllocator":
        """Return an allocator for a network; its subnets are locked until the transaction ends."""
        subnets = resources.list_subnets_by_network(ctx.db, [network.id])[network.id]
        ip_allocations.lock_subnets(ctx.db, [subnet.id for subnet in subnets])
        return cls(ctx.db, ctx.now, network, subnets)

    def create_port(self, ids: Ids, port: Port, requests: Sequence[FixedIpRequest] | None) -> Port:
        """Insert a port with its addresses; generate its MAC address if it is "".

        Raises: MacAddressInUse, MacAddressGenerationFailure, and as `allocate_addresses`.
        """
        for _ in range(_MAC_GENERATION_ATTEMPTS):
            with_mac = replace(port, mac_address=port.mac_address or _generate_mac(ids))
            if resources.insert_port(self.db, with_mac):
                fixed_ips = self.allocate_addresses(port.id, with_mac.mac_address, requests, port.device_owner)
                resources.ports.update(self.db, port.id, fixed_ips=fixed_ips)
                return replace(with_mac, fixed_ips=fixed_ips)
            if port.mac_address:
                raise MacAddressInUse(port.network_id, port.mac_address)
        raise MacAddressGenerationFailure(port.network_id)

    def allocate_addresses(
        self, port_id: str, mac: str, requests: Sequence[FixedIpRequest] | None, device_owner: str = ""
    ) -> list[dict[str, str]]:
        """Allocate the requested addresses, or (None) one address of each IP version of the network.

        Raises: NoMatchingServiceSubnet, IpAddressInUse, IpAddressGenerationFailure, InvalidIpForSubnet,
        InvalidIpForNetwork, InvalidInput.
        """
        if requests is None:
            return self._allocate_default(port_id, mac, device_owner)
        if len(requests) > _MAX_FIXED_IPS_PER_PORT:
            raise InvalidInput("Exceeded maximum amount of fixed ips per port")
        with_address = [request for request in requests if request.ip_address is not None]
        without_address = [request for request in requests if request.ip_address is None]
        fixed_ips = [self._allocate_address(port_id, request) for request in with_address]
        return fixed_ips + [self._allocate_in_subnet(port_id, mac, request) for request in without_address]

    def _allocate_default(self, port_id: str, mac: str, device_owner: str) -> list[dict[str, str]]:
        fixed_ips: list[dict[str, str]] = []
        candidates = _find_for_service(self.subnets, device_owner)
        if self.subnets and not candidates:
            raise NoMatchingServiceSubnet(self.network.id)
        for version in (4, 6):
            subnets = [subnet for subnet in candidates if subnet.ip_version == version]
            auto = [subnet for subnet in subnets if subnet.ipv6_address_mode in AUTO_ADDRESS_MODES]
            fixed_ips += [self._allocate_eui64(port_id, mac, subnet) for subnet in auto]
            pooled = [subnet for subnet in subnets if subnet not in auto]
            if pooled:
                fixed_ips.append(self._allocate_any(port_id, pooled))
        return fixed_ips

    def _allocate_any(self, port_id: str, subnets: Sequence[Subnet]) -> dict[str, str]:
        for subnet in subnets:
            address = ip_allocations.allocate_any_address(self.db, subnet, port_id, self.now)
            if address is not None:
                return _fixed_ip(subnet, address)
        raise IpAddressGenerationFailure(self.network.id)

    def _allocate_eui64(self, port_id: str, mac: str, subnet: Subnet) -> dict[str, str]:
        return self._allocate_exactly(port_id, subnet, compute_eui64_address(parse_cidr(subnet.cidr, 6), mac))

    def _allocate_in_subnet(self, port_id: str, mac: str, request: FixedIpRequest) -> dict[str, str]:
        if request.subnet_id is None:
            raise BadRequest("Invalid input for fixed_ips. Reason: 'subnet_id' or 'ip_address' is needed.")
        subnet = self._get_subnet(request.subnet_id)
        if subnet.ipv6_address_mode in AUTO_ADDRESS_MODES:
            return self._allocate_eui64(port_id, mac, subnet)
        return self._allocate_any(port_id, [subnet])

    def _allocate_address(self, port_id: str, request: FixedIpRequest) -> dict[str, str]:
        address = parse_address(str(request.ip_address), "fixed_ips")
        if request.subnet_id is not None:
            subnet = self._get_subnet(request.subnet_id)
            if not _contains(subnet, address):
                raise InvalidIpForSubnet(str(address))
            return self._allocate_exactly(port_id, subnet, str(address))
        for subnet in self.subnets:
            if _contains(subnet, address):
                return self._allocate_exactly(port_id, subnet, str(address))
        raise InvalidIpForNetwork(str(address))

    def _allocate_exactly(self, port_id: str, subnet: Subnet, address: str) -> dict[str, str]:
        if not ip_allocations.allocate_address(self.db, subnet, address, port_id):
            raise IpAddressInUse(self.network.id, address)
        return _fixed_ip(subnet, address)

    def _get_subnet(self, subnet_id: str) -> Subnet:
        for subnet in self.subnets:
            if subnet.id == subnet_id:
                return subnet
        if resources.subnets.find(self.db, subnet_id) is None:
            raise SubnetNotFound(subnet_id)
        raise InvalidInput(
            f"Failed to create port on network {self.network.id}, because fixed_ips included invalid subnet {subnet_id}"
        )


def _find_for_service(subnets: Sequence[Subnet], device_owner: str) -> Sequence[Subnet]:
    """Return the subnets whose service types include the owner of a port, or that have none."""
    return [subnet for subnet in subnets if not subnet.service_types or device_owner in subnet.service_types]


def _generate_mac(ids: Ids) -> str:
    digits = ids.hex()[-6:]
    return ":".join((_BASE_MAC, digits[:2], digits[2:4], digits[4:]))


def _contains(subnet: Subnet, address: Address) -> bool:
    cidr = ip_network(subnet.cidr)
    return address.version == cidr.version and int(address) in get_usable_range(cidr)


def _fixed_ip(subnet: Subnet, address: str) -> dict[str, str]:
    return {"subnet_id": subnet.id, "ip_address": address}
