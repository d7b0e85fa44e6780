"""Segments of usage."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.pagination import Page, Slice, build_slice
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import Resource, Segment, SegmentRow, UsageFilter, decode_segment_cursor
from stratiform.services.ledger.service.usage_access import restrict_filter

#: Matches every segment.
ALL = UsageFilter()

#: Where reading a pinned list continues; opaque to callers.
Cursor = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Segments:
    """Reads segments."""

    def list(self, ctx: RequestContext, usage_filter: UsageFilter, page: Page) -> Slice[SegmentRow]:
        """Return a page of segments sorted by resource and start; the marker is a cursor.

        Without a project: all segments if the caller may read them, else those of the caller's project. Raises
        Forbidden, Invalid, and NotFound for a project of others.
        """
        after = None if page.marker is None else decode_segment_cursor(page.marker)
        restricted = restrict_filter(ctx, usage_filter)
        return build_slice(repository.segment_queries.list_rows(ctx.db, restricted, page.limit + 1, after), page)

    def list_after(
        self, db: Connection, pinned: UsageFilter, limit: int, after: Cursor | None = None
    ) -> tuple[Sequence[SegmentRow], Cursor | None]:
        """Return at most `limit` segments of a pinned filter, and where to continue (None: there are no more).

        They are sorted as lists are; for a period of all projects they are sorted by the ends of the segments.
        """
        if pinned.since is not None and pinned.project_id is None and pinned.resource_id is None:
            return repository.segment_queries.list_rows_by_end(db, pinned, limit, after)
        rows = repository.segment_queries.list_rows(db, pinned, limit, after)
        return rows, repository.segment_queries.get_sort_key(rows[-1]) if len(rows) == limit else None

    def iterate(self, db: Connection, usage_filter: UsageFilter = ALL) -> Iterator[Segment]:
        """Yield segments sorted by resource and start, in constant memory."""
        return repository.segment_queries.iterate_segments(db, usage_filter)

    def iterate_overlapping(
        self, db: Connection, start: Micros, end: Micros, project_id: str | None = None, as_of: int | None = None
    ) -> Iterator[Segment]:
        """Yield the segments that overlap `[start, end)`, not clipped, as known at the position `as_of` or now."""
        return self.iterate(db, UsageFilter(project_id=project_id, since=start, until=end, as_of=as_of))

    def iterate_of_resources(
        self, db: Connection, resources: Collection[Resource], usage_filter: UsageFilter
    ) -> Iterator[Segment]:
        """Yield the segments of resources that match a filter, in any order."""
        ids = repository.resources.find_ids(db, resources)
        return repository.segment_queries.iterate_of_resources(db, sorted(ids.values()), usage_filter)

    def list_current(self, db: Connection, resource_ids: Sequence[int]) -> dict[int, dict[int, Segment]]:
        """Return the current segments of resources, by the id of the resource and then of the segment."""
        return repository.segment_replacement.list_current(db, resource_ids)

    def list_states(self, db: Connection, resource_type: str, now: Micros) -> set[str]:
        """Return the states in which resources of this type have been."""
        usage_filter = UsageFilter(resource_type=resource_type)
        return {str(state) for (state,), _ in repository.sums.sum_durations(db, usage_filter, ["state"], 0, now)}

    def exists(self, db: Connection, usage_filter: UsageFilter) -> bool:
        """Return True if any segment matches."""
        return bool(repository.segment_queries.list_rows(db, usage_filter, 1))

    def count(self, db: Connection, resource_types: Collection[str]) -> tuple[int, int]:
        """Return the number of segments of these types, and how many of them are open."""
        return repository.segment_queries.count(db, resource_types)
