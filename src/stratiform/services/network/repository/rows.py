"""Networks, subnets and ports: by id, by what they belong to, and in lists."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    ColumnElement,
    Integer,
    Table,
    Text,
    and_,
    false,
    func,
    or_,
    select,
    true,
    type_coerce,
    update,
)

from stratiform.kit.db import Connection, IntegrityError, Rows, upsert
from stratiform.kit.keyset import sorted_page
from stratiform.kit.numbers import parse_uint
from stratiform.kit.pagination import Slice
from stratiform.services.network.errors import BadRequest
from stratiform.services.network.model import Listing, Network, Port, Subnet
from stratiform.services.network.model.addressing import digits, parse_address
from stratiform.services.network.tables import addresses, subnet_in_cloud
from stratiform.services.network.tables import networks as networks_table
from stratiform.services.network.tables import ports as ports_table
from stratiform.services.network.tables import subnets as subnets_table

networks = Rows(networks_table, Network)
subnets = Rows(subnets_table, Subnet)
ports = Rows(ports_table, Port)

_STANDARD = ("id", "name", "description", "project_id")
_FILTERS: dict[str, tuple[str, ...]] = {
    networks_table.name: (*_STANDARD, "admin_state_up", "shared", "external", "is_default", "mtu"),
    subnets_table.name: (
        *_STANDARD,
        "network_id",
        "ip_version",
        "cidr",
        "gateway_ip",
        "enable_dhcp",
        "ipv6_address_mode",
        "ipv6_ra_mode",
    ),
    ports_table.name: (
        *_STANDARD,
        "network_id",
        "admin_state_up",
        "mac_address",
        "device_id",
        "device_owner",
        "host",
        "vnic_type",
    ),
}
_ALIASES = {
    "tenant_id": "project_id",
    "router:external": "external",
    "binding:host_id": "host",
    "binding:vnic_type": "vnic_type",
    "revision_number": "revision",
}


def visible(project_id: str | None, everyones: bool) -> ColumnElement[bool]:
    """What a project sees: its own networks and the shared ones; the operator sees all."""
    c = networks_table.c
    return true() if everyones else (c.project_id == (project_id or "")) | c.shared.is_(True)


def visible_subnets(project_id: str | None, everyones: bool) -> ColumnElement[bool]:
    if everyones:
        return true()
    seen = select(networks_table.c.id).where(visible(project_id, everyones))
    return (subnets_table.c.project_id == (project_id or "")) | subnets_table.c.network_id.in_(seen)


def visible_ports(project_id: str | None, everyones: bool) -> ColumnElement[bool]:
    return true() if everyones else ports_table.c.project_id == (project_id or "")


def listed(db: Connection, rows: Rows[Any], listing: Listing, *where: ColumnElement[bool]) -> Slice[Any]:
    """A page of `rows` as asked for. Raises BadRequest for an attribute that can't be filtered or sorted by."""
    conditions = [*where, *(_condition(rows.table, name, values) for name, values in listing.filters.items())]
    sort = [(_sortable(rows.table, name), down) for name, down in listing.sort]
    return sorted_page(rows, db, listing.page, sort, *conditions)


def _condition(of: Table, asked: str, values: list[str]) -> ColumnElement[bool]:
    name = _ALIASES.get(asked, asked)
    if name in ("tags", "tags-any", "not-tags", "not-tags-any"):
        return _tagged(of, name, values)
    if of is ports_table and name == "fixed_ips":
        return _holding(values)
    if name == "status" and of is not subnets_table:
        return _with_status(of, values)
    if name not in _FILTERS[of.name]:
        raise BadRequest(f"['{asked}'] is invalid attribute for filtering")
    column = of.c[name]
    if isinstance(column.type, Boolean):
        return column.in_([value.lower() in ("true", "1", "yes", "t") for value in values])
    if isinstance(column.type, Integer):
        return column.in_([number for value in values if (number := parse_uint(value)) is not None])
    return column.in_(values)


def _with_status(of: Table, values: list[str]) -> ColumnElement[bool]:
    wanted = {value.upper() for value in values}
    if of is networks_table:
        return true() if "ACTIVE" in wanted else false()
    active = (of.c.device_id != "") & of.c.admin_state_up.is_(True)
    return (active if "ACTIVE" in wanted else false()) | (~active if "DOWN" in wanted else false())


def _tagged(of: Table, how: str, values: list[str]) -> ColumnElement[bool]:
    """A tag stands in its list as JSON writes it. REPLACE minds capitals on every database; LIKE does not."""
    text = type_coerce(of.c.tags, Text)
    tags = [msgspec.json.encode(tag).decode() for value in values for tag in value.split(",")]
    has = [func.replace(text, tag, "") != text for tag in tags]
    found = or_(*has) if how.endswith("any") else and_(*has)
    return ~found if how.startswith("not") else found


def _holding(values: list[str]) -> ColumnElement[bool]:
    """Ports with any of `ip_address=…`, `subnet_id=…` or `ip_address_substr=…`; different keys all hold."""
    wanted: dict[str, list[str]] = {}
    for value in values:
        key, _, of = value.partition("=")
        wanted.setdefault(key, []).append(of)
    c = addresses.c
    query = select(c.port_id).where(c.port_id.is_not(None))
    for key, given in wanted.items():
        if key == "ip_address":
            query = query.where(c.number.in_([digits(int(parse_address(one, "fixed_ips"))) for one in given]))
        elif key == "subnet_id":
            query = query.where(c.subnet_id.in_(given))
        elif key == "ip_address_substr":
            query = query.where(c.address.contains(given[0], autoescape=True))
        else:
            raise BadRequest(f"['fixed_ips={key}'] is invalid attribute for filtering")
    return ports_table.c.id.in_(query)


def _sortable(of: Table, asked: str) -> ColumnElement[Any]:
    name = _ALIASES.get(asked, asked)
    if name not in (*_FILTERS[of.name], "created_at", "updated_at", "revision"):
        raise BadRequest(f"{asked} is invalid attribute for sort_keys")
    column = of.c[name]
    return func.coalesce(column, "") if column.nullable else column


def counts(db: Connection, project_id: str) -> dict[str, int]:
    """How many of each kind a project has."""
    kinds: dict[str, Rows[Any]] = {"network": networks, "subnet": subnets, "port": ports}
    return {noun: rows.count(db, rows.table.c.project_id == project_id) for noun, rows in kinds.items()}


def lock_network(db: Connection, network_id: str) -> str | None:
    """Let nobody else change what is on the network until the transaction ends; None where it is gone."""
    found = db.execute(select(networks_table.c.id).where(networks_table.c.id == network_id).with_for_update())
    return found.scalar()


def subnets_of(db: Connection, network_ids: Sequence[str]) -> dict[str, list[Subnet]]:
    """The subnets of each network, oldest first."""
    c = subnets_table.c
    found: dict[str, list[Subnet]] = {network_id: [] for network_id in network_ids}
    for subnet in subnets.all(db, c.network_id.in_(network_ids), order=(c.created_at, c.id)):
        found[subnet.network_id].append(subnet)
    return found


def ports_of(db: Connection, device_ids: Sequence[str]) -> dict[str, list[Port]]:
    """The ports of each device, oldest first."""
    c = ports_table.c
    found: dict[str, list[Port]] = {device_id: [] for device_id in device_ids}
    for port in ports.all(db, c.device_id.in_(device_ids), order=(c.created_at, c.id)):
        found[port.device_id].append(port)
    return found


def insert_port(db: Connection, port: Port) -> bool:
    """Whether it could be written; False where its card's address is on the network already."""
    try:
        with db.begin_nested():
            ports.insert(db, port)
    except IntegrityError:
        return False
    return True


def bind(db: Connection, port: Port) -> bool:
    """Give the port to its device; False where another has it by now."""
    c = ports_table.c
    free = (c.id == port.id) & (c.device_id == "")
    return db.execute(update(ports_table).where(free).values(ports.values(port))).rowcount == 1


def native_subnet(db: Connection, subnet_id: str, cloud_id: str) -> str | None:
    """None: the cloud was never asked. "": it was asked, and its answer isn't known."""
    c = subnet_in_cloud.c
    found = db.execute(select(c.native_id).where(c.subnet_id == subnet_id, c.cloud_id == cloud_id)).scalar()
    return None if found is None else str(found)


def natives_of(db: Connection, subnet_id: str) -> list[tuple[str, str]]:
    """The clouds where the subnet is or may be, each with its native id."""
    c = subnet_in_cloud.c
    return [(row[0], row[1]) for row in db.execute(select(c.cloud_id, c.native_id).where(c.subnet_id == subnet_id))]


def set_native(db: Connection, subnet_id: str, cloud_id: str, native_id: str) -> None:
    row = {"subnet_id": subnet_id, "cloud_id": cloud_id, "native_id": native_id}
    change = {"native_id": native_id} if native_id else {}
    upsert(db, subnet_in_cloud, row, key=("subnet_id", "cloud_id"), change=change)


def forget_native(db: Connection, subnet_id: str, cloud_id: str) -> None:
    c = subnet_in_cloud.c
    db.execute(subnet_in_cloud.delete().where(c.subnet_id == subnet_id, c.cloud_id == cloud_id))
