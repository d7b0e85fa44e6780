"""Generations of resources that end with a parent, and cycles among them. Pure functions."""

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def rank_generations(items: Iterable[T], get_parent: Callable[[T], T | None]) -> tuple[dict[T, int], set[T]]:
    """Return the generation of `items` and all their ancestors, and the items in cycles.

    A child has the generation after its parent's; items without a parent and those in a cycle have generation 0. Each
    item is visited once, and the depth is not limited by recursion.
    """
    generations: dict[T, int] = {}
    cyclic: set[T] = set()
    for item in items:
        path: dict[T, None] = {}
        current: T | None = item
        while current is not None and current not in generations and current not in path:
            path[current] = None
            current = get_parent(current)
        visited = list(path)
        while current is not None and current in path:  # once around the cycle
            del path[current]
            cyclic.add(current)
            generations[current] = 0
            current = get_parent(current)
        generation = -1 if current is None else generations[current]
        for descendant in reversed(visited):
            if descendant not in generations:
                generation += 1
                generations[descendant] = generation
    return generations, cyclic
