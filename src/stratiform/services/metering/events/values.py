"""Single values out of a message, checked: what is wrong in one is told with its name."""

from collections.abc import Mapping
from typing import Any

from stratiform.kit.clock import Micros, parse
from stratiform.services.metering.errors import Malformed

#: Years 1970 to 9998: every such moment can be printed, whatever its offset was.
_FIRST, _LAST = 0, 253_370_764_800_000_000

#: What a column of eight bytes holds.
_LARGEST = 2**63 - 1


def moment(value: Any, name: str) -> Micros | None:
    """Microseconds of a time as OpenStack writes it; None where there is none (null or empty). Raises Malformed."""
    if value is None or value == "":
        return None
    try:
        at = parse(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise Malformed(f"{name} is no time: {str(value)[:80]!r}") from error
    if not _FIRST <= at < _LAST:
        raise Malformed(f"{name} is out of range: {str(value)[:80]!r}")
    return at


def text(source: Mapping[str, Any], name: str, length: int = 255) -> str | None:
    """A text, or None where it is missing, null or empty. Raises Malformed where it can't be stored."""
    value = source.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise Malformed(f"{name} is no text: {str(value)[:80]!r}")
    if len(value) > length:
        raise Malformed(f"{name} is longer than {length} characters")
    if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise Malformed(f"{name} has characters that are none")
    return value


def required_text(source: Mapping[str, Any], name: str, length: int = 255) -> str:
    value = text(source, name, length)
    if value is None:
        raise Malformed(f"no {name}")
    return value


def whole(source: Mapping[str, Any], name: str) -> int | None:
    """A whole number of zero or more, or None where it is missing or null. Raises Malformed."""
    value = source.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST:
        raise Malformed(f"{name} is no whole number: {str(value)[:80]!r}")
    return value


def mapping(source: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object, or an empty one where it is missing or null. Raises Malformed."""
    value = source.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Malformed(f"{name} is no object")
    return value
