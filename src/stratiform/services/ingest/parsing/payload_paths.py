"""Paths into payloads. A path is compiled to a function once, and used for every message."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.parsing.payload_values import Payload


class _Missing:
    """The type of MISSING, which is false."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "MISSING"


#: The result of a path to a key that does not exist; the result of a path to null is None.
MISSING: Final = _Missing()

#: Finds a value. Arguments: the item, at which relative paths start, and the payload, at which absolute paths start.
Find = Callable[[Payload, Payload], object]

_KEY = re.compile(r'"([^"]+)"|([^."\s/]+)')


def split_path(path: str) -> tuple[str, ...]:
    """Return the keys of `a.b`, or of `"a.b".c` if a key contains a dot. Raises: ValueError."""
    keys, position = [], 0
    while True:
        match = _KEY.match(path, position)
        if match is None:
            raise ValueError(f"'{path}' is not a path: expected keys separated by dots; a key with a dot needs quotes")
        keys.append(match[1] or match[2])
        position = match.end()
        if position == len(path):
            return tuple(keys)
        if path[position] != ".":
            raise ValueError(f"'{path}' is not a path: expected a dot after '{path[:position]}'")
        position += 1


def compile_path(path: str) -> Find:
    """Compile a path; it is absolute if it starts with `/`. Raises: ValueError."""
    is_absolute = path.startswith("/")
    keys = split_path(path.removeprefix("/"))
    if len(keys) == 1:
        (key,) = keys
        if is_absolute:
            return lambda _, payload: payload.get(key, MISSING)
        return lambda item, _: item.get(key, MISSING)
    if is_absolute:
        return lambda _, payload: _follow(payload, keys)
    return lambda item, _: _follow(item, keys)


def compile_paths(paths: Sequence[str]) -> Find:
    """Compile alternative paths: the first one that leads to a value counts, else one that leads to null.

    Raises: ValueError.
    """
    finds = [compile_path(path) for path in paths]
    if len(finds) == 1:
        return finds[0]

    def find_first(item: Payload, payload: Payload) -> object:
        result: object = MISSING
        for find in finds:
            value = find(item, payload)
            if value is None:
                result = None
            elif value is not MISSING:
                return value
        return result

    return find_first


def _follow(start: Payload, keys: tuple[str, ...]) -> object:
    """Follow keys; null on the way is null at the end. Raises: InvalidMessage, if a value on the way has no keys."""
    value: object = start
    for depth, key in enumerate(keys):
        if value is None or value is MISSING:
            return value
        if not isinstance(value, dict):
            raise InvalidMessage(f"{'.'.join(keys[:depth])} is not an object")
        value = value.get(key, MISSING)
    return value
