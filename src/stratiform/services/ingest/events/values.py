"""Single values out of a message, checked: what is wrong in one is told with its name."""

import hashlib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from stratiform.contract.usage import parse_decimal
from stratiform.kit.clock import Micros, parse_iso
from stratiform.services.ingest.errors import InvalidMessage

#: Years 1970 to 9998: every such moment can be printed, whatever its offset was.
_FIRST, _LAST = 0, 253_370_764_800_000_000

#: What a column of eight bytes holds.
_LARGEST = 2**63 - 1

#: A number of more digits before or behind its point is none that was measured.
_DIGITS = 30

#: What the column of a resource's id holds.
ID_LENGTH = 128

#: More labels than any service lets a resource have, and longer ones.
_MOST_LABELS, _LONGEST_LABEL = 1024, 4096


def moment(value: Any, name: str) -> Micros | None:
    """Microseconds of a time as OpenStack writes it; None if null or empty. Raises InvalidMessage."""
    if value is None or value == "":
        return None
    try:
        at = _parsed(value) if isinstance(value, str) else parse_iso(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidMessage(f"{name} is no time: {str(value)[:80]!r}") from error
    if at is None:
        raise InvalidMessage(f"{name} is out of range: {str(value)[:80]!r}")
    return at


@lru_cache(maxsize=8192)
def _parsed(value: str) -> Micros | None:
    """None where it is out of range. Messages repeat the times of the row that they speak of."""
    at = parse_iso(value)
    return at if _FIRST <= at < _LAST else None


def text(source: Mapping[str, Any], name: str, length: int = 255) -> str | None:
    """A text, or None where it is missing, null or empty. Raises InvalidMessage where it can't be stored."""
    value = source.get(name)
    if value is None or (
        value.__class__ is str and value.isprintable() and value.isascii() and 0 < len(value) <= length
    ):
        return value  # nearly all are, and a message has a dozen
    return text_of(value, name, length)


def text_of(value: Any, name: str, length: int = 255) -> str | None:
    """As `text`, of a value that is there."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise InvalidMessage(f"{name} is no text: {str(value)[:80]!r}")
    if len(value) > length:
        raise InvalidMessage(f"{name} is longer than {length} characters")
    if "\x00" in value or not (value.isascii() or _encodes(value)):
        raise InvalidMessage(f"{name} has characters that are none")
    return value


def _encodes(value: str) -> bool:
    """Whether it has no half of a character."""
    return not any("\ud800" <= char <= "\udfff" for char in value)


def required_text(source: Mapping[str, Any], name: str, length: int = 255) -> str:
    value = text(source, name, length)
    if value is None:
        raise InvalidMessage(f"no {name}")
    return value


def fitting(identifier: str) -> str:
    """An id as it can be stored: one that is too long is cut, and what it was is told by its hash."""
    if len(identifier) <= ID_LENGTH:
        return identifier
    digest = hashlib.sha256(identifier.encode()).hexdigest()
    return f"{identifier[: ID_LENGTH - len(digest) - 1]}~{digest}"


def whole(source: Mapping[str, Any], name: str) -> int | None:
    """A whole number of zero or more, or None where it is missing or null. Raises InvalidMessage."""
    value = source.get(name)
    if value is None or (value.__class__ is int and 0 <= value <= _LARGEST):
        return value
    return whole_of(value, name)


def whole_of(value: Any, name: str) -> int | None:
    """As `whole`, of a value that is there."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST:
        raise InvalidMessage(f"{name} is no whole number: {str(value)[:80]!r}")
    return value


def number_of(value: Any, name: str) -> Decimal | None:
    """A number of zero or more, digit for digit; None where there is none (null or empty). Raises InvalidMessage."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise InvalidMessage(f"{name} is no number: {str(value)[:80]!r}")
    found = _exact(value)
    if found is None or found < 0 or len(str(found)) > 2 * _DIGITS:
        raise InvalidMessage(f"{name} is no number of zero or more: {str(value)[:80]!r}")
    return found


def _exact(value: float | str) -> Decimal | None:
    """None where it is none, or of so many digits that it can't have been measured."""
    try:
        written = value if isinstance(value, str) else repr(value)
        near = Decimal(written)
    except (InvalidOperation, ValueError):
        return None
    if not near.is_finite() or not -_DIGITS <= near.adjusted() <= _DIGITS or len(written) > 2 * _DIGITS:
        return parse_decimal("0") if near == 0 else None
    return parse_decimal(written)


def flag_of(value: Any, name: str) -> bool | None:
    """Yes or no; None where it doesn't say. Raises InvalidMessage."""
    if value is None or isinstance(value, bool):
        return value
    raise InvalidMessage(f"{name} is neither true nor false: {str(value)[:80]!r}")


def mapping(source: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object, or an empty one where it is missing or null. Raises InvalidMessage."""
    value = source.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidMessage(f"{name} is no object")
    return value


def labels_of(value: Any, name: str) -> dict[str, str]:
    """A customer's labels: an object of texts, a list of texts, or Cinder's list of keys and values. Raises
    InvalidMessage."""
    if isinstance(value, dict):
        found = value
    elif isinstance(value, list):
        found = dict(_label(one, name) for one in value)
    else:
        raise InvalidMessage(f"{name} has no labels: {str(value)[:80]!r}")
    if len(found) > _MOST_LABELS:
        raise InvalidMessage(f"{name} has more than {_MOST_LABELS} labels")
    return {_word(key, name): _word(told, name) for key, told in found.items()}


def _label(one: Any, name: str) -> tuple[str, Any]:
    if isinstance(one, str):
        return one, ""
    if isinstance(one, dict) and isinstance(one.get("key"), str):
        return one["key"], one.get("value")
    raise InvalidMessage(f"{name} has something that is no label: {str(one)[:80]!r}")


def _word(value: Any, name: str) -> str:
    return text_of(value, name, _LONGEST_LABEL) or ""
