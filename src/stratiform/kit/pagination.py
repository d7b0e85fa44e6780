"""Paging by marker and limit, as every OpenStack list has it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from stratiform.kit.errors import Invalid
from stratiform.kit.numbers import parse_uint

MAX_LIMIT = 1000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """What part of a list is asked for: at most `limit` items after the one with id `marker`."""

    limit: int = MAX_LIMIT
    marker: str | None = None

    @classmethod
    def parse(cls, limit: str | None, marker: str | None, most: int = MAX_LIMIT) -> "Page":
        """From query texts. Raises Invalid unless `limit` is a whole number of zero or more; caps it to `most`."""
        if limit is None or limit == "":
            return cls(marker=marker or None)
        asked = parse_uint(limit)
        if asked is None:
            raise Invalid(f"limit must be a whole number of zero or more, not '{limit}'")
        return cls(limit=min(asked, most), marker=marker or None)


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """Items of one page; `more` says whether others follow."""

    items: Sequence[T]
    more: bool


def page_of(found: Sequence[T], page: Page) -> Slice[T]:
    """A slice of what was read with `limit + 1` rows, so that "more" costs no second query."""
    return Slice(found[: page.limit], more=len(found) > page.limit)


def paginate(everything: Sequence[T], page: Page, key: Callable[[T], str]) -> Slice[T]:
    """A page of a short list that is in memory already. Raises Invalid where the marker isn't in it."""
    start = 0
    if page.marker is not None:
        places = [i for i, item in enumerate(everything) if key(item) == page.marker]
        if not places:
            raise Invalid(f"marker [{page.marker}] not found")
        start = places[0] + 1
    return page_of(everything[start : start + page.limit + 1], page)
