"""Local IPs and their associations with ports."""

from collections.abc import Sequence

from stratiform.kit.database import Connection
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.repository.resource_rows import gateways

_local_ips = gateways["local_ip"]
_associations = gateways["port_association"]


def find_local_ip(db: Connection, local_ip_id: str) -> Resource | None:
    return _local_ips.find(db, local_ip_id)


def list_local_ips_by_id(db: Connection, local_ip_ids: Sequence[str]) -> dict[str, Resource]:
    return {local_ip.id: local_ip for local_ip in _local_ips.list_all(db, _local_ips.key.in_(local_ip_ids))}


def is_local_port(db: Connection, port_id: str) -> bool:
    """Return True if a local IP has its address from this port."""
    return _local_ips.find_first(db, _local_ips.table.c.local_port_id == port_id) is not None


def list_associations(db: Connection, local_ip_id: str) -> list[Resource]:
    c = _associations.table.c
    return _associations.list_all(db, c.local_ip_id == local_ip_id, order=(c.created_at, c.id))


def list_associations_of_port(db: Connection, port_id: str) -> list[Resource]:
    return _associations.list_all(db, _associations.table.c.fixed_port_id == port_id)
