"""List queries with Neutron's filters, sort keys and pages."""

from typing import TypeVar

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
)

from stratiform.kit.db import Connection, Record, Rows
from stratiform.kit.keyset import Sort, sorted_page
from stratiform.kit.numbers import parse_uint
from stratiform.kit.pagination import Slice
from stratiform.services.network.errors import BadRequest
from stratiform.services.network.model import ListQuery
from stratiform.services.network.model.addresses import parse_address, to_sortable
from stratiform.services.network.tables import addresses_table, networks_table, ports_table, subnets_table

R = TypeVar("R", bound=Record)

_STANDARD_ATTRIBUTES = ("id", "name", "description", "project_id")
_FILTERS: dict[str, tuple[str, ...]] = {
    networks_table.name: (*_STANDARD_ATTRIBUTES, "admin_state_up", "shared", "external", "is_default", "mtu"),
    subnets_table.name: (
        *_STANDARD_ATTRIBUTES,
        "network_id",
        "ip_version",
        "cidr",
        "gateway_ip",
        "enable_dhcp",
        "ipv6_address_mode",
        "ipv6_ra_mode",
    ),
    ports_table.name: (
        *_STANDARD_ATTRIBUTES,
        "network_id",
        "admin_state_up",
        "mac_address",
        "device_id",
        "device_owner",
        "host",
        "vnic_type",
    ),
}
#: Column names of attributes that have another name in the API.
_COLUMNS = {
    "tenant_id": "project_id",
    "router:external": "external",
    "binding:host_id": "host",
    "binding:vnic_type": "vnic_type",
    "revision_number": "revision",
}
_TAG_FILTERS = ("tags", "tags-any", "not-tags", "not-tags-any")
_TRUE = ("true", "1", "yes", "t")


def list_page(db: Connection, rows: Rows[R], query: ListQuery, *conditions: ColumnElement[bool]) -> Slice[R]:
    """Return a page of `rows`. Raises BadRequest for an attribute that can't be filtered or sorted by."""
    filters = [_filter(rows.table, name, values) for name, values in query.filters.items()]
    sort: list[Sort] = [(_sort_column(rows.table, name), descending) for name, descending in query.sort]
    return sorted_page(rows, db, query.page, sort, *conditions, *filters)


def _filter(table: Table, attribute: str, values: list[str]) -> ColumnElement[bool]:
    name = _COLUMNS.get(attribute, attribute)
    if name in _TAG_FILTERS:
        return _filter_tags(table, name, values)
    if table is ports_table and name == "fixed_ips":
        return _filter_fixed_ips(values)
    if name == "status" and table is not subnets_table:
        return _filter_status(table, values)
    if name not in _FILTERS[table.name]:
        raise BadRequest(f"['{attribute}'] is invalid attribute for filtering")
    column = table.c[name]
    if isinstance(column.type, Boolean):
        return column.in_([value.lower() in _TRUE for value in values])
    if isinstance(column.type, Integer):
        return column.in_([number for value in values if (number := parse_uint(value)) is not None])
    return column.in_(values)


def _filter_status(table: Table, values: list[str]) -> ColumnElement[bool]:
    """The status is not stored: networks are ACTIVE, ports are ACTIVE or DOWN (see `Port.status`)."""
    statuses = {value.upper() for value in values}
    if table is networks_table:
        return true() if "ACTIVE" in statuses else false()
    active = (table.c.device_id != "") & table.c.admin_state_up.is_(True)
    return (active if "ACTIVE" in statuses else false()) | (~active if "DOWN" in statuses else false())


def _filter_tags(table: Table, name: str, values: list[str]) -> ColumnElement[bool]:
    """Search the JSON text of the tags. REPLACE is case-sensitive on every database; LIKE is not."""
    text = type_coerce(table.c.tags, Text)
    tags = [msgspec.json.encode(tag).decode() for value in values for tag in value.split(",")]
    matches = [func.replace(text, tag, "") != text for tag in tags]
    condition = or_(*matches) if name.endswith("any") else and_(*matches)
    return ~condition if name.startswith("not") else condition


def _filter_fixed_ips(values: list[str]) -> ColumnElement[bool]:
    """Select ports by `ip_address=…`, `subnet_id=…` and `ip_address_substr=…`: one value of each key must match."""
    values_by_key: dict[str, list[str]] = {}
    for item in values:
        key, _, value = item.partition("=")
        values_by_key.setdefault(key, []).append(value)
    c = addresses_table.c
    query = select(c.port_id).where(c.port_id.is_not(None))
    for key, key_values in values_by_key.items():
        if key == "ip_address":
            numbers = [to_sortable(int(parse_address(value, "fixed_ips"))) for value in key_values]
            query = query.where(c.number.in_(numbers))
        elif key == "subnet_id":
            query = query.where(c.subnet_id.in_(key_values))
        elif key == "ip_address_substr":
            query = query.where(c.address.contains(key_values[0], autoescape=True))
        else:
            raise BadRequest(f"['fixed_ips={key}'] is invalid attribute for filtering")
    return ports_table.c.id.in_(query)


def _sort_column(table: Table, attribute: str) -> ColumnElement[str | int | bool]:
    name = _COLUMNS.get(attribute, attribute)
    if name not in (*_FILTERS[table.name], "created_at", "updated_at", "revision"):
        raise BadRequest(f"{attribute} is invalid attribute for sort_keys")
    column = table.c[name]
    return func.coalesce(column, "") if column.nullable else column
