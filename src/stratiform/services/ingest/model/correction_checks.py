"""Whether what staff say makes sense beside what is known. Pure; each check raises Invalid, naming the field."""

from collections.abc import Sequence
from decimal import Decimal

from stratiform.kit.clock import Micros, iso
from stratiform.kit.errors import Invalid
from stratiform.services.ingest.model.adjustments import Adjustment
from stratiform.services.ledger.model import Correction, Segment
from stratiform.services.ledger.model.samples import ZERO, format_decimal, sum_exactly


def check_in_time(said: Correction, now: Micros) -> None:
    """Nobody knows yet what is to come. A window may go on beyond `now`, if it began before."""
    for name, moment in (("start", said.start), ("end", said.end), ("since", said.since)):
        if moment is not None:
            check_past(name, moment, now)


def check_past(name: str, moment: Micros, now: Micros) -> None:
    """The field `name` tells no instant that is yet to come."""
    if moment > now:
        what = "the window begins in the future" if name == "since" else f"{iso(moment)} is in the future"
        raise Invalid(f"{name}: {what}", hint=f"it is {iso(now)} now; what is to come can be told when it has come")


def check_effect(said: Correction, before: Sequence[Segment], after: Sequence[Segment], *, created: bool) -> None:
    """Use is wiped out only by who says so, and what is new belongs to somebody. To take something back is always
    right."""
    if before and not after and not (said.absent or said.revokes):
        raise _wiped(said, before)
    if created and not (after and all(one.project_id for one in after)):
        raise Invalid(
            "project_id: the ledger didn't know it, so all of its use needs one",
            hint="say the project without a window of time",
        )


def check_adjustment(adjustment: Adjustment, counted: Decimal) -> None:
    """No more is taken out than was counted."""
    if adjustment.quantity < 0 and sum_exactly((counted, adjustment.quantity)) < ZERO:
        raise Invalid(
            f"quantity: {adjustment.meter} counted {format_decimal(counted)} {adjustment.unit}".rstrip()
            + f" until now, so {format_decimal(adjustment.quantity.copy_negate())} can't be taken out",
            hint="it is a difference: what is to be added, or with a minus what is to be taken out",
        )


def _wiped(said: Correction, before: Sequence[Segment]) -> Invalid:
    hint = "if it was not used at all, say so: absent"
    start, end = before[0].start, before[-1].end
    if said.end is not None:
        return Invalid(f"end: {iso(said.end)} is not after its start, {iso(said.start or start)}", hint=hint)
    if said.start is not None and end is not None:
        return Invalid(f"start: {iso(said.start)} is not before its end, {iso(end)}", hint=hint)
    return Invalid("nothing would be left of its use", hint=hint)
