"""With what resources end: generations of parents, and the circles among them. Pure."""

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

One = TypeVar("One", bound=Hashable)


def ranked(some: Iterable[One], parent: Callable[[One], One | None]) -> tuple[dict[One, int], set[One]]:
    """The generation of each of `some` and of all above them, and those that are in a circle: from each of these
    the parents lead back to it.

    What ends with another is of the generation after that one's; what doesn't, as what is in a circle, is of the first.
    Each is passed once, however many there are and however deep.
    """
    generations: dict[One, int] = {}
    circling: set[One] = set()
    for one in some:
        path: dict[One, None] = {}
        at: One | None = one
        while at is not None and at not in generations and at not in path:
            path[at] = None
            at = parent(at)
        upwards = list(path)
        while at is not None and at in path:  # round the circle, once
            del path[at]
            circling.add(at)
            generations[at] = 0
            at = parent(at)
        last = -1 if at is None else generations[at]
        for below in reversed(upwards):
            if below not in generations:
                last += 1
                generations[below] = last
    return generations, circling
