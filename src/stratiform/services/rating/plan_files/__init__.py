"""Price plans in TOML, validated against the meter catalog. docs/reference/prices.md describes the format."""

import re
import tomllib
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import combinations, pairwise
from typing import cast, get_args

from babel.core import get_global

from stratiform.kit.clock import Micros, format_iso, from_datetime, parse_iso
from stratiform.kit.errors import Invalid, describe_cause
from stratiform.services.ledger.model import MeterCatalog
from stratiform.services.rating.model import PlanVersion, Price, PricePlan, UnpricedRule
from stratiform.services.rating.plan_files.price_parser import parse_price
from stratiform.services.rating.plan_files.toml_tables import PlanFileTable, suggest_options
from stratiform.services.rating.plan_version_documents import add_document_and_digest

_PLAN_KEYS = ("name", "currency", "unpriced", "free", "version")
_VERSION_KEYS = ("valid_from", "valid_until", "price")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def parse_plan(source: str, catalog: MeterCatalog, file: str = "") -> PricePlan:
    """Parse the TOML text of a plan. `file` starts the error messages.

    Raises: Invalid, in one line with file, place, key and value, and with a hint that has near matches
    """
    try:
        values = tomllib.loads(source, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise PlanFileTable({}, file).build_error("", f"not valid TOML: {describe_cause(error)}") from error
    table = PlanFileTable(values, file)
    table.check_keys(_PLAN_KEYS)
    prefix = f"{file}: " if file else ""
    versions = order_versions(
        _parse_version(each, prefix, number, catalog)
        for number, each in enumerate(table.get_tables("version", "version", f"{prefix}version {{}}"), 1)
    )
    plan = PricePlan(
        name=_name(table),
        currency=_currency(table),
        unpriced=cast("UnpricedRule", table.get_choice("unpriced", get_args(UnpricedRule), "refuse")),
        versions=versions,
        free=_free(table, catalog),
    )
    for resource_type in plan.free:
        if all(version.prices_resource_type(resource_type) for version in versions):
            raise table.build_error("free", f"'{resource_type}' has prices in every version")
    return plan


def order_versions(versions: Iterable[PlanVersion]) -> tuple[PlanVersion, ...]:
    """Sort versions by the start of their validity. Raises: Invalid if two overlap"""
    ordered = tuple(sorted(versions, key=lambda version: version.valid_from))
    for earlier, later in pairwise(ordered):
        if earlier.valid_from == later.valid_from:
            raise Invalid(f"two versions start at {format_iso(later.valid_from)}")
        if earlier.valid_until is not None and earlier.valid_until > later.valid_from:
            raise Invalid(
                f"the version of {format_iso(earlier.valid_from)} "
                f"is valid until {format_iso(earlier.valid_until)} and overlaps"
                f" the version of {format_iso(later.valid_from)}"
            )
    return ordered


def _parse_version(table: PlanFileTable, prefix: str, number: int, catalog: MeterCatalog) -> PlanVersion:
    table.check_keys(_VERSION_KEYS)
    valid_from = _moment(table, "valid_from")
    valid_until = _moment(table, "valid_until") if "valid_until" in table else None
    if valid_until is not None and valid_until <= valid_from:
        raise table.build_error("valid_until", "is not after valid_from")
    price_tables = table.get_tables("price", "version.price", f"{prefix}price {{}} of version {number}")
    prices = tuple(parse_price(each, catalog) for each in price_tables)
    _check_reachable(prices, table)
    return add_document_and_digest(PlanVersion(valid_from, valid_until, prices, {}, ""))


def _check_reachable(prices: tuple[Price, ...], table: PlanFileTable) -> None:
    """Reject a price that never applies, because an earlier one applies wherever it would."""
    for (i, earlier), (j, later) in combinations(enumerate(prices, 1), 2):
        if earlier.measure == later.measure and _includes(earlier, later):
            raise table.build_error("", f"price {j} never applies: price {i} applies first to the same usage")


def _includes(earlier: Price, later: Price) -> bool:
    required = {condition.attribute: set(condition.values) for condition in later.conditions}
    wider = all(
        condition.attribute in required and required[condition.attribute] <= set(condition.values)
        for condition in earlier.conditions
    )
    return wider and (not earlier.states or bool(later.states and set(later.states) <= set(earlier.states)))


def _name(table: PlanFileTable) -> str:
    name = table.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise table.build_error(
            "name", "must consist of 1 to 64 letters, digits, '.', '_' or '-', and start with a letter or digit"
        )
    return name


def _currency(table: PlanFileTable) -> str:
    currency = table.get("currency")
    if not isinstance(currency, str) or currency not in get_global("all_currencies"):
        raise table.build_error("currency", f"'{currency}' is not a currency code (ISO 4217)")
    return currency


def _free(table: PlanFileTable, catalog: MeterCatalog) -> tuple[str, ...]:
    if table.get("free", []) == []:
        return ()
    names = table.get_texts("free")
    for name in names:
        if name not in catalog:
            raise table.build_error(
                "free", f"unknown resource type '{name}'", suggest_options(name, catalog.resource_types)
            )
    return tuple(sorted(names))


def _moment(table: PlanFileTable, key: str) -> Micros:
    value: object = table.get(key)
    try:
        if isinstance(value, datetime):
            return from_datetime(value)
        if isinstance(value, date):
            return from_datetime(datetime.combine(value, time(), UTC))
        if isinstance(value, str):
            return parse_iso(value)
    except (ValueError, OverflowError) as error:
        raise table.build_error(key, f"'{value}' is not a date or time (ISO 8601)") from error
    raise table.build_error(key, "must be a date or time (ISO 8601)")
