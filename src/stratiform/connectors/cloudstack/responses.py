"""Access to responses: their resources, and numbers in them.

CloudStack sends some numbers as numbers, and others, or in other versions, as texts.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from stratiform.connectors.cloudstack.errors import InvalidResponse
from stratiform.kit.number_parsing import parse_int

#: A resource in a response: its attributes by name.
Item = dict[str, Any]


def read_int(value: object, default: int = 0) -> int:
    """Return an integer, or the default if there is none."""
    if isinstance(value, int):
        return value
    number = parse_int(value) if isinstance(value, str) else None
    return default if number is None else number


def read_object(response: Mapping[str, Any], key: str) -> Item:
    """Return an object in a response. Raises: InvalidResponse."""
    value = response.get(key)
    if not isinstance(value, dict):
        raise InvalidResponse(f"invalid response from CloudStack: '{key}' is missing")
    return value


def read_items(command: str, response: Mapping[str, Any], key: str) -> Sequence[Item]:
    """Return the resources of a list, which is missing if it is empty. Raises: InvalidResponse."""
    items = response.get(key) or []
    if not isinstance(items, list) or not all(isinstance(item, dict) and "id" in item for item in items):
        raise InvalidResponse(f"invalid response from CloudStack to {command}: '{key}' is not a list of resources")
    return items
