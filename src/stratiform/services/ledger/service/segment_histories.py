"""All segments of resources, with tags and the times at which they were recorded."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import RecordedSegment, UsageFilter
from stratiform.services.ledger.service.usage_access import restrict_and_pin_position, restrict_filter


@dataclass(frozen=True, slots=True)
class SegmentHistories:
    """Reads histories of resources."""

    def list(
        self, ctx: RequestContext, project_id: str, resource_types: Sequence[str], first: Micros, last: Micros
    ) -> Sequence[RecordedSegment]:
        """Return the segments of the resources that the project used in `[first, last]`, from their first segment on.

        They are sorted by resource and start. Raises Forbidden, and NotFound for a project of others.
        """
        pinned = restrict_and_pin_position(ctx, UsageFilter(project_id=project_id))
        return repository.segment_histories.list_by_project(ctx.db, pinned, resource_types, first, last)

    def list_by_id(
        self, ctx: RequestContext, resource_id: str, resource_types: Sequence[str]
    ) -> Sequence[RecordedSegment]:
        """Return the segments of the resources with this id that the caller may read. Raises Forbidden."""
        restricted = restrict_filter(ctx, UsageFilter(resource_id=resource_id))
        segments = repository.segment_histories.list_by_id(ctx.db, resource_id, resource_types)
        return [segment for segment in segments if restricted.project_id in (None, segment.project_id)]

    def list_all_by_id(
        self, db: Connection, resource_id: str, resource_types: Sequence[str]
    ) -> Sequence[RecordedSegment]:
        """Return all segments of the resources with this id."""
        return repository.segment_histories.list_by_id(db, resource_id, resource_types)
