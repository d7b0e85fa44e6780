"""Changes of the ledger in the order of their positions."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import UsageFilter
from stratiform.services.ledger.model.segment_changes import ChangeKey, SegmentChange, get_key_after_position
from stratiform.services.ledger.service.usage_access import restrict_filter


@dataclass(frozen=True, slots=True)
class SegmentChanges:
    """Reads which segments were recorded and superseded."""

    def list(
        self, ctx: RequestContext, usage_filter: UsageFilter, after: ChangeKey, limit: int
    ) -> tuple[Sequence[SegmentChange], ChangeKey]:
        """Return at most `limit` changes after `after`, and where to continue.

        Raises Forbidden, and NotFound for a project of others.
        """
        restricted = restrict_filter(ctx, usage_filter)
        position = repository.batches.get_current_position(ctx.db)
        changes = (
            repository.segment_changes.list_after(ctx.db, restricted, after, position, limit)
            if position >= after[0]
            else []
        )
        return changes, changes[-1].key if len(changes) == limit else max(get_key_after_position(position), after)
