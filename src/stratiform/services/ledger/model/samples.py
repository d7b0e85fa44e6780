"""Samples of meters, and their sums. Pure functions: the result depends on the set of samples only.

A `delta` sample, and a `cumulative` one compared with the previous reading, is usage until its time: it counts in
`(start, end]`. A `gauge` is a level from its time on: it is summed over `[start, end)` as value × seconds.
"""

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact
from itertools import pairwise
from typing import NamedTuple

import msgspec

from stratiform.kit.clock import DAY_US, Micros
from stratiform.kit.errors import Invalid
from stratiform.kit.json_errors import NOT_JSON
from stratiform.services.ledger.model.meter_catalog import MeterKind

#: Exact arithmetic: a result that would lose a digit is an error.
_EXACT = Context(prec=1000, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact])

#: A second has 10**6 microseconds.
_MICRO_DIGITS = 6

ZERO = Decimal(0)

#: The longest time for which the value of a gauge holds, whatever its meter defines: older samples are not needed.
MAX_HOLD = 31 * DAY_US


@dataclass(frozen=True, slots=True)
class Sample:
    """A value of a meter of a resource. `hold`: the longest time for which the value of a gauge holds."""

    at: Micros
    message_id: str
    value: Decimal
    hold: Micros = 0
    project_id: str | None = None


class SampleRow(NamedTuple):
    """A sample in a list. `seq` is the number of its event in the log."""

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
class SampleContribution:
    """What a sample adds to a sum.

    The value of a gauge holds in `[start, end)`. Other values are usage until `end`, and `start` equals `end`.
    """

    start: Micros
    end: Micros
    value: Decimal
    project_id: str | None = None


def iterate_contributions(kind: MeterKind, samples: Iterable[Sample]) -> Iterator[SampleContribution]:
    """Yield the contributions of the samples of one counter by time. At one instant the highest message id counts."""
    ordered = _without_duplicates(samples)
    if kind == "gauge":
        yield from _gauge_contributions(ordered)
    elif kind == "cumulative":
        yield from _cumulative_contributions(ordered)
    else:
        yield from (SampleContribution(each.at, each.at, each.value, each.project_id) for each in ordered)


def sum_samples(kind: MeterKind, samples: Iterable[Sample], start: Micros, end: Micros) -> Decimal:
    """Return the sum of one counter's samples between `start` and `end`; a gauge in value × seconds."""
    return sum_exactly(compute_amount_between(kind, each, start, end) for each in iterate_contributions(kind, samples))


def compute_amount_between(kind: MeterKind, contribution: SampleContribution, start: Micros, end: Micros) -> Decimal:
    """Return the part of a contribution between `start` and `end`."""
    if kind != "gauge":
        return contribution.value if start < contribution.end <= end else ZERO
    duration = min(contribution.end, end) - max(contribution.start, start)
    return to_seconds(multiply_by_duration(contribution.value, duration)) if duration > 0 else ZERO


def multiply_by_duration(value: Decimal, duration: Micros) -> Decimal:
    """Return value × microseconds."""
    return _EXACT.multiply(value, Decimal(duration))


def to_seconds(value_micros: Decimal | int) -> Decimal:
    """Convert value × microseconds to value × seconds."""
    return _EXACT.scaleb(Decimal(value_micros), -_MICRO_DIGITS)


def sum_exactly(values: Iterable[Decimal]) -> Decimal:
    """Return the exact sum."""
    result = ZERO
    for value in values:
        result = _EXACT.add(result, value)
    return result


def format_decimal(value: Decimal) -> str:
    """Format a number without exponent and trailing zeros."""
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def encode_sample_cursor(row: SampleRow) -> str:
    """Return an opaque cursor for the position of `row` in a list."""
    return base64.urlsafe_b64encode(msgspec.json.encode((row.at, row.seq, row.meter))).decode()


def decode_sample_cursor(cursor: str) -> tuple[Micros, int, str]:
    """Return the sort key in a cursor: time, number of the event, meter. Raises Invalid."""
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(cursor.encode()), type=tuple[int, int, str])
    except (*NOT_JSON, ValueError) as error:
        raise Invalid(
            "`marker` is not a valid cursor", hint="use the value of `next` from the previous page"
        ) from error


def _without_duplicates(samples: Iterable[Sample]) -> Sequence[Sample]:
    """Return one sample for each instant, sorted by time."""
    by_time: dict[Micros, Sample] = {}
    for sample in samples:
        other = by_time.get(sample.at)
        if other is None or sample.message_id > other.message_id:
            by_time[sample.at] = sample
    return [by_time[at] for at in sorted(by_time)]


def _gauge_contributions(ordered: Sequence[Sample]) -> Iterator[SampleContribution]:
    """Each value holds until the next sample, and at most for its `hold`."""
    for index, sample in enumerate(ordered):
        end = sample.at + min(sample.hold, MAX_HOLD)
        if index + 1 < len(ordered):
            end = min(end, ordered[index + 1].at)
        if end > sample.at:
            yield SampleContribution(sample.at, end, sample.value, sample.project_id)


def _cumulative_contributions(ordered: Sequence[Sample]) -> Iterator[SampleContribution]:
    """The growth of a counter. A lower value means that it was reset to zero; the first reading contributes nothing."""
    for previous, sample in pairwise(ordered):
        growth = sample.value if sample.value < previous.value else _EXACT.subtract(sample.value, previous.value)
        yield SampleContribution(sample.at, sample.at, growth, sample.project_id)
