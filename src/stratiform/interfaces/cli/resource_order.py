"""The order in which commands print resources and the lines of their cost."""

import re
from collections.abc import Iterable

from stratiform.interfaces.cli.output import JsonObject

_NUMBER = re.compile("([0-9]+)")


def sort_by_resource(items: Iterable[JsonObject]) -> list[JsonObject]:
    """Sort by the name of the resource (its ID if it has none), then by component; `srv-2` precedes `srv-10`."""
    return sorted(items, key=_build_key)


def _build_key(item: JsonObject) -> tuple[object, ...]:
    name = item.get("resource_name") or item.get("resource_id") or ""
    resource = [item.get(key) or "" for key in ("resource_type", "resource_id", "cloud")]
    return _natural_key(name), *resource, _natural_key(item.get("description") or ""), item.get("start") or ""


def _natural_key(text: str) -> tuple[object, ...]:
    """Return a key that compares numbers in texts by their value."""
    pieces = _NUMBER.split(text.casefold())
    digits = [number.lstrip("0") for number in pieces[1::2]]
    numbers = [(len(each), each) for each in digits]
    return *(piece for pair in zip(pieces[::2], [*numbers, (0, "")], strict=True) for piece in pair), text
