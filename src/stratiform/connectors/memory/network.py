"""Network capability of the simulated cloud. Only the gateway, network and broadcast addresses are reserved."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from stratiform.connectors.memory.availability_zones import resolve_zone
from stratiform.connectors.memory.client import Client, Row, SimulatedRequest
from stratiform.contract.compute import NetworkInterface
from stratiform.contract.errors import RequestRejected
from stratiform.contract.network import NativeSubnet, SubnetSpec


class MemoryNetworkDriver:
    """Implements contract.network.NetworkDriver."""

    reserved_head = 1
    reserved_tail = 1

    def __init__(self, client: Client) -> None:
        self._client = client

    def ensure_subnet(self, spec: SubnetSpec) -> NativeSubnet:
        with self._client.open_request(writes=True) as request:
            row = request.find_row(
                "SELECT * FROM subnets WHERE installation = ? AND token = ? AND deleted_at IS NULL",
                request.installation_id,
                spec.token,
            )
            return _to_subnet(row or _create(request, spec))

    def list_subnets(self) -> Iterator[NativeSubnet]:
        with self._client.open_request() as request:
            rows = request.list_rows(
                "SELECT * FROM subnets WHERE installation = ? AND deleted_at IS NULL ORDER BY seq",
                request.installation_id,
            )
        return map(_to_subnet, rows)

    def delete_subnet(self, subnet_id: str) -> None:
        with self._client.open_request(writes=True) as request:
            if _is_used(request, subnet_id):
                raise RequestRejected(f"subnet '{subnet_id}' is in use by servers")
            request.db.execute(
                "UPDATE subnets SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL", (request.now, subnet_id)
            )


def claim_addresses(request: SimulatedRequest, server_id: str, interfaces: Sequence[NetworkInterface]) -> None:
    """Assign the addresses of `interfaces` to a server for as long as it exists.

    Raises: RequestRejected if an address is outside its subnet, reserved, or in use.
    """
    for interface in interfaces:
        subnet = request.find_row("SELECT * FROM subnets WHERE id = ? AND deleted_at IS NULL", interface.subnet_id)
        if subnet is None:
            raise RequestRejected(f"subnet '{interface.subnet_id}' not found")
        _check_address(interface.ip_address, subnet)
        if _is_used(request, interface.subnet_id, interface.ip_address):
            raise RequestRejected(f"IP address {interface.ip_address} is in use")
        request.db.execute(
            "INSERT INTO interfaces (server_id, subnet_id, ip_address, mac_address, security_groups)"
            " VALUES (?, ?, ?, ?, ?)",
            (
                server_id,
                interface.subnet_id,
                interface.ip_address,
                interface.mac_address,
                " ".join(interface.security_groups),
            ),
        )


def replace_addresses(request: SimulatedRequest, server_id: str, interfaces: Sequence[NetworkInterface]) -> None:
    """Assign exactly the addresses of `interfaces` to a server. Raises as `claim_addresses`."""
    request.db.execute("DELETE FROM interfaces WHERE server_id = ?", (server_id,))
    claim_addresses(request, server_id, interfaces)


def _is_used(request: SimulatedRequest, subnet_id: str, address: str = "") -> bool:
    """Return True if a server has an address, or this address, in the subnet."""
    query = (
        "SELECT 1 FROM interfaces JOIN servers ON servers.id = interfaces.server_id"
        " WHERE subnet_id = ? AND (? = '' OR ip_address = ?) AND (deleted_at IS NULL OR deleted_at > ?) LIMIT 1"
    )
    return request.find_row(query, subnet_id, address, address, request.now) is not None


def _create(request: SimulatedRequest, spec: SubnetSpec) -> Row:
    cidr = _parse_cidr(spec.cidr)
    others = request.list_rows(
        "SELECT cidr FROM subnets WHERE installation = ? AND network = ? AND deleted_at IS NULL",
        request.installation_id,
        spec.network_id,
    )
    for other in others:
        other_cidr = _parse_cidr(other["cidr"])
        if other_cidr.version == cidr.version and other_cidr.overlaps(cidr):
            raise RequestRejected(f"CIDR {spec.cidr} overlaps with {other['cidr']} in the same network")
    cursor = request.db.execute(
        "INSERT INTO subnets (token, installation, network, name, cidr, gateway, zone) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            spec.token,
            request.installation_id,
            spec.network_id,
            spec.name,
            spec.cidr,
            spec.gateway_ip,
            resolve_zone(request, spec.availability_zone),
        ),
    )
    row: Row = request.db.execute("SELECT * FROM subnets WHERE seq = ?", (cursor.lastrowid,)).fetchone()
    return row


def _parse_cidr(cidr: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(cidr)
    except ValueError as error:
        raise RequestRejected(f"invalid CIDR '{cidr}': {error}") from error


def _check_address(address: str, subnet: Row) -> None:
    cidr = _parse_cidr(subnet["cidr"])
    try:
        ip = ip_address(address)
    except ValueError as error:
        raise RequestRejected(f"invalid IP address '{address}'") from error
    if ip not in cidr:
        raise RequestRejected(f"IP address {address} is not in subnet {subnet['cidr']}")
    is_broadcast = ip.version == 4 and ip == cidr.broadcast_address
    if address == subnet["gateway"] or ip == cidr.network_address or is_broadcast:
        raise RequestRejected(f"IP address {address} is reserved by the cloud")


def _to_subnet(row: Row) -> NativeSubnet:
    return NativeSubnet(id=row["id"], token=row["token"], cidr=row["cidr"])
