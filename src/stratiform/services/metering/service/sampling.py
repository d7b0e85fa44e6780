"""Values of meters, as they were told."""

from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.pagination import Page, Slice, page_of
from stratiform.services.metering import repository
from stratiform.services.metering.model import Filter
from stratiform.services.metering.model.samples import SampleRow, after_of
from stratiform.services.metering.service.reading import Reading


class Sampling(Reading):
    """Verbs on single values; `Summing` adds them up."""

    __slots__ = ()

    def list_samples(self, ctx: RequestContext, wanted: Filter, meter: str | None, page: Page) -> Slice[SampleRow]:
        """One page, in the order of time, of the samples in `(since, until]`; `page.marker` is a cursor
        (`model.samples.cursor_at`). Raises NotFound for a stranger's project, Forbidden, Invalid."""
        after = None if page.marker is None else after_of(page.marker)
        found = repository.samples.page(ctx.db, self.allowed(ctx, wanted), meter, page.limit + 1, after)
        return page_of(found, page)

    def some_samples(
        self, db: Connection, pinned: Filter, meter: str | None, limit: int, after: SampleRow | None = None
    ) -> list[SampleRow]:
        """At most `limit` samples of a `pinned` filter after the row `after`, in the order of lists."""
        place = None if after is None else (after.at, after.seq, after.meter)
        return repository.samples.page(db, pinned, meter, limit, place)
