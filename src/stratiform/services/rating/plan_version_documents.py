"""The stored form of plan versions. A version is identified by the SHA-256 of its document."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from stratiform.services.rating.model import SHORTHANDS, PlanVersion, Price, PriceCondition, TaxCategory, Unit

_SHORTHAND_PERIODS = ("second", "minute", "hour")
_SHORTHAND_CONDITIONS = {
    "instance": frozenset({"cloud", "availability_zone", "flavor"}),
    "volume": frozenset({"cloud", "availability_zone", "volume_type"}),
}
_SHORTHAND_NAMES = {shorthand.measure: name for name, shorthand in SHORTHANDS.items()}


def add_document_and_digest(version: PlanVersion) -> PlanVersion:
    """Return `version` with its document and digest; two versions are equal if and only if their digests are."""
    prices = [_encode(price) for price in version.prices]
    document = {"valid_from": version.valid_from, "valid_until": version.valid_until, "prices": prices}
    digest = hashlib.sha256(msgspec.json.encode(document, order="deterministic")).hexdigest()
    return replace(version, document=document, sha256=digest)


def decode_version(document: Mapping[str, Any]) -> PlanVersion:
    """Return the version that `document` stores."""
    prices = tuple(_decode_shorthand(price) if "meter" in price else _decode(price) for price in document["prices"])
    return add_document_and_digest(PlanVersion(document["valid_from"], document["valid_until"], prices, {}, ""))


def _encode(price: Price) -> dict[str, Any]:
    """Encode a price. Keys that were added later are absent without a value, so that digests do not change."""
    document = _encode_shorthand(price) if _has_shorthand(price) else dict(msgspec.to_builtins(price))
    document.pop("tax_category", None)
    if price.tax_category is not None:
        document["tax_category"] = msgspec.to_builtins(price.tax_category)
    return document


def _encode_shorthand(price: Price) -> dict[str, Any]:
    """Return the only form of the first release."""
    return {
        "meter": _SHORTHAND_NAMES[price.measure],
        "amount": price.amount,
        "per": price.unit.period,
        "granularity": price.granularity,
        "rounding": price.rounding,
        "states": list(price.states),
        "when": [[each.attribute, list(each.values)] for each in price.conditions],
        "label": price.label,
    }


def _has_shorthand(price: Price) -> bool:
    name = _SHORTHAND_NAMES.get(price.measure)
    if name is None or price.unit.period not in _SHORTHAND_PERIODS:
        return False
    allowed = _SHORTHAND_CONDITIONS[price.measure.resource_type]
    usual_conditions = all(each.attribute in allowed and "" not in each.values for each in price.conditions)
    return usual_conditions and replace(price.unit, period="") == SHORTHANDS[name].unit


def _decode(price: Mapping[str, object]) -> Price:
    return msgspec.convert(price, Price, strict=False)


def _decode_shorthand(price: Mapping[str, Any]) -> Price:
    shorthand = SHORTHANDS[price["meter"]]
    unit: Unit = replace(shorthand.unit, period=price["per"])
    return Price(
        measure=shorthand.measure,
        amount=int(price["amount"]),
        unit=unit,
        granularity=price["granularity"],
        rounding=price["rounding"],
        states=tuple(price["states"]),
        conditions=tuple(PriceCondition(attribute, tuple(values)) for attribute, values in price["when"]),
        label=price["label"],
        tax_category=msgspec.convert(price.get("tax_category"), TaxCategory | None),
    )
