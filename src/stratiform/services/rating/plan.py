"""A price plan from TOML text, checked. The format is described in docs/reference/prices.md."""

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from itertools import combinations, pairwise
from typing import Any

import msgspec
from babel.core import get_global

from stratiform.kit.clock import Micros, from_datetime, iso, parse_iso
from stratiform.kit.errors import Invalid
from stratiform.services.rating.model import (
    CONDITIONS,
    GRANULARITY_US,
    METERS,
    ONLY_FOR,
    PER_US,
    PRICE_DIGITS,
    STATES,
    Plan,
    Price,
    Version,
)

_PLAN_KEYS = frozenset({"name", "currency", "unpriced", "version"})
_VERSION_KEYS = frozenset({"valid_from", "valid_until", "price"})
_WHEN_KEYS = frozenset({"cloud", *CONDITIONS})
_PRICE_KEYS = frozenset({"meter", "price", "per", "granularity", "round", "states", "label"}) | _WHEN_KEYS
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

#: Above this a price is a slip of the pen, and its products would outgrow the engine's numbers (64 bits for a price).
_HIGHEST = Decimal(10) ** 8


def read(source: str) -> Plan:
    """The plan that `source` describes. Raises Invalid: one line that says where and what is wrong."""
    try:
        found = tomllib.loads(source, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"not valid TOML: {error}") from error
    _known(found, _PLAN_KEYS, "the plan")
    tables = found.get("version")
    if not isinstance(tables, list) or not tables:
        raise Invalid("the plan has no [[version]]")
    versions = [_version(table, i) for i, table in enumerate(tables, 1)]
    return Plan(
        name=name_of(_need(found, "name", "the plan")),
        currency=_currency(_need(found, "currency", "the plan")),
        unpriced=_one_of(found.get("unpriced", "refuse"), ("refuse", "free"), "unpriced"),
        versions=in_order(versions),
    )


def in_order(versions: Iterable[Version]) -> tuple[Version, ...]:
    """`versions` by their beginning. Raises Invalid where two are valid at the same time."""
    ordered = tuple(sorted(versions, key=lambda version: version.valid_from))
    for earlier, later in pairwise(ordered):
        if earlier.valid_from == later.valid_from:
            raise Invalid(f"two versions are valid from {iso(later.valid_from)}")
        if earlier.valid_until is not None and earlier.valid_until > later.valid_from:
            raise Invalid(
                f"the version of {iso(earlier.valid_from)} is valid until {iso(earlier.valid_until)} and overlaps"
                f" the one of {iso(later.valid_from)}"
            )
    return ordered


def from_document(document: Mapping[str, Any]) -> Version:
    """A version as `Version.document` holds it, which is how it is stored."""
    prices = tuple(
        Price(
            **{
                **price,
                "amount": int(price["amount"]),
                "states": tuple(price["states"]),
                "when": tuple((condition, tuple(values)) for condition, values in price["when"]),
            }
        )
        for price in document["prices"]
    )
    return _sealed(Version(document["valid_from"], document["valid_until"], prices, {}, ""))


def _sealed(version: Version) -> Version:
    """`version` with its document and that one's digest: two are the same if and only if these are."""
    prices = [msgspec.to_builtins(price) for price in version.prices]
    document = {"valid_from": version.valid_from, "valid_until": version.valid_until, "prices": prices}
    digest = hashlib.sha256(msgspec.json.encode(document, order="deterministic")).hexdigest()
    return replace(version, document=document, sha256=digest)


def _version(table: Any, number: int) -> Version:
    place = f"version {number}"
    _known(table, _VERSION_KEYS, place)
    valid_from = _moment(_need(table, "valid_from", place), f"valid_from of {place}")
    until = table.get("valid_until")
    valid_until = None if until is None else _moment(until, f"valid_until of {place}")
    if valid_until is not None and valid_until <= valid_from:
        raise Invalid(f"{place} ends before it begins")
    tables = table.get("price")
    if not isinstance(tables, list) or not tables:
        raise Invalid(f"{place} has no [[version.price]]")
    prices = tuple(_price(price, f"price {i} of {place}") for i, price in enumerate(tables, 1))
    _refuse_unreachable(prices, place)
    return _sealed(Version(valid_from, valid_until, prices, {}, ""))


def _price(table: Any, place: str) -> Price:
    _known(table, _PRICE_KEYS, place)
    meter = _one_of(_need(table, "meter", place), tuple(METERS), f"meter of {place}")
    kind = METERS[meter].resource_type
    granularity, rounding = _rounding(table, place)
    return Price(
        meter=meter,
        amount=_amount(_need(table, "price", place), place),
        per=_one_of(_need(table, "per", place), tuple(PER_US), f"per of {place}"),
        granularity=granularity,
        rounding=rounding,
        states=_states(table, kind, place),
        when=_when(table, kind, place),
        label=_label(table, place),
    )


def _amount(value: Any, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise Invalid(f"{place}: the price must be a decimal, as text or number")
    try:
        price = Decimal(value)
    except InvalidOperation as error:
        raise Invalid(f"{place}: '{value}' is not a decimal number") from error
    if not price.is_finite():
        raise Invalid(f"{place}: '{value}' is not a decimal number")
    if price < 0:
        raise Invalid(f"{place}: the price {value} is negative")
    if price >= _HIGHEST:
        raise Invalid(f"{place}: the price {value} is too high")
    scaled = price.scaleb(PRICE_DIGITS)
    if scaled != scaled.to_integral_value():
        raise Invalid(f"{place}: the price {value} has more than {PRICE_DIGITS} digits behind the point")
    return int(scaled)


def _rounding(table: Mapping[str, Any], place: str) -> tuple[Micros, str]:
    rounding = table.get("round")
    if "granularity" not in table:
        if rounding not in (None, "none"):
            raise Invalid(f"{place}: 'round' needs a 'granularity'", hint=f"one of {', '.join(GRANULARITY_US)}")
        return 1, "none"
    size = _one_of(table["granularity"], tuple(GRANULARITY_US), f"granularity of {place}")
    return GRANULARITY_US[size], _one_of(rounding or "up", ("up", "down", "nearest"), f"round of {place}")


def _states(table: Mapping[str, Any], kind: str, place: str) -> tuple[str, ...]:
    if "states" not in table:
        return ()
    states = _texts(table["states"], f"states of {place}")
    for state in states:
        if state not in STATES[kind]:
            raise Invalid(
                f"{place}: the type {kind} has no state '{state}'", hint=f"known: {', '.join(sorted(STATES[kind]))}"
            )
    return states


def _when(table: Mapping[str, Any], kind: str, place: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    when = []
    for condition in sorted(_WHEN_KEYS & table.keys()):
        if ONLY_FOR.get(condition, kind) != kind:
            raise Invalid(f"{place}: '{condition}' says nothing about the type {kind}")
        when.append((condition, _texts(table[condition], f"{condition} of {place}")))
    return tuple(when)


def _label(table: Mapping[str, Any], place: str) -> str:
    label = table.get("label", "")
    if not isinstance(label, str) or len(label) > 80:
        raise Invalid(f"{place}: the label must be a text of at most 80 letters")
    return label


def _refuse_unreachable(prices: tuple[Price, ...], place: str) -> None:
    """The first price that answers is taken; one that can never be is a mistake that would not be seen."""
    for (i, earlier), (j, later) in combinations(enumerate(prices, 1), 2):
        if earlier.meter == later.meter and _covers(earlier, later):
            raise Invalid(f"price {j} of {place} is never reached: price {i} answers first wherever it would")


def _covers(earlier: Price, later: Price) -> bool:
    asked = dict(later.when)
    wider = all(condition in asked and set(asked[condition]) <= set(values) for condition, values in earlier.when)
    return wider and (not earlier.states or bool(later.states and set(later.states) <= set(earlier.states)))


def name_of(value: Any) -> str:
    """A plan's name. Raises Invalid."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise Invalid("name: 1 to 64 letters, digits, '.', '_' or '-', starting with a letter or digit")
    return value


def _currency(value: Any) -> str:
    if not isinstance(value, str) or value not in get_global("all_currencies"):
        raise Invalid(f"currency: '{value}' is not a currency code (ISO 4217)")
    return value


def _moment(value: Any, place: str) -> Micros:
    try:
        if isinstance(value, datetime):
            return from_datetime(value)
        if isinstance(value, date):
            return from_datetime(datetime.combine(value, time(), UTC))
        if isinstance(value, str):
            return parse_iso(value)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"{place}: '{value}' is not a date or time (ISO 8601)") from error
    raise Invalid(f"{place}: must be a date or time (ISO 8601)")


def _need(table: Mapping[str, Any], key: str, place: str) -> Any:
    if key not in table:
        raise Invalid(f"{place} has no '{key}'")
    return table[key]


def _known(table: Any, keys: frozenset[str], place: str) -> None:
    if not isinstance(table, dict):
        raise Invalid(f"{place} must be a table")
    for key in table:
        if key not in keys:
            raise Invalid(f"{place}: unknown key '{key}'", hint=f"known: {', '.join(sorted(keys))}")


def _one_of(value: Any, allowed: tuple[str, ...], place: str) -> str:
    if value not in allowed:
        raise Invalid(f"{place}: '{value}' is not one of {', '.join(allowed)}")
    return str(value)


def _texts(value: Any, place: str) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(isinstance(item, str) and item for item in texts):
        raise Invalid(f"{place}: must be a text or a list of texts")
    return tuple(dict.fromkeys(texts))
