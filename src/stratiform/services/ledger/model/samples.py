"""What a meter's values sum to. Pure: the result depends on the set of samples alone.

A `delta` sample, and a `cumulative` one against the reading before it, tell what was used up to their instant: they
count for the time `(start, end]`. A `gauge` tells how much there is from its instant on: it is summed over
`[start, end)`, in value × seconds.
"""

import base64
import binascii
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact
from itertools import pairwise
from typing import NamedTuple

import msgspec

from stratiform.kit.clock import DAY_US, Micros
from stratiform.kit.errors import Invalid
from stratiform.services.ledger.model.catalog import MeterKind

#: Sums as long as they have to be: a digit that would be lost is an error.
_EXACT = Context(prec=1000, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact])

#: A second has 10 to the power of so many microseconds.
_SECOND_DIGITS = 6

ZERO = Decimal(0)

#: No value of a gauge holds longer, whatever its meter says: so a period needs nothing that is older.
LONGEST_HOLD = 31 * DAY_US


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one meter of one resource, as the message `message_id` told it. `hold`: for so long it holds at
    most, where it is a gauge's. `project_id` None: nobody's."""

    at: Micros
    message_id: str
    value: Decimal
    hold: Micros = 0
    project_id: str | None = None


class SampleRow(NamedTuple):
    """A sample as it is listed; `seq` is the number of its event in the log."""

    resource_type: str
    resource_id: str
    cloud: str
    project_id: str | None
    meter: str
    kind: str
    unit: str
    source: str
    at: Micros
    value: str
    message_id: str
    seq: int


@dataclass(frozen=True, slots=True)
class Piece:
    """What one sample adds: for a gauge, `value` holds in `[start, end)`; else `value` was used up to `end`, and
    `start` is the same."""

    start: Micros
    end: Micros
    value: Decimal
    project_id: str | None = None


def pieces(kind: MeterKind, samples: Iterable[Sample]) -> Iterator[Piece]:
    """What each sample of one counter adds, in order of time. Of two at one instant the higher message id counts."""
    ordered = _one_an_instant(samples)
    if kind == "gauge":
        yield from _held(ordered)
    elif kind == "cumulative":
        yield from _grown(ordered)
    else:
        yield from (Piece(one.at, one.at, one.value, one.project_id) for one in ordered)


def quantity(kind: MeterKind, samples: Iterable[Sample], start: Micros, end: Micros) -> Decimal:
    """What one counter's samples sum to between `start` and `end`; a gauge in value × seconds."""
    return total(amount(kind, piece, start, end) for piece in pieces(kind, samples))


def amount(kind: MeterKind, piece: Piece, start: Micros, end: Micros) -> Decimal:
    """How much of `piece` falls between `start` and `end`."""
    if kind != "gauge":
        return piece.value if start < piece.end <= end else ZERO
    held = min(piece.end, end) - max(piece.start, start)
    return seconds(times(piece.value, held)) if held > 0 else ZERO


def times(value: Decimal, micros: Micros) -> Decimal:
    return _EXACT.multiply(value, Decimal(micros))


def seconds(value_micros: Decimal | int) -> Decimal:
    """A sum of value × microseconds in value × seconds."""
    return _EXACT.scaleb(Decimal(value_micros), -_SECOND_DIGITS)


def total(values: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    found = ZERO
    for value in values:
        found = _EXACT.add(found, value)
    return found


def plain(value: Decimal) -> str:
    """The number as text: no exponent, no zeros that say nothing."""
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def cursor_at(row: SampleRow) -> str:
    """An opaque text for the place of `row` in a list."""
    return base64.urlsafe_b64encode(msgspec.json.encode((row.at, row.seq, row.meter))).decode()


def after_of(cursor: str) -> tuple[Micros, int, str]:
    """Raises Invalid where `cursor` is none of ours."""
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(cursor.encode()), type=tuple[int, int, str])
    except (binascii.Error, msgspec.DecodeError, UnicodeError, ValueError) as error:
        raise Invalid("marker not understood", hint="use the 'next' of the page before") from error


def _one_an_instant(samples: Iterable[Sample]) -> Sequence[Sample]:
    last: dict[Micros, Sample] = {}
    for one in samples:
        known = last.get(one.at)
        if known is None or one.message_id > known.message_id:
            last[one.at] = one
    return [last[at] for at in sorted(last)]


def _held(ordered: Sequence[Sample]) -> Iterator[Piece]:
    """Each value holds until the next one comes, and at most its `hold`."""
    for place, one in enumerate(ordered):
        end = one.at + min(one.hold, LONGEST_HOLD)
        if place + 1 < len(ordered):
            end = min(end, ordered[place + 1].at)
        if end > one.at:
            yield Piece(one.at, end, one.value, one.project_id)


def _grown(ordered: Sequence[Sample]) -> Iterator[Piece]:
    """By how much a counter grew. One that shows less than before began anew from zero; the first reading tells
    nothing of what was before it."""
    for before, one in pairwise(ordered):
        grown = one.value if one.value < before.value else _EXACT.subtract(one.value, before.value)
        yield Piece(one.at, one.at, grown, one.project_id)
