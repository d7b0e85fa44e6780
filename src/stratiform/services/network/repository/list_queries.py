"""List queries with Neutron's filters, sort keys and pages."""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import (
    Boolean,
    ColumnElement,
    String,
    Table,
    Text,
    and_,
    case,
    false,
    func,
    or_,
    select,
    true,
    type_coerce,
)

from stratiform.kit.database import Connection, RowDataclass, TableGateway
from stratiform.kit.keyset_pagination import Sort, list_sorted_page
from stratiform.kit.pagination import Slice
from stratiform.kit.shared_records import SharedRecords
from stratiform.services.network.errors import BadRequest
from stratiform.services.network.model import FilterValue, ListQuery
from stratiform.services.network.model.ip_addresses import parse_address, to_sortable_hex
from stratiform.services.network.tables import addresses_table, networks_table, ports_table

R = TypeVar("R", bound=RowDataclass)

#: What null is sorted as in a column with numbers, none of which is negative.
_BEFORE_ALL_NUMBERS = -1

_TAG_FILTERS = ("tags", "tags_any", "not_tags", "not_tags_any")


def list_page(
    db: Connection, rows: TableGateway[R] | SharedRecords[R], query: ListQuery, *conditions: ColumnElement[bool]
) -> Slice[R]:
    """Return a page of `rows`. Raises BadRequest for a marker or filter value that is not valid."""
    filters = [_filter(rows.table, name, values) for name, values in query.filters.items()]
    sort: list[Sort] = [(_sort_column(rows.table, name), descending) for name, descending in query.sort]
    return list_sorted_page(rows, db, query.page, sort, *conditions, *filters)


def _filter(table: Table, name: str, values: Sequence[FilterValue]) -> ColumnElement[bool]:
    texts = [str(value) for value in values]
    if name in _TAG_FILTERS:
        return _filter_tags(table, name, texts)
    if name == "security_groups" and table is ports_table:
        return or_(*_contains(table.c.security_groups, texts))
    if name == "fixed_ips":
        return _filter_fixed_ips(texts)
    if name == "status" and "status" not in table.c:
        return _filter_status(table, texts)
    column = table.c[name]
    if column.nullable and "" in values:  # extension empty-string-filtering
        return or_(column.in_(values), column.is_(None))
    return column.in_(values)


def _filter_status(table: Table, values: Sequence[str]) -> ColumnElement[bool]:
    """The status is not stored: networks are ACTIVE, ports are ACTIVE or DOWN (see `Port.status`)."""
    statuses = {value.upper() for value in values}
    if table is networks_table:
        return true() if "ACTIVE" in statuses else false()
    active = (table.c.device_id != "") & table.c.admin_state_up.is_(True)
    return (active if "ACTIVE" in statuses else false()) | (~active if "DOWN" in statuses else false())


def _filter_tags(table: Table, name: str, values: Sequence[str]) -> ColumnElement[bool]:
    matches = _contains(table.c.tags, [tag for value in values for tag in value.split(",")])
    condition = or_(*matches) if name.endswith("any") else and_(*matches)
    return ~condition if name.startswith("not") else condition


def _contains(column: ColumnElement[Any], items: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return for each item the condition that the JSON list in the column contains it.

    REPLACE is case-sensitive on every database; LIKE is not.
    """
    text = type_coerce(column, Text)
    encoded = [msgspec.json.encode(item).decode() for item in items]
    return [func.replace(text, item, "") != text for item in encoded]


def _filter_fixed_ips(values: Sequence[str]) -> ColumnElement[bool]:
    """Select ports by `ip_address=…`, `subnet_id=…` and `ip_address_substr=…`: one value of each key must match."""
    values_by_key: dict[str, list[str]] = {}
    for item in values:
        key, _, value = item.partition("=")
        values_by_key.setdefault(key, []).append(value)
    c = addresses_table.c
    query = select(c.port_id).where(c.port_id.is_not(None))
    for key, key_values in values_by_key.items():
        if key == "ip_address":
            numbers = [to_sortable_hex(int(parse_address(value, "fixed_ips"))) for value in key_values]
            query = query.where(c.number.in_(numbers))
        elif key == "subnet_id":
            query = query.where(c.subnet_id.in_(key_values))
        elif key == "ip_address_substr":
            query = query.where(c.address.contains(key_values[0], autoescape=True))
        else:
            raise BadRequest(f"['fixed_ips={key}'] is invalid attribute for filtering")
    return ports_table.c.id.in_(query)


def _sort_column(table: Table, name: str) -> ColumnElement[Any]:
    column = table.c[name]
    if isinstance(column.type, Boolean):  # which some databases do not compare
        return case((column.is_(None), _BEFORE_ALL_NUMBERS), (column.is_(True), 1), else_=0)
    if not column.nullable:
        return column
    return func.coalesce(column, "" if isinstance(column.type, String) else _BEFORE_ALL_NUMBERS)
