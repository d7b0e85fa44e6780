"""Sums of usage by period and group. Pure functions."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal, cast, get_args

from stratiform.kit.clock import DAY_US, HOUR_US, Micros, from_datetime, to_datetime
from stratiform.kit.errors import Invalid
from stratiform.kit.number_parsing import parse_decimal
from stratiform.services.ledger.model.samples import SampleContribution, multiply_by_duration, to_seconds

Bucket = Literal["hour", "day", "month"]

BUCKET_WIDTHS: dict[str, Micros] = {"hour": HOUR_US, "day": DAY_US}
MAX_BUCKETS = 10_000
MAX_MONTHS = 1_200

#: Columns by which sums can be grouped, besides `attributes.NAME` and `tag:KEY`.
GROUP_COLUMNS = ("project_id", "resource_type", "resource_id", "cloud", "state")

ATTRIBUTE, TAG, METER = "attributes.", "tag:", "meter:"
DURATION = "duration"

#: Attributes with more characters are not numbers.
_MAX_NUMBER_LENGTH = 64


@dataclass(frozen=True, slots=True)
class SumQuery:
    """What is summed.

    `measures`: `duration`, `attributes.NAME` (value × seconds) and `meter:NAME`, in the period
    `[bounds[0], bounds[-1])`, which the other bounds divide into buckets.
    """

    group_by: tuple[str, ...]
    measures: tuple[str, ...]
    bounds: tuple[Micros, ...]
    bucket: Bucket | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """The sums of one group in the bucket `[start, end)` in the order of the measures; None without usage."""

    group: tuple[str | None, ...]
    start: Micros
    end: Micros
    values: tuple[Decimal | None, ...]


@dataclass(frozen=True, slots=True)
class SumResult:
    """`units` are those of the measures. `unmeasured`: the seconds in which a summed attribute was not a number."""

    sums: Sequence[Sum]
    units: Mapping[str, str]
    unmeasured: Mapping[str, Decimal]


def parse_sum_query(
    group_by: Sequence[str], measures: Sequence[str], start: Micros, end: Micros, bucket: str | None
) -> SumQuery:
    """Validate a query. Raises Invalid, with a hint."""
    for name in group_by:
        if name not in GROUP_COLUMNS and not _has_prefix(name, ATTRIBUTE, TAG):
            columns = ", ".join(GROUP_COLUMNS)
            raise Invalid(
                f"`group_by`: '{name[:80]}' is not valid", hint=f"use {columns}, {ATTRIBUTE}NAME, or {TAG}KEY"
            )
    for name in measures:
        if name != DURATION and not _has_prefix(name, ATTRIBUTE, METER):
            raise Invalid(
                f"`measure`: '{name[:80]}' is not valid", hint=f"use {DURATION}, {ATTRIBUTE}NAME, or {METER}NAME"
            )
    if len(set(group_by)) < len(group_by) or len(set(measures)) < len(measures) or not measures:
        raise Invalid("`measure` and `group_by` must not repeat a name, and `measure` needs at least one")
    has_meter = any(name.startswith(METER) for name in measures)
    if has_meter and any(name == "state" or name.startswith(ATTRIBUTE) for name in group_by):
        raise Invalid("samples have neither state nor attributes", hint="group by project, resource, cloud or tag")
    if bucket is not None and bucket not in get_args(Bucket):
        raise Invalid(f"`bucket` must be hour, day or month, not '{bucket[:80]}'")
    valid_bucket = cast("Bucket | None", bucket)
    return SumQuery(tuple(group_by), tuple(measures), compute_bucket_bounds(start, end, valid_bucket), valid_bucket)


def compute_bucket_bounds(start: Micros, end: Micros, bucket: Bucket | None) -> tuple[Micros, ...]:
    """Return the bounds of the buckets in `[start, end)`: full hours, days or months UTC. Raises Invalid."""
    if end <= start:
        raise Invalid("the period ends before it starts", hint="`from` must be earlier than `to`")
    if bucket is None:
        return start, end
    if bucket == "month":
        return start, *_iterate_months(start, end), end
    width = BUCKET_WIDTHS[bucket]
    if (end - start) // width > MAX_BUCKETS:
        raise Invalid(f"more than {MAX_BUCKETS} buckets", hint="use a shorter period or a longer bucket")
    return start, *range(start // width * width + width, end, width), end


def _iterate_months(start: Micros, end: Micros) -> Iterator[Micros]:
    first = to_datetime(start)
    year, month = first.year, first.month
    for _ in range(MAX_MONTHS):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        at = from_datetime(datetime(year, month, 1, tzinfo=UTC)) if year <= 9999 else end
        if at >= end:
            return
        yield at
    raise Invalid(f"more than {MAX_MONTHS} buckets", hint="use a shorter period")


#: For each bucket the number of segments that start (or end) in it, and the sum of the distances of these instants from
#: the start of the period.
Edges = Mapping[int, tuple[int, int]]


def sum_durations_by_bucket(bounds: Sequence[Micros], starts: Edges, ends: Edges) -> list[int]:
    """Return the duration of use in each bucket. Open segments end with the period or in a bucket after it."""
    durations = []
    started = started_offset = ended = ended_offset = previous = 0
    for index, bound in enumerate(bounds[1:]):
        count, offset = starts.get(index, (0, 0))
        started, started_offset = started + count, started_offset + offset
        count, offset = ends.get(index, (0, 0))
        ended, ended_offset = ended + count, ended_offset + offset
        elapsed = bound - bounds[0]
        total = (elapsed * started - started_offset) - (elapsed * ended - ended_offset)
        durations.append(total - previous)
        previous = total
    return durations


def split_amounts_by_bucket(
    bounds: Sequence[Micros], kind: str, contribution: SampleContribution
) -> Iterator[tuple[int, Decimal]]:
    """Yield the buckets and amounts of a contribution. Usage until an instant counts in the bucket that ends there."""
    if kind != "gauge":
        index = bisect_left(bounds, contribution.end) - 1
        if 0 <= index < len(bounds) - 1:
            yield index, contribution.value
        return
    index = max(bisect_right(bounds, contribution.start) - 1, 0)
    while index < len(bounds) - 1 and bounds[index] < contribution.end:
        duration = min(contribution.end, bounds[index + 1]) - max(contribution.start, bounds[index])
        yield index, to_seconds(multiply_by_duration(contribution.value, duration))
        index += 1


def parse_number(value: object) -> Decimal | None:
    """Return the value of an attribute as a number: an integer, or a string of decimal digits; else None."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | Decimal):
        return Decimal(value)
    return parse_decimal(value) if isinstance(value, str) and len(value) <= _MAX_NUMBER_LENGTH else None


def _has_prefix(name: str, *prefixes: str) -> bool:
    return any(name.startswith(prefix) and len(name) > len(prefix) for prefix in prefixes)
