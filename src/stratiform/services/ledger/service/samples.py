"""Samples of meters."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.pagination import Page, Slice, build_slice
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import UsageFilter
from stratiform.services.ledger.model.samples import SampleRow, decode_sample_cursor
from stratiform.services.ledger.repository.samples import SampleSeries, StoredSample
from stratiform.services.ledger.service.usage_access import restrict_filter


@dataclass(frozen=True, slots=True)
class Samples:
    """Reads samples."""

    def list(self, ctx: RequestContext, usage_filter: UsageFilter, meter: str | None, page: Page) -> Slice[SampleRow]:
        """Return a page of the samples in `(since, until]` sorted by time; the marker is a cursor.

        Raises Forbidden, Invalid, and NotFound for a project of others.
        """
        after = None if page.marker is None else decode_sample_cursor(page.marker)
        rows = repository.samples.list_page(ctx.db, restrict_filter(ctx, usage_filter), meter, page.limit + 1, after)
        return build_slice(rows, page)

    def list_after(
        self,
        db: Connection,
        pinned: UsageFilter,
        meter: str | None,
        limit: int,
        after: SampleRow | None = None,
    ) -> Sequence[SampleRow]:
        """Return at most `limit` samples of a pinned filter that follow the row `after`."""
        key = None if after is None else (after.at, after.seq, after.meter)
        return repository.samples.list_page(db, pinned, meter, limit, key)

    def list_meters(self, db: Connection, usage_filter: UsageFilter) -> Sequence[tuple[str, str]]:
        """Return the meters that may have samples in the period of the filter, each with its resource type."""
        return repository.samples.list_meters(db, usage_filter)

    def iterate_series(self, db: Connection, usage_filter: UsageFilter, meter: str) -> Iterator[SampleSeries]:
        """Yield the samples of a meter, one series for each resource, source, kind and unit.

        The connection must not be used for other queries meanwhile.
        """
        return repository.samples.iterate_series(db, usage_filter, meter)

    def find_by_message(
        self, db: Connection, cloud: str, meter: str, message_ids: Collection[str]
    ) -> Mapping[str, StoredSample]:
        """Return the samples of a meter in these messages, by message id."""
        return repository.samples.find_by_message(db, cloud, meter, message_ids)
