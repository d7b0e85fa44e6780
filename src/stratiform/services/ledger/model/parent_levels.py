"""Levels of resources below the parents that they end with, and cycles among them. Pure functions."""

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def compute_parent_levels(items: Iterable[T], get_parent: Callable[[T], T | None]) -> tuple[dict[T, int], set[T]]:
    """Return the level of `items` and all their ancestors, and the items in cycles.

    A child is one level below its parent; items without a parent and those in a cycle have level 0. Each item is
    visited once, and the depth is not limited by recursion.
    """
    levels: dict[T, int] = {}
    cyclic: set[T] = set()
    for item in items:
        path: dict[T, None] = {}
        current: T | None = item
        while current is not None and current not in levels and current not in path:
            path[current] = None
            current = get_parent(current)
        visited = list(path)
        while current is not None and current in path:  # once around the cycle
            del path[current]
            cyclic.add(current)
            levels[current] = 0
            current = get_parent(current)
        level = -1 if current is None else levels[current]
        for descendant in reversed(visited):
            if descendant not in levels:
                level += 1
                levels[descendant] = level
    return levels, cyclic
