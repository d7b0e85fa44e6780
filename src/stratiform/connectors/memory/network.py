"""Subnets of the simulated cloud: plain ones, that keep only the network's own and the broadcast address."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from stratiform.connectors.memory.client import Client, Request, Row
from stratiform.connectors.memory.place import zone_of
from stratiform.contract.compute import Nic
from stratiform.contract.errors import RequestRejected
from stratiform.contract.network import NativeSubnet, SubnetSpec


class MemoryNetworks:
    """contract.network.Networks."""

    reserved_head = 1
    reserved_tail = 1

    def __init__(self, client: Client) -> None:
        self._client = client

    def ensure(self, spec: SubnetSpec) -> NativeSubnet:
        with self._client.request(writes=True) as request:
            row = request.first(
                "SELECT * FROM subnets WHERE installation = ? AND token = ? AND deleted_at IS NULL",
                request.installation,
                spec.token,
            )
            return _subnet(row or _make(request, spec))

    def list(self) -> Iterator[NativeSubnet]:
        with self._client.request() as request:
            rows = request.all(
                "SELECT * FROM subnets WHERE installation = ? AND deleted_at IS NULL ORDER BY seq",
                request.installation,
            )
        return map(_subnet, rows)

    def delete(self, subnet_id: str) -> None:
        with self._client.request(writes=True) as request:
            if _used(request, subnet_id):
                raise RequestRejected(f"subnet '{subnet_id}' has machines in it")
            request.db.execute(
                "UPDATE subnets SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL", (request.now, subnet_id)
            )


def claim_addresses(request: Request, machine_id: str, nics: Sequence[Nic]) -> None:
    """Give the machine its addresses, for as long as it exists.

    Raises Refused where one is outside its subnet, kept by the cloud, or another machine's.
    """
    for nic in nics:
        row = request.first("SELECT * FROM subnets WHERE id = ? AND deleted_at IS NULL", nic.subnet)
        if row is None:
            raise RequestRejected(f"there is no subnet '{nic.subnet}' in this cloud")
        _check_address(nic.address, row)
        if _used(request, nic.subnet, nic.address):
            raise RequestRejected(f"address {nic.address} is in use")
        request.db.execute(
            "INSERT INTO nics (machine, subnet, address, mac) VALUES (?, ?, ?, ?)",
            (machine_id, nic.subnet, nic.address, nic.mac),
        )


def _used(request: Request, subnet_id: str, address: str = "") -> bool:
    """Whether a machine is in the subnet, or has `address` in it."""
    query = (
        "SELECT 1 FROM nics JOIN machines ON machines.id = nics.machine"
        " WHERE subnet = ? AND (? = '' OR address = ?) AND (deleted_at IS NULL OR deleted_at > ?) LIMIT 1"
    )
    return request.first(query, subnet_id, address, address, request.now) is not None


def _make(request: Request, spec: SubnetSpec) -> Row:
    wanted = _network(spec.cidr)
    others = request.all(
        "SELECT cidr FROM subnets WHERE installation = ? AND network = ? AND deleted_at IS NULL",
        request.installation,
        spec.network,
    )
    for other in others:
        there = _network(other["cidr"])
        if there.version == wanted.version and there.overlaps(wanted):
            raise RequestRejected(f"{spec.cidr} overlaps with {other['cidr']} in the same network")
    made = request.db.execute(
        "INSERT INTO subnets (token, installation, network, name, cidr, gateway, zone) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            spec.token,
            request.installation,
            spec.network,
            spec.name,
            spec.cidr,
            spec.gateway,
            zone_of(request, spec.zone),
        ),
    )
    row: Row = request.db.execute("SELECT * FROM subnets WHERE seq = ?", (made.lastrowid,)).fetchone()
    return row


def _network(cidr: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(cidr)
    except ValueError as error:
        raise RequestRejected(f"'{cidr}' is no subnet: {error}") from error


def _check_address(address: str, subnet: Row) -> None:
    network = _network(subnet["cidr"])
    try:
        chosen = ip_address(address)
    except ValueError as error:
        raise RequestRejected(f"'{address}' is no address") from error
    if chosen not in network:
        raise RequestRejected(f"address {address} is not in {subnet['cidr']}")
    if address == subnet["gateway"] or chosen in (network.network_address, network.broadcast_address):
        raise RequestRejected(f"address {address} is kept by the cloud")


def _subnet(row: Row) -> NativeSubnet:
    return NativeSubnet(id=row["id"], token=row["token"], cidr=row["cidr"])
