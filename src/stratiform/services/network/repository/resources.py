"""Networks, subnets, ports and native subnets."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, select, true, update

from stratiform.kit.bulk_queries import split_into_chunks
from stratiform.kit.database import Connection, IntegrityError, TableGateway, upsert
from stratiform.kit.shared_records import SharedRecords
from stratiform.services.network.model import Network, Port, Resource, Subnet
from stratiform.services.network.model.declared_types.sharing import ACCESS_AS_EXTERNAL, ACCESS_AS_SHARED
from stratiform.services.network.repository import rbac_policies
from stratiform.services.network.repository.resource_rows import gateways
from stratiform.services.network.tables import native_subnets_table, networks_table, ports_table, subnets_table

networks = TableGateway(networks_table, Network)
subnets = TableGateway(subnets_table, Subnet)
ports = TableGateway(ports_table, Port)
shared_ports = SharedRecords(ports)


def build_visible_networks_condition(project_id: str | None, all_projects: bool) -> ColumnElement[bool]:
    """Select the networks of a project, the shared and the external networks, or every network."""
    c = networks_table.c
    if all_projects:
        return true()
    usable = build_usable_networks_condition(project_id)
    external = c.id.in_(rbac_policies.select_shared_ids(project_id, ACCESS_AS_EXTERNAL))
    return usable | c.external.is_(True) | external


def build_usable_networks_condition(project_id: str | None) -> ColumnElement[bool]:
    """Select the networks on which a project may create ports: its own, and those that are shared with it."""
    c = networks_table.c
    shared = c.id.in_(rbac_policies.select_shared_ids(project_id, ACCESS_AS_SHARED))
    return (c.project_id == (project_id or "")) | c.shared.is_(True) | shared


def build_visible_subnets_condition(project_id: str | None, all_projects: bool) -> ColumnElement[bool]:
    """Select the subnets of a project and those on networks that it may use, or every subnet."""
    if all_projects:
        return true()
    network_ids = select(networks_table.c.id).where(build_usable_networks_condition(project_id))
    return (subnets_table.c.project_id == (project_id or "")) | subnets_table.c.network_id.in_(network_ids)


def build_visible_ports_condition(project_id: str | None, all_projects: bool) -> ColumnElement[bool]:
    """Select the ports of a project, or every port."""
    return true() if all_projects else ports_table.c.project_id == (project_id or "")


def lock_network(db: Connection, network_id: str) -> bool:
    """Lock a network until the transaction ends. Return False if it does not exist."""
    c = networks_table.c
    return db.execute(select(c.id).where(c.id == network_id).with_for_update()).scalar() is not None


def find_network_by_name(db: Connection, project_id: str, name: str) -> Network | None:
    c = networks_table.c
    return networks.find_first(db, c.project_id == project_id, c.name == name)


def find_default_external_network(db: Connection) -> Network | None:
    c = networks_table.c
    return networks.find_first(db, c.external.is_(True), c.is_default.is_(True))


def list_networks_by_id(db: Connection, network_ids: Sequence[str]) -> list[Network]:
    return networks.list_all(db, networks_table.c.id.in_(sorted(set(network_ids))))


def list_internal_networks(db: Connection, project_id: str | None, limit: int) -> list[Network]:
    """Return the networks of a project that are not external, or (None) the shared ones."""
    c = networks_table.c
    condition = c.shared.is_(True) if project_id is None else c.project_id == project_id
    return networks.list_all(db, condition, c.external.is_(False), limit=limit)


def delete_network(db: Connection, network_id: str) -> None:
    networks.delete(db, networks_table.c.id == network_id)


def list_subnets_by_id(db: Connection, subnet_ids: Sequence[str]) -> list[Subnet]:
    return subnets.list_all(db, subnets_table.c.id.in_(sorted(set(subnet_ids))))


def list_subnets_of_pool(db: Connection, pool_id: str) -> list[Subnet]:
    return subnets.list_all(db, subnets_table.c.subnetpool_id == pool_id)


def find_default_pool(db: Connection, ip_version: int) -> Resource | None:
    pools = gateways["subnetpool"]
    c = pools.table.c
    return pools.find_first(db, c.is_default.is_(True), c.ip_version == ip_version)


def list_subnets_by_network(db: Connection, network_ids: Sequence[str]) -> dict[str, list[Subnet]]:
    """Return the subnets of each network, oldest first."""
    c = subnets_table.c
    by_network: dict[str, list[Subnet]] = {network_id: [] for network_id in network_ids}
    for subnet in subnets.list_all(db, c.network_id.in_(network_ids), order=(c.created_at, c.id)):
        by_network[subnet.network_id].append(subnet)
    return by_network


def delete_subnet(db: Connection, subnet_id: str) -> None:
    subnets.delete(db, subnets_table.c.id == subnet_id)


def list_ports_by_device(db: Connection, device_ids: Sequence[str]) -> dict[str, list[Port]]:
    """Return the ports of each device, oldest first. Other requests share these objects."""
    c = ports_table.c
    by_device: dict[str, list[Port]] = {device_id: [] for device_id in device_ids}
    for port in shared_ports.list_all(db, c.device_id.in_(device_ids), order=(c.created_at, c.id)):
        by_device[port.device_id].append(port)
    return by_device


def list_ports_by_id(db: Connection, port_ids: Sequence[str]) -> list[Port]:
    return ports.list_all(db, ports_table.c.id.in_(sorted(set(port_ids))))


def is_qos_policy_used(db: Connection, policy_id: str) -> bool:
    """Return True if a port or network has this QoS policy."""
    on_port = ports.find_first(db, ports_table.c.qos_policy_id == policy_id)
    return on_port is not None or networks.find_first(db, networks_table.c.qos_policy_id == policy_id) is not None


def list_ports_of_network(db: Connection, network_id: str, limit: int) -> list[Port]:
    return ports.list_all(db, ports_table.c.network_id == network_id, limit=limit)


def list_ports_with_addresses(db: Connection, network_id: str, subnet_id: str) -> list[Port]:
    """Return the ports of a network that have an address of a subnet."""
    on_network = ports.list_all(db, ports_table.c.network_id == network_id, order=(ports_table.c.id,))
    return [port for port in on_network if subnet_id in [fixed_ip["subnet_id"] for fixed_ip in port.fixed_ips]]


def has_mac_address(db: Connection, network_id: str, mac: str) -> bool:
    """Return True if a port on the network has this MAC address."""
    c = ports_table.c
    return ports.find_first(db, c.network_id == network_id, c.mac_address == mac) is not None


def insert_port(db: Connection, port: Port) -> bool:
    """Insert a port. Return False if its MAC address is in use on the network."""
    try:
        with db.begin_nested():
            ports.insert(db, port)
    except IntegrityError:
        return False
    return True


def attach_port(db: Connection, port: Port) -> bool:
    """Save a port that was attached to a device. Return False if it was attached to another concurrently."""
    c = ports_table.c
    detached = (c.id == port.id) & (c.device_id == "")
    return db.execute(update(ports_table).where(detached).values(ports.to_columns(port))).rowcount == 1


def delete_port(db: Connection, port_id: str) -> None:
    ports.delete(db, ports_table.c.id == port_id)


def find_native_subnet(db: Connection, subnet_id: str, cloud_id: str) -> str | None:
    """Return the native id of a subnet in a cloud: None without a request, "" if the response is not known."""
    c = native_subnets_table.c
    native_id = db.execute(select(c.native_id).where(c.subnet_id == subnet_id, c.cloud_id == cloud_id)).scalar()
    return None if native_id is None else str(native_id)


def find_existing_subnet_ids(db: Connection, ids: Sequence[str]) -> set[str]:
    """Return those of `ids` that belong to a subnet, or to a deleted one that was requested in any cloud."""
    existing: set[str] = set()
    for chunk in split_into_chunks(ids):
        for column in (subnets_table.c.id, native_subnets_table.c.subnet_id):
            existing |= set(db.execute(select(column).where(column.in_(chunk))).scalars())
    return existing


def list_native_subnets(db: Connection, subnet_id: str) -> list[tuple[str, str]]:
    """Return the cloud id and the native id of each cloud in which the subnet was requested."""
    c = native_subnets_table.c
    return [(row[0], row[1]) for row in db.execute(select(c.cloud_id, c.native_id).where(c.subnet_id == subnet_id))]


def save_native_subnet(db: Connection, subnet_id: str, cloud_id: str, native_id: str) -> None:
    """Set the native id of a subnet in a cloud; "" records a request and does not overwrite an id."""
    row = {"subnet_id": subnet_id, "cloud_id": cloud_id, "native_id": native_id}
    change = {"native_id": native_id} if native_id else {}
    upsert(db, native_subnets_table, row, key=("subnet_id", "cloud_id"), on_conflict=change)


def delete_native_subnet(db: Connection, subnet_id: str, cloud_id: str) -> None:
    c = native_subnets_table.c
    db.execute(delete(native_subnets_table).where(c.subnet_id == subnet_id, c.cloud_id == cloud_id))
