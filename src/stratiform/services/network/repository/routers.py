"""Queries of routers, their ports and floating IPs."""

from collections.abc import Sequence

from sqlalchemy import select, update

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.network.model import FloatingAddresses, Port
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.repository.resource_rows import gateways
from stratiform.services.network.repository.resources import ports
from stratiform.services.network.tables import ports_table

INTERFACE_OWNER = "network:router_interface"
GATEWAY_OWNER = "network:router_gateway"
FLOATING_IP_OWNER = "network:floatingip"
LOCAL_IP_OWNER = "network:local_ip"

#: The purposes of ports that belong to a router or floating IP, and are deleted with it.
SERVICE_OWNERS = (INTERFACE_OWNER, GATEWAY_OWNER, FLOATING_IP_OWNER)

_routers = gateways["router"]
_floating_ips = gateways["floatingip"]
_port_forwardings = gateways["port_forwarding"]


def find_router(db: Connection, router_id: str) -> Resource | None:
    return _routers.find(db, router_id)


def list_routers_by_id(db: Connection, router_ids: Sequence[str]) -> dict[str, Resource]:
    return {router.id: router for router in _routers.list_all(db, _routers.key.in_(router_ids))}


def list_ports(db: Connection, router_ids: Sequence[str], owner: str) -> dict[str, list[Port]]:
    """Return the interfaces or the gateway ports of each router, oldest first."""
    c = ports_table.c
    by_router: dict[str, list[Port]] = {router_id: [] for router_id in router_ids}
    condition = c.device_id.in_(router_ids) & (c.device_owner == owner)
    for port in ports.list_all(db, condition, order=(c.created_at, c.id)):
        by_router[port.device_id].append(port)
    return by_router


def list_interfaces_on_network(db: Connection, network_id: str) -> list[Port]:
    c = ports_table.c
    condition = (c.network_id == network_id) & (c.device_owner == INTERFACE_OWNER)
    return ports.list_all(db, condition, order=(c.created_at, c.id))


def find_floating_ip(db: Connection, floating_ip_id: str) -> Resource | None:
    return _floating_ips.find(db, floating_ip_id)


def list_floating_ips_of_router(db: Connection, router_id: str) -> list[Resource]:
    return _floating_ips.list_all(db, _floating_ips.table.c.router_id == router_id)


def list_neighbors(db: Connection, router_id: str, network_ids: Sequence[str]) -> list[Port]:
    """Return the interfaces of other routers on networks."""
    c = ports_table.c
    condition = c.network_id.in_(network_ids) & (c.device_owner == INTERFACE_OWNER) & (c.device_id != router_id)
    return ports.list_all(db, condition, order=(c.created_at, c.id)) if network_ids else []


def list_floating_ips_of_ports(db: Connection, port_ids: Sequence[str]) -> list[Resource]:
    return _floating_ips.list_all(db, _floating_ips.table.c.port_id.in_(port_ids)) if port_ids else []


def list_floating_ips_of_network(db: Connection, network_id: str) -> list[Resource]:
    return _floating_ips.list_all(db, _floating_ips.table.c.floating_network_id == network_id)


def list_floating_ips_of_port(db: Connection, port_id: str) -> list[Resource]:
    return _floating_ips.list_all(db, _floating_ips.table.c.port_id == port_id)


def find_floating_ip_by_address(db: Connection, project_id: str, address: str) -> Resource | None:
    c = _floating_ips.table.c
    return _floating_ips.find_first(db, c.project_id == project_id, c.floating_ip_address == address)


def list_floating_addresses(db: Connection, port_ids: Sequence[str]) -> FloatingAddresses:
    """Return the floating IPs of ports by port id and fixed IP; ports without floating IPs are omitted."""
    c = _floating_ips.table.c
    query = select(c.port_id, c.fixed_ip_address, c.floating_ip_address).where(c.port_id.in_(sorted(set(port_ids))))
    addresses: FloatingAddresses = {}
    for port_id, fixed_ip, floating_ip in db.execute(query.order_by(c.created_at, c.id)).all():
        addresses.setdefault(port_id, {}).setdefault(fixed_ip, []).append(floating_ip)
    return addresses


def list_port_forwardings(db: Connection, floating_ip_ids: Sequence[str]) -> dict[str, list[Resource]]:
    """Return the port forwardings of each floating IP, oldest first."""
    c = _port_forwardings.table.c
    by_floating_ip: dict[str, list[Resource]] = {floating_ip_id: [] for floating_ip_id in floating_ip_ids}
    condition = c.floatingip_id.in_(floating_ip_ids)
    for forwarding in _port_forwardings.list_all(db, condition, order=(c.created_at, c.id)):
        by_floating_ip[forwarding["floatingip_id"]].append(forwarding)
    return by_floating_ip


def set_router_of_floating_ip(db: Connection, floating_ip_id: str, router_id: str | None, now: Micros) -> None:
    c = _floating_ips.table.c
    values = {"router_id": router_id, "status": "ACTIVE" if router_id else "DOWN", "updated_at": now}
    db.execute(update(_floating_ips.table).where(c.id == floating_ip_id).values(**values))
