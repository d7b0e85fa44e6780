"""What an operator calls by name or id, found: projects, images, flavors, volume types, clouds."""

from collections.abc import Iterable
from typing import TypeVar

from stratiform.kit.errors import Conflict, NotFound

T = TypeVar("T")


def chosen(what: str, given: str, found: Iterable[tuple[str, str | None, T]]) -> T:
    """Of `(id, name, thing)` the thing whose id is `given`, else the only one with that name.

    Raises NotFound, or Conflict where several have the name.
    """
    named: list[T] = []
    for key, name, thing in found:
        if key == given:
            return thing
        if name == given:
            named.append(thing)
    if not named:
        raise NotFound(f"there is no {what} '{given}'")
    if len(named) > 1:
        raise Conflict(f"{len(named)} {what}s are called '{given}'", hint="use the id")
    return named[0]
