"""Reading the ledger."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.pagination import Page, Slice, page_of
from stratiform.services.metering import repository
from stratiform.services.metering.model import Filter, Row, Segment, place_of
from stratiform.services.metering.model.changes import Change, Reached, behind
from stratiform.services.metering.policy import policy
from stratiform.services.metering.repository import proofs
from stratiform.services.metering.service.parts import Parts

EVERYTHING = Filter()

#: Where a walk over pieces goes on; what is in it is the repository's.
Mark = tuple[Any, ...]


class Reading(Parts):
    """Verbs that only look."""

    __slots__ = ()

    def list_segments(self, ctx: RequestContext, wanted: Filter, page: Page) -> Slice[Row]:
        """One page, ordered by resource and start; `page.marker` is a cursor (`model.cursor_of`).

        Without a project: everyone's for the operator, else the caller's own. Raises NotFound for a stranger's.
        """
        after = None if page.marker is None else place_of(page.marker)
        return page_of(repository.listing.rows(ctx.db, self.allowed(ctx, wanted), page.limit + 1, after), page)

    def pinned(self, ctx: RequestContext, wanted: Filter) -> Filter:
        """`wanted`, held to what the caller may see and to what is known now: so that all pieces fit together. Raises
        NotFound, Forbidden."""
        held = self.allowed(ctx, wanted)
        return held if held.as_of is not None else replace(held, as_of=repository.ledger.position(ctx.db))

    def piece(
        self, db: Connection, pinned: Filter, limit: int, after: Mark | None = None
    ) -> tuple[list[Row], Mark | None]:
        """At most `limit` segments of a `pinned` filter, and where to go on (None: there are no more). In the order of
        lists; a period of all projects in the order of the segments' ends."""
        if pinned.since is not None and pinned.project_id is None and pinned.resource_id is None:
            return repository.listing.rows_by_end(db, pinned, limit, after)
        found = repository.listing.rows(db, pinned, limit, after)
        return found, repository.listing.place(found[-1]) if len(found) == limit else None

    def allowed(self, ctx: RequestContext, wanted: Filter) -> Filter:
        """`wanted`, held to what the caller may see: without a project everyone's for the operator, else the caller's
        own. Raises NotFound for a stranger's, Forbidden."""
        if policy.rules["usage:segments:list_all"](ctx.caller, None):
            return wanted
        if wanted.project_id is None:
            wanted = replace(wanted, project_id=ctx.caller.project())
        project_id = str(wanted.project_id)
        policy.require_visible(ctx.caller, "usage:segments:list", project_id, f"no project {project_id}")
        return wanted

    def segments(self, db: Connection, wanted: Filter = EVERYTHING) -> Iterator[Segment]:
        """All segments that `wanted` asks for, ordered by resource and start, in constant memory."""
        return repository.listing.all_of(db, wanted)

    def segments_between(
        self, db: Connection, start: Micros, end: Micros, project_id: str | None = None, as_of: int | None = None
    ) -> Iterator[Segment]:
        """All that touch `[start, end)`, not clipped, open ones included; as known at position `as_of`, or now."""
        return self.segments(db, Filter(project_id=project_id, since=start, until=end, as_of=as_of))

    def changes(
        self, ctx: RequestContext, wanted: Filter, reached: Reached, limit: int
    ) -> tuple[list[Change], Reached]:
        """At most `limit` changes after `reached` (`model.changes.behind` a position), and how far that is. Raises
        NotFound for a stranger's project, Forbidden."""
        held = self.allowed(ctx, wanted)
        now = repository.ledger.position(ctx.db)
        found = repository.changes.after(ctx.db, held, reached, now, limit) if now >= reached[0] else []
        return found, found[-1].place if len(found) == limit else max(behind(now), reached)

    def position(self, db: Connection) -> int:
        """Where the ledger stands: what is known now is what `as_of` this position will always give."""
        return repository.ledger.position(db)

    def position_at(self, db: Connection, moment: Micros) -> int:
        """Where the ledger stood at `moment`."""
        return repository.ledger.position_at(db, moment)

    def time_of(self, db: Connection, position: int) -> Micros | None:
        """When the ledger came to `position`; None for 0, at which it had nothing."""
        return proofs.received_at(db, [position]).get(position)
