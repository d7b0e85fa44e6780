"""Paths into a payload, and what is done with the value at their end. Compiled once, used for every message."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from stratiform.services.ingest.errors import InvalidMessage

#: What a path finds where there is nothing, not even a null.
MISSING: Any = type("Missing", (), {"__repr__": lambda _: "MISSING", "__bool__": lambda _: False})()

#: Finds a value: in the part of the payload that paths start in, or in the whole payload.
Find = Callable[[Mapping[str, Any], Mapping[str, Any]], Any]

_KEY = re.compile(r'"([^"]+)"|([^."\s/]+)')


def keys_of(path: str) -> tuple[str, ...]:
    """The keys of `a.b`, or of `"a.b".c` where a key has a dot in it. Raises ValueError where it is no path."""
    keys, place = [], 0
    while True:
        found = _KEY.match(path, place)
        if found is None:
            raise ValueError(f"'{path}' is no path: keys with dots between them, and a key with a dot in quotes")
        keys.append(found[1] or found[2])
        place = found.end()
        if place == len(path):
            return tuple(keys)
        if path[place] != ".":
            raise ValueError(f"'{path}' is no path: after '{path[:place]}' comes a dot or nothing")
        place += 1


def finder(path: str) -> Find:
    """Follows `path`, which starts with `/` where it starts in the whole payload. Raises ValueError."""
    whole = path.startswith("/")
    keys = keys_of(path.removeprefix("/"))
    if len(keys) == 1:
        (key,) = keys
        if whole:
            return lambda _, payload: payload.get(key, MISSING)
        return lambda root, _: root.get(key, MISSING)
    if whole:
        return lambda _, payload: _follow(payload, keys)
    return lambda root, _: _follow(root, keys)


def first_of(paths: Sequence[str]) -> Find:
    """The first of several paths that leads to something; a null where none does but one to a null. Raises
    ValueError."""
    finders = [finder(path) for path in paths]
    if len(finders) == 1:
        return finders[0]

    def find(root: Mapping[str, Any], payload: Mapping[str, Any]) -> Any:
        held = MISSING
        for one in finders:
            value = one(root, payload)
            if value is None:
                held = None
            elif value is not MISSING:
                return value
        return held

    return find


def _follow(start: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    """A null on the way is a null at its end. Raises InvalidMessage where the way leads through what has no keys."""
    held: Any = start
    for place, key in enumerate(keys):
        if held is None or held is MISSING:
            return held
        if not isinstance(held, dict):
            raise InvalidMessage(f"{'.'.join(keys[:place])} is no object")
        held = held.get(key, MISSING)
    return held
