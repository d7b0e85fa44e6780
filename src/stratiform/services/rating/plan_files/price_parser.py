"""Parse `[[version.price]]`."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple, cast, get_args

from stratiform.kit.clock import Micros
from stratiform.kit.errors import Invalid
from stratiform.kit.number_parsing import parse_decimal
from stratiform.services.ledger.model import CatalogResourceType, MeterCatalog
from stratiform.services.rating.model import (
    ALIASES,
    CLOUD,
    GRANULARITY_US,
    PERIOD_US,
    PRICE_DIGITS,
    SHORTHANDS,
    TAXED_CODES,
    UNTAXED_CODES,
    Measure,
    MeasureKind,
    Price,
    PriceCondition,
    Rounding,
    TaxCategory,
    Unit,
    get_attribute_unit,
    parse_tax_rate,
    parse_unit,
)
from stratiform.services.rating.model.fixed_point import DECIMAL_ATTRIBUTE_DIGITS
from stratiform.services.rating.plan_files.toml_tables import PlanFileTable, suggest_options

#: Conditions that may stand in the price itself instead of in `where`.
_TOP_LEVEL_CONDITIONS = ("availability_zone", CLOUD, "flavor", "volume_type")

_KEYS = frozenset(
    {"resource", "measure", "attribute", "meter", "price", "per", "granularity", "round", "states", "where", "label"}
    | {"tax_category", *_TOP_LEVEL_CONDITIONS}
)

#: A higher price is taken for a mistake; the DuckDB engine calculates with prices of 64 bits.
_MAX_PRICE = Decimal(10) ** 8

_MAX_LABEL = 80

#: Python types of the values that a condition on an attribute may have.
_VALUE_TYPES: dict[str, type | tuple[type, ...]] = {"text": str, "integer": int, "boolean": bool}
_VALUE_TYPES["decimal"] = (str, int, Decimal)


class _Measured(NamedTuple):
    resource_type: CatalogResourceType
    measure: Measure
    unit: Unit


def parse_price(table: PlanFileTable, catalog: MeterCatalog) -> Price:
    """Raises: Invalid"""
    table.check_keys(_KEYS)
    measured = _resource_measure(table, catalog) if "resource" in table else _shorthand_measure(table, catalog)
    if measured.measure.kind == "samples":
        _reject(table, ("granularity", "round", "states"), "applies to durations, not to samples")
    granularity, rounding = _rounding(table)
    return Price(
        measure=measured.measure,
        amount=_amount(table),
        unit=measured.unit,
        granularity=granularity,
        rounding=rounding,
        states=_states(table, measured.resource_type),
        conditions=_conditions(table, measured.resource_type),
        label=_label(table),
        tax_category=_tax_category(table),
    )


def _shorthand_measure(table: PlanFileTable, catalog: MeterCatalog) -> _Measured:
    _reject(table, ("measure", "attribute"), "needs 'resource'")
    if "meter" not in table:
        raise table.build_error("", "'resource' is missing", f"or `meter`: {', '.join(SHORTHANDS)}")
    name = table.get_text("meter")
    if name not in SHORTHANDS:
        hint = f"`meter` without `resource` is one of {', '.join(SHORTHANDS)}; for other meters, set `resource`"
        raise table.build_error("meter", f"unknown shorthand '{name}'", hint)
    shorthand = SHORTHANDS[name]
    period = table.get_choice("per", tuple(PERIOD_US))
    unit = Unit(shorthand.unit.name, shorthand.unit.base, shorthand.unit.size, period)
    return _Measured(_resource_type(table, "meter", shorthand.measure.resource_type, catalog), shorthand.measure, unit)


def _resource_measure(table: PlanFileTable, catalog: MeterCatalog) -> _Measured:
    resource_type = _resource_type(table, "resource", table.get_text("resource"), catalog)
    kind = cast("MeasureKind", table.get_choice("measure", get_args(MeasureKind)))
    if kind != "attribute":
        _reject(table, ("attribute",), 'needs measure = "attribute"')
    if kind != "samples":
        _reject(table, ("meter",), 'needs measure = "samples"')
        if not resource_type.states:
            raise table.build_error("measure", f"{resource_type.name} has samples only", 'use measure = "samples"')
    match kind:
        case "duration":
            measure, base, timed = Measure(resource_type.name, kind), resource_type.unit or resource_type.name, True
        case "attribute":
            measure, base, timed = _attribute_measure(table, resource_type)
        case "samples":
            measure, base, timed = _samples_measure(table, resource_type)
    try:
        return _Measured(resource_type, measure, parse_unit(table.get_text("per"), base, timed=timed))
    except ValueError as error:
        raise table.build_error("per", str(error)) from error


def _resource_type(table: PlanFileTable, key: str, name: str, catalog: MeterCatalog) -> CatalogResourceType:
    resource_type = catalog.find(name)
    if resource_type is None:
        raise table.build_error(key, f"unknown resource type '{name}'", suggest_options(name, catalog.resource_types))
    return resource_type


def _attribute_measure(table: PlanFileTable, resource_type: CatalogResourceType) -> tuple[Measure, str, bool]:
    name = table.get_text("attribute")
    numeric = [each.name for each in resource_type.attributes.values() if each.type in ("integer", "decimal")]
    attribute = resource_type.attributes.get(name)
    if attribute is None:
        raise table.build_error(
            "attribute", f"{resource_type.name} has no attribute '{name}'", suggest_options(name, numeric)
        )
    if name not in numeric:
        problem = f"'{name}' of {resource_type.name} is not a number, its type is {attribute.type}"
        raise table.build_error("attribute", problem, suggest_options(name, numeric))
    digits = DECIMAL_ATTRIBUTE_DIGITS if attribute.type == "decimal" else 0
    return Measure(resource_type.name, "attribute", name, digits), get_attribute_unit(name), True


def _samples_measure(table: PlanFileTable, resource_type: CatalogResourceType) -> tuple[Measure, str, bool]:
    name = table.get_text("meter")
    meter = resource_type.meters.get(name)
    if meter is None:
        raise table.build_error(
            "meter", f"{resource_type.name} has no meter '{name}'", suggest_options(name, resource_type.meters)
        )
    return Measure(resource_type.name, "samples", name), meter.unit, meter.kind == "gauge"


def _reject(table: PlanFileTable, keys: tuple[str, ...], problem: str) -> None:
    for key in keys:
        if key in table:
            raise table.build_error(key, problem)


def _amount(table: PlanFileTable) -> int:
    value = table.get("price")
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise table.build_error("price", "must be a decimal number, as a string or a number")
    price = parse_decimal(value) if isinstance(value, str) else Decimal(value)
    if price is None or not price.is_finite():
        raise table.build_error("price", f"'{value}' is not a decimal number")
    if price.is_signed():
        raise table.build_error("price", f"{value} is negative")
    if price >= _MAX_PRICE:
        raise table.build_error("price", f"{value} is not less than {_MAX_PRICE:f}")
    scaled = price.scaleb(PRICE_DIGITS)
    if scaled != scaled.to_integral_value():
        raise table.build_error("price", f"{value} has more than {PRICE_DIGITS} decimal places")
    return int(scaled)


def _rounding(table: PlanFileTable) -> tuple[Micros, Rounding]:
    if "granularity" not in table:
        if table.get("round", "none") != "none":
            raise table.build_error("round", "needs 'granularity'", f"one of {', '.join(GRANULARITY_US)}")
        return 1, "none"
    granularity = GRANULARITY_US[table.get_choice("granularity", tuple(GRANULARITY_US))]
    return granularity, cast("Rounding", table.get_choice("round", ("up", "down", "nearest"), "up"))


def _states(table: PlanFileTable, resource_type: CatalogResourceType) -> tuple[str, ...]:
    if "states" not in table:
        return ()
    states = table.get_texts("states")
    for state in states:
        if state not in resource_type.states:
            hint = suggest_options(state, resource_type.states)
            raise table.build_error("states", f"{resource_type.name} has no state '{state}'", hint)
    return states


def _conditions(table: PlanFileTable, resource_type: CatalogResourceType) -> tuple[PriceCondition, ...]:
    where = table.get("where", {})
    if not isinstance(where, dict):
        raise table.build_error("where", "must be a table")
    top_level = {key: table.get(key) for key in _TOP_LEVEL_CONDITIONS if key in table}
    for name in top_level:
        if name in where:
            raise table.build_error(f"where.{name}", f"'{name}' is also a key of the price")
    conditions = [_condition(table, name, name, value, resource_type) for name, value in top_level.items()]
    conditions += [_condition(table, f"where.{name}", name, value, resource_type) for name, value in where.items()]
    return tuple(sorted(conditions))


def _condition(
    table: PlanFileTable, key: str, name: str, value: object, resource_type: CatalogResourceType
) -> PriceCondition:
    values = value if isinstance(value, list) else [value]
    type_ = _condition_type(table, key, name, resource_type)
    if not values or not all(_fits(item, type_) for item in values):
        raise table.build_error(key, f"must be a value of type {type_} or a list of them")
    texts = (str(item).lower() if isinstance(item, bool) else str(item) for item in values)
    return PriceCondition(name, tuple(dict.fromkeys(texts)))


def _condition_type(table: PlanFileTable, key: str, name: str, resource_type: CatalogResourceType) -> str:
    if name == CLOUD:
        return "text"
    attributes: Mapping[str, Any] = resource_type.attributes
    for attribute in ALIASES.get(name, (name,)):
        if attribute in attributes:
            return str(attributes[attribute].type)
    hint = suggest_options(name, [*attributes, CLOUD])
    raise table.build_error(key, f"{resource_type.name} has no attribute '{name}'", hint)


def _fits(value: Any, type_: str) -> bool:
    """Return True if an attribute of this type can have `value`; the empty text is an attribute without value."""
    if value == "":
        return True
    return isinstance(value, _VALUE_TYPES[type_]) and (type_ == "boolean" or not isinstance(value, bool))


def _label(table: PlanFileTable) -> str:
    label = table.get("label", "")
    if not isinstance(label, str) or len(label) > _MAX_LABEL:
        raise table.build_error("label", f"must be a string of at most {_MAX_LABEL} characters")
    return label


def _tax_category(table: PlanFileTable) -> TaxCategory | None:
    values = table.get("tax_category", None)
    if values is None:
        return None
    if not isinstance(values, dict):
        raise table.build_error("tax_category", 'must be a table such as { code = "S", rate = "7" }')
    category = PlanFileTable(values, f"{table.location}: tax_category")
    category.check_keys(("code", "rate"))
    code = category.get_choice("code", (*TAXED_CODES, *UNTAXED_CODES))
    if code in TAXED_CODES and "rate" not in category:
        raise category.build_error("", "'rate' is missing")
    try:
        rate = parse_tax_rate(str(category.get("rate", "0")))
    except Invalid as error:
        raise category.build_error("", error.message) from error
    if (code == "S" and rate == "0") or (code in UNTAXED_CODES and rate != "0"):
        raise category.build_error("rate", f"'{rate}' is not a valid rate for category {code}")
    return TaxCategory(code, rate)
