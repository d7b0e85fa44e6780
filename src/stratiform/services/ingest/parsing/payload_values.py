"""Checked values of payloads. Every error has the name of the value."""

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import TypeGuard

import msgspec

from stratiform.contract.usage import parse_decimal
from stratiform.kit.clock import Micros, parse_iso
from stratiform.kit.number_parsing import is_uint, parse_uint
from stratiform.services.ingest.errors import InvalidMessage

Payload = Mapping[str, object]

#: The years 1970 to 9998: every such time can be printed with any UTC offset.
_MIN_TIME, _MAX_TIME = 0, 253_370_764_800_000_000

#: The largest value of a BIGINT column.
MAX_INTEGER = 2**63 - 1

#: Numbers with more digits before or after the decimal point are not measured values.
_MAX_DIGITS = 30

#: The length of the column for resource ids.
ID_LENGTH = 128

#: More and longer tags than any OpenStack service allows.
MAX_TAGS, TAG_LENGTH = 1024, 4096


def decode_json(raw: bytes | str | msgspec.Raw) -> object:
    """Decode a JSON document. Raises: InvalidMessage."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidMessage(f"not JSON: {error}") from error
    except RecursionError as error:
        raise InvalidMessage("not JSON: nested too deeply") from error


def parse_time(value: object, name: str) -> Micros | None:
    """Parse a time in the formats of OpenStack services; None for null and "".

    Raises: InvalidMessage.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise InvalidMessage(f"{name} is not a valid time: {quote_value(value)}")
    try:
        at = _parse_iso(value)
    except (ValueError, OverflowError) as error:
        raise InvalidMessage(f"{name} is not a valid time: {quote_value(value)}") from error
    if at is None:
        raise InvalidMessage(f"{name} is out of range: {quote_value(value)}")
    return at


@lru_cache(maxsize=8192)
def _parse_iso(value: str) -> Micros | None:
    """Return None if the time is out of range. Cached, because messages about a resource repeat its times."""
    at = parse_iso(value)
    return at if _MIN_TIME <= at < _MAX_TIME else None


def find_text(payload: Payload, name: str, max_length: int = 255) -> str | None:
    """Return a string; None if it is missing, null or empty.

    Raises: InvalidMessage, if it is not a string, or can't be stored.
    """
    value = payload.get(name)
    if value is None:
        return None
    if isinstance(value, str) and value.isprintable() and value.isascii() and 0 < len(value) <= max_length:
        return value  # the usual case, several times per message
    return parse_text(value, name, max_length)


def parse_text(value: object, name: str, max_length: int = 255) -> str | None:
    """As `find_text`, for a value."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise InvalidMessage(f"{name} is not a string: {quote_value(value)}")
    if len(value) > max_length:
        raise InvalidMessage(f"{name} is longer than {max_length} characters")
    if "\x00" in value or not (value.isascii() or _is_encodable(value)):
        raise InvalidMessage(f"{name} has invalid characters")
    return value


def _is_encodable(value: str) -> bool:
    """Return False if the string has surrogates, which UTF-8 can't encode."""
    return not any("\ud800" <= char <= "\udfff" for char in value)


def require_text(payload: Payload, name: str, max_length: int = 255) -> str:
    """As `find_text`, but raises InvalidMessage if the value is missing, null or empty."""
    value = find_text(payload, name, max_length)
    if value is None:
        raise InvalidMessage(f"{name} is missing")
    return value


def shorten_id(identifier: str) -> str:
    """Return an id that fits its column: a longer one is cut, and its hash is appended."""
    if len(identifier) <= ID_LENGTH:
        return identifier
    digest = hashlib.sha256(identifier.encode()).hexdigest()
    return f"{identifier[: ID_LENGTH - len(digest) - 1]}~{digest}"


def find_integer(payload: Payload, name: str) -> int | None:
    """Return a non-negative integer; None if it is missing, null or "".

    Raises: InvalidMessage.
    """
    value = payload.get(name)
    if value is None:
        return None
    if type(value) is int and 0 <= value <= MAX_INTEGER:
        return value
    return parse_integer(value, name)


def parse_integer(value: object, name: str) -> int | None:
    """As `find_integer`, for a value: an integer, or a string or float of one."""
    if value is None or value == "":
        return None
    number = _to_integer(value)
    if (number or 0) > MAX_INTEGER or (isinstance(value, str) and number is None and is_uint(value)):
        raise InvalidMessage(f"{name} is out of range: {quote_value(value)}")
    if number is None or number < 0:
        raise InvalidMessage(f"{name} is not a non-negative integer: {quote_value(value)}")
    return number


def _to_integer(value: object) -> int | None:
    if isinstance(value, str):
        return parse_uint(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if is_integer(value) else None


def is_integer(value: object) -> TypeGuard[int]:
    """Return True for an integer; in Python, booleans are integers, too."""
    return isinstance(value, int) and not isinstance(value, bool)


def parse_number(value: object, name: str) -> Decimal | None:
    """Parse a non-negative number with all its digits; None for null and "".

    Raises: InvalidMessage.
    """
    if value is None or value == "":
        return None
    number = None
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        number = _to_decimal(value)
    if number is None or number < 0 or len(str(number)) > 2 * _MAX_DIGITS:
        raise InvalidMessage(f"{name} is not a non-negative number: {quote_value(value)}")
    return number


def _to_decimal(value: float | str) -> Decimal | None:
    """Return None if it is not a number, or has too many digits."""
    text = value if isinstance(value, str) else repr(value)
    number = parse_decimal(text)
    if number is None or number == 0:
        return number
    is_too_long = not -_MAX_DIGITS <= number.adjusted() <= _MAX_DIGITS or len(text) > 2 * _MAX_DIGITS
    return None if is_too_long else number


def parse_boolean(value: object, name: str) -> bool | None:
    """Check a boolean; None for null. Raises: InvalidMessage."""
    if value is None or isinstance(value, bool):
        return value
    raise InvalidMessage(f"{name} is neither true nor false: {quote_value(value)}")


def find_object(payload: Payload, name: str) -> dict[str, object]:
    """Return an object; an empty one if it is missing or null. Raises: InvalidMessage."""
    value = payload.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidMessage(f"{name} is not an object")
    return value


def parse_tags(value: object, name: str) -> dict[str, str]:
    """Parse an object with string values, a list of strings, or Cinder's list of objects with `key` and `value`.

    Raises: InvalidMessage.
    """
    if isinstance(value, dict):
        tags = value
    elif isinstance(value, list):
        tags = dict(_parse_tag(item, name) for item in value)
    else:
        raise InvalidMessage(f"{name} is neither an object nor a list: {quote_value(value)}")
    if len(tags) > MAX_TAGS:
        raise InvalidMessage(f"{name} has more than {MAX_TAGS} items")
    return {_tag_text(key, name): _tag_text(text, name) for key, text in tags.items()}


def _parse_tag(item: object, name: str) -> tuple[str, object]:
    if isinstance(item, str):
        return item, ""
    if isinstance(item, dict) and isinstance(item.get("key"), str):
        return item["key"], item.get("value")
    raise InvalidMessage(f"{name} has an invalid item: {quote_value(item)}")


def _tag_text(value: object, name: str) -> str:
    return parse_text(value, name, TAG_LENGTH) or ""


def quote_value(value: object) -> str:
    """Return the value for an error message, shortened."""
    return repr(str(value)[:80])
