"""Pagination by marker and limit, as in OpenStack's APIs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from stratiform.kit.errors import Invalid
from stratiform.kit.number_parsing import is_uint, parse_uint

MAX_LIMIT = 1000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """The requested part of a list: at most `limit` items, after the one with the id `marker`."""

    limit: int = MAX_LIMIT
    marker: str | None = None

    @classmethod
    def parse(cls, limit: str | None, marker: str | None, max_limit: int = MAX_LIMIT) -> "Page":
        """Parse query parameters; a limit above `max_limit` is reduced to it. Raises: Invalid."""
        if limit and not is_uint(limit):
            raise Invalid(f"limit must be a non-negative integer: '{limit}'")
        number = parse_uint(limit or "")  # None also for more digits than a list has items
        return cls(limit=max_limit if number is None else min(number, max_limit), marker=marker or None)


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """The items of one page; `more` is True if other items follow."""

    items: Sequence[T]
    more: bool

    def next_marker(self, key: Callable[[T], str]) -> str | None:
        """Return the marker of the next page. None for the last page, and for one with limit 0."""
        return key(self.items[-1]) if self.more and self.items else None


def build_slice(items: Sequence[T], page: Page) -> Slice[T]:
    """Return the slice for items that were read with `limit + 1`, so that `more` costs no second query."""
    return Slice(items[: page.limit], more=len(items) > page.limit)


def paginate_list(items: Sequence[T], page: Page, key: Callable[[T], str]) -> Slice[T]:
    """Return one page of a list in memory. Raises: Invalid if no item has the marker as key."""
    start = 0
    if page.marker is not None:
        indexes = [i for i, item in enumerate(items) if key(item) == page.marker]
        if not indexes:
            raise Invalid(f"marker [{page.marker}] not found")
        start = indexes[0] + 1
    return build_slice(items[start : start + page.limit + 1], page)
