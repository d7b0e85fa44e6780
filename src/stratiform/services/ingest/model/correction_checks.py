"""Checks of corrections against the ledger. Pure functions; each raises Invalid, with the name of the field."""

from collections.abc import Sequence
from decimal import Decimal

from stratiform.kit.clock import Micros, format_iso
from stratiform.kit.errors import Invalid
from stratiform.services.ingest.model.meter_adjustments import MeterAdjustment
from stratiform.services.ledger.model import Correction, Segment
from stratiform.services.ledger.model.samples import ZERO, format_decimal, sum_exactly


def check_times(correction: Correction, now: Micros) -> None:
    """Check that the times of a correction are not in the future; only the end of its window may be."""
    for name, moment in (("start", correction.start), ("end", correction.end), ("since", correction.since)):
        if moment is not None:
            check_past(name, moment, now)


def check_past(name: str, moment: Micros, now: Micros) -> None:
    """Check that a time is not in the future."""
    if moment > now:
        raise Invalid(f"{name}: {format_iso(moment)} is in the future", hint=f"the current time is {format_iso(now)}")


def check_effect(
    correction: Correction, before: Sequence[Segment], after: Sequence[Segment], *, is_created: bool
) -> None:
    """Check that usage is removed only with `absent`, and that a new resource has a project at all times.

    A revocation is always valid.
    """
    if before and not after and not (correction.absent or correction.revokes):
        raise _removes_all(correction, before)
    if is_created and not (after and all(segment.project_id for segment in after)):
        raise Invalid(
            "project_id: required for all usage of a resource that is not in the ledger",
            hint="set the project without an interval",
        )


def check_adjustment(adjustment: MeterAdjustment, before: Decimal) -> None:
    """Check that not more is subtracted than the sum of the meter before the adjustment."""
    if adjustment.quantity < 0 and sum_exactly((before, adjustment.quantity)) < ZERO:
        unit = f" {adjustment.unit}" if adjustment.unit else ""
        subtracted, current = format_decimal(adjustment.quantity.copy_negate()), format_decimal(before)
        raise Invalid(
            f"quantity: {subtracted}{unit} cannot be subtracted: the sum of {adjustment.meter} is {current}{unit}",
            hint="the quantity is added to the sum; a negative quantity is subtracted",
        )


def _removes_all(correction: Correction, before: Sequence[Segment]) -> Invalid:
    hint = "set absent if the resource was not used at all"
    start, end = before[0].start, before[-1].end
    if correction.end is not None:
        start = start if correction.start is None else correction.start
        return Invalid(f"end: {format_iso(correction.end)} is not after the start, {format_iso(start)}", hint=hint)
    if correction.start is not None and end is not None:
        return Invalid(f"start: {format_iso(correction.start)} is not before the end, {format_iso(end)}", hint=hint)
    return Invalid("the correction would remove all usage of the resource", hint=hint)
