"""Corrections: events with an author and a reason that outrank messages."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

from msgspec import structs

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.kit.number_parsing import parse_uint
from stratiform.kit.outbox import Event
from stratiform.kit.pagination import Page, Slice, build_slice
from stratiform.services.ingest import policy
from stratiform.services.ingest.model.correction_checks import (
    check_adjustment,
    check_effect,
    check_past,
    check_times,
)
from stratiform.services.ingest.model.meter_adjustments import MeterAdjustment
from stratiform.services.ingest.parsing import MessageParser
from stratiform.services.ingest.parsing.resource_schemas import build_resource_schema
from stratiform.services.ingest.service import correction_events, meter_counters
from stratiform.services.ingest.service.batch_storage import store_batch
from stratiform.services.ingest.service.correction_targets import find_correction_target
from stratiform.services.ingest.service.parsed_batches import parse_events
from stratiform.services.ledger.model import Correction, EventRecord, Resource, Segment, UsageFilter
from stratiform.services.ledger.model.samples import sum_exactly
from stratiform.services.ledger.service import LedgerService


@dataclass(frozen=True, slots=True)
class AdjustedSum:
    """The sum of a meter of the resource until now, before and after an adjustment."""

    meter: str
    unit: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True)
class CorrectionResult:
    """The effect of a correction.

    `is_new` is False if it existed already; `is_created`: the resource was not in the ledger before. `adjusted` is set
    if a meter was adjusted.
    """

    message_id: str
    is_new: bool
    before: Sequence[Segment]
    after: Sequence[Segment]
    is_created: bool = False
    adjusted: AdjustedSum | None = None


@dataclass(frozen=True, slots=True)
class StoredCorrection:
    """A correction in the ledger. `revoked_by` is the message id of its revocation, or ""."""

    number: int
    record: EventRecord
    revoked_by: str


@dataclass(frozen=True, slots=True)
class Corrections:
    """Creates and lists corrections."""

    parser: MessageParser
    ledger: LedgerService

    def require_create(self, ctx: RequestContext) -> None:
        """Check that the caller may create corrections. Raises: Forbidden."""
        policy.CORRECTIONS_CREATE.require(ctx.caller, None)

    def require_list(self, ctx: RequestContext) -> None:
        """Check that the caller may list corrections. Raises: Forbidden."""
        policy.CORRECTIONS_LIST.require(ctx.caller, None)

    def create(
        self, ctx: RequestContext, resource: Resource, correction: Correction, *, message_id: str = ""
    ) -> CorrectionResult:
        """Correct a resource; the author is the caller. The same `message_id` again is a duplicate.

        Without a message id, it is derived from content and time. Without a cloud, the resource must be in one cloud.
        A resource that is not in the ledger needs a start and a project.

        Raises: Forbidden, Invalid (with the name of the field; roll the transaction back), NotFound (the resource, or
        the correction to revoke), Conflict (the message id is taken, or the correction is revoked already).
        """
        self.require_create(ctx)
        self.ledger.writer.lock_ledger(ctx.db)
        resource, exists = find_correction_target(ctx.db, self.ledger, resource, correction)
        before = self._segments(ctx, resource)
        schema = build_resource_schema(
            resource.resource_type, self.parser.find_meter_file(resource.resource_type), before
        )
        correction = structs.replace(
            correction,
            author=correction_events.format_author(ctx.caller),
            attributes=schema.convert_attributes(correction.attributes),
        )
        key = correction_events.get_or_derive_message_id(message_id, resource, correction, ctx.now)
        revoked = correction_events.find_revoked_correction(ctx.db, self.ledger, resource, correction)
        if revoked is not None and "samples" in revoked.fact:
            opposite = correction_events.build_opposite_adjustment(revoked, correction)
            return self._adjust(ctx, resource, correction, opposite, key)
        event = correction_events.build_correction_event(resource, key, ctx.now, correction, None)
        if correction_events.is_event_stored(ctx.db, self.ledger, event):
            return CorrectionResult(key, False, before, before)
        check_times(correction, ctx.now)
        if correction.state is not None:
            states = partial(self.ledger.segments.list_states, ctx.db, resource.resource_type, ctx.now)
            schema.check_state(correction.state, states)
        correction_events.check_not_revoked(ctx.db, self.ledger, resource, correction)
        at = correction_events.get_next_correction_time(ctx, self.ledger, resource)
        self._store(ctx, replace(event, at=at))
        after = self._segments(ctx, resource)
        check_effect(correction, before, after, is_created=not exists)
        return CorrectionResult(key, True, before, after, is_created=not exists)

    def adjust(
        self, ctx: RequestContext, resource: Resource, adjustment: MeterAdjustment, reason: str, *, message_id: str = ""
    ) -> CorrectionResult:
        """Add a quantity to the sum of a meter of the resource at an instant; a negative one is subtracted.

        The unit is that of the meter's sums. Without a project it belongs to the project that used the resource then,
        or to the project of all other samples of the meter. `message_id` and errors as in `create`.
        """
        self.require_create(ctx)
        self.ledger.writer.lock_ledger(ctx.db)
        correction = Correction(correction_events.format_author(ctx.caller), reason)
        resource, _ = find_correction_target(ctx.db, self.ledger, resource, correction)
        check_past("at", adjustment.at, ctx.now)
        key = correction_events.get_or_derive_message_id(message_id, resource, [correction, adjustment], ctx.now)
        return self._adjust(ctx, resource, correction, adjustment, key)

    def list(self, ctx: RequestContext, usage_filter: UsageFilter, page: Page) -> Slice[StoredCorrection]:
        """Return a page of corrections by cloud, resource type and id, the newest first; the marker is a number.

        Raises: Forbidden, Invalid.
        """
        self.require_list(ctx)
        before = None if page.marker is None else parse_uint(page.marker)
        if page.marker is not None and before is None:
            raise Invalid("`marker` is not a valid cursor", hint="use the value of `next` from the previous page")
        rows = self.ledger.corrections.list(ctx.db, usage_filter, page.limit + 1, before)
        revocations = correction_events.list_revocations(ctx.db, self.ledger, [record for _, record in rows])
        corrections = [
            StoredCorrection(number, record, revocations.get((record.resource, record.message_id), ""))
            for number, record in rows
        ]
        return build_slice(corrections, page)

    def _adjust(
        self, ctx: RequestContext, resource: Resource, correction: Correction, adjustment: MeterAdjustment, key: str
    ) -> CorrectionResult:
        segments = self._segments(ctx, resource)
        series = (
            meter_counters.list_counters(ctx, self.ledger, resource, adjustment.meter)
            if adjustment.meter.isprintable()
            else []
        )
        definition = self.ledger.catalog.find_meter(resource.resource_type, adjustment.meter)
        unit = meter_counters.find_unit(adjustment.meter, series, definition)
        if unit is None:
            raise self._unknown_meter(ctx, resource, adjustment.meter)
        project_id = adjustment.project_id
        if project_id is None and not correction.revokes:
            project_id = meter_counters.find_owner(adjustment.at, segments, series)
        adjustment = replace(adjustment, unit=unit, project_id=project_id)
        event = correction_events.build_correction_event(resource, key, adjustment.at, correction, None, adjustment)
        before = meter_counters.sum_counters(series)
        if correction_events.is_event_stored(ctx.db, self.ledger, event):
            unchanged = AdjustedSum(adjustment.meter, unit, before, before)
            return CorrectionResult(key, False, segments, segments, adjusted=unchanged)
        correction_events.check_not_revoked(ctx.db, self.ledger, resource, correction)
        if not correction.revokes:
            check_adjustment(adjustment, before)
        self._store(ctx, event)
        adjusted = AdjustedSum(adjustment.meter, unit, before, sum_exactly((before, adjustment.quantity)))
        return CorrectionResult(key, True, segments, segments, adjusted=adjusted)

    def _store(self, ctx: RequestContext, event: Event) -> None:
        store_batch(ctx.db, self.ledger, parse_events(self.parser, [event]), ctx.now)

    def _segments(self, ctx: RequestContext, resource: Resource) -> Sequence[Segment]:
        return [*self.ledger.segments.iterate(ctx.db, UsageFilter(*resource))]

    def _unknown_meter(self, ctx: RequestContext, resource: Resource, meter: str) -> Invalid:
        definition = self.ledger.catalog.find(resource.resource_type)
        meters = {
            *(() if definition is None else definition.meters),
            *meter_counters.list_meters(ctx, self.ledger, resource),
        }
        return Invalid(
            f"meter: resource type {resource.resource_type} has no meter '{meter[:80]}'",
            hint=f"known meters: {', '.join(sorted(meters))}" if meters else "the resource type has no meters",
        )
