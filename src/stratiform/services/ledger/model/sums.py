"""Sums of usage over periods and groups: what is asked, and how a period is cut. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, cast, get_args

from stratiform.kit.clock import DAY_US, HOUR_US, Micros, from_datetime, to_datetime
from stratiform.kit.errors import Invalid
from stratiform.services.ledger.model.samples import Piece, seconds, times

Bucket = Literal["hour", "day", "month"]

WIDTHS: dict[str, Micros] = {"hour": HOUR_US, "day": DAY_US}
MOST_BUCKETS = 10_000
MOST_MONTHS = 1_200

#: What a sum may be grouped by, besides `attributes.NAME` and `tag:KEY`.
COLUMNS = ("project_id", "resource_type", "resource_id", "cloud", "state")

ATTRIBUTE, TAG, METER = "attributes.", "tag:", "meter:"
DURATION = "duration"


@dataclass(frozen=True, slots=True)
class SumQuery:
    """What is summed: `measures` (`duration`, `attributes.NAME`: its value × seconds, `meter:NAME`) for each of the
    values of `group_by`, in `[bounds[0], bounds[-1])`, cut at the others of `bounds`."""

    group_by: tuple[str, ...]
    measures: tuple[str, ...]
    bounds: tuple[Micros, ...]
    bucket: Bucket | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """The sums of one group in one bucket `[start, end)`, in the order of the measures; None where there is no use of
    this kind."""

    group: tuple[str | None, ...]
    start: Micros
    end: Micros
    values: tuple[Decimal | None, ...]


@dataclass(frozen=True, slots=True)
class SumResult:
    """`units`: of each measure. `unmeasured`: the seconds of use in which an attribute that is summed had no number."""

    sums: Sequence[Sum]
    units: Mapping[str, str]
    unmeasured: Mapping[str, Decimal]


def bounds_of(start: Micros, end: Micros, bucket: Bucket | None) -> tuple[Micros, ...]:
    """Where `[start, end)` is cut: at whole hours, days or months UTC. Raises Invalid where these are too many."""
    if end <= start:
        raise Invalid("the period doesn't end after it begins", hint="`from` must be earlier than `to`")
    if bucket is None:
        return start, end
    if bucket == "month":
        cuts = list(_months(start, end))
    else:
        width = WIDTHS[bucket]
        if (end - start) // width > MOST_BUCKETS:
            raise Invalid(f"more than {MOST_BUCKETS} buckets", hint="ask for a shorter period or a longer bucket")
        cuts = list(range(start // width * width + width, end, width))
    return start, *cuts, end


def _months(start: Micros, end: Micros) -> Iterator[Micros]:
    first = to_datetime(start)
    year, month = first.year, first.month
    for _ in range(MOST_MONTHS):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        at = from_datetime(datetime(year, month, 1, tzinfo=UTC)) if year <= 9999 else end
        if at >= end:
            return
        yield at
    raise Invalid(f"more than {MOST_MONTHS} buckets", hint="ask for a shorter period")


#: How many instants fall into a bucket, and the sum of their distances from the beginning of the period.
Edges = Mapping[int, tuple[int, int]]


def spread(bounds: Sequence[Micros], starts: Edges, ends: Edges) -> list[int]:
    """How long was used in each bucket, by the buckets in which use began and ended (those that go on end with the
    period, in the last bucket or behind it)."""
    used = []
    begun = begun_at = ended = ended_at = before = 0
    for place, bound in enumerate(bounds[1:]):
        count, at = starts.get(place, (0, 0))
        begun, begun_at = begun + count, begun_at + at
        count, at = ends.get(place, (0, 0))
        ended, ended_at = ended + count, ended_at + at
        passed = bound - bounds[0]
        until = (passed * begun - begun_at) - (passed * ended - ended_at)
        used.append(until - before)
        before = until
    return used


def counted_in(bounds: Sequence[Micros], kind: str, piece: Piece) -> Iterator[tuple[int, Decimal]]:
    """The buckets into which `piece` of a meter falls, and how much. What was used up to an instant counts for the
    bucket that ends with it."""
    if kind != "gauge":
        place = bisect_left(bounds, piece.end) - 1
        if 0 <= place < len(bounds) - 1:
            yield place, piece.value
        return
    place = max(bisect_right(bounds, piece.start) - 1, 0)
    while place < len(bounds) - 1 and bounds[place] < piece.end:
        held = min(piece.end, bounds[place + 1]) - max(piece.start, bounds[place])
        yield place, seconds(times(piece.value, held))
        place += 1


def number_in(value: Any) -> Decimal | None:
    """An attribute as a number: a whole one, or a text of decimal digits; None where it is none."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | Decimal):
        return Decimal(value)
    if isinstance(value, str) and len(value) <= 64 and value.isascii():
        digits = value.removeprefix("-")
        if digits.replace(".", "", 1).isdecimal() and digits[0] != "." and digits[-1] != ".":
            return Decimal(value)
    return None


def parse_query(
    group_by: Sequence[str], measures: Sequence[str], start: Micros, end: Micros, bucket: str | None
) -> SumQuery:
    """Raises Invalid, with a hint, where something in it can't be asked."""
    for name in group_by:
        if name not in COLUMNS and not _named(name, ATTRIBUTE, TAG):
            raise Invalid(f"can't group by '{name[:80]}'", hint=f"{', '.join(COLUMNS)}, {ATTRIBUTE}NAME, or {TAG}KEY")
    for name in measures:
        if name != DURATION and not _named(name, ATTRIBUTE, METER):
            raise Invalid(f"can't sum '{name[:80]}'", hint=f"{DURATION}, {ATTRIBUTE}NAME, or {METER}NAME")
    if len(set(group_by)) < len(group_by) or len(set(measures)) < len(measures) or not measures:
        raise Invalid("what is summed and grouped by is named once each")
    metered = any(name.startswith(METER) for name in measures)
    if metered and any(name == "state" or name.startswith(ATTRIBUTE) for name in group_by):
        raise Invalid(
            "a meter's values have no state and no attributes", hint="group by project, resource, cloud or tag"
        )
    if bucket is not None and bucket not in get_args(Bucket):
        raise Invalid(f"`bucket` is hour, day or month, not '{bucket[:80]}'")
    cut = cast("Bucket | None", bucket)
    return SumQuery(tuple(group_by), tuple(measures), bounds_of(start, end, cut), cut)


def _named(name: str, *kinds: str) -> bool:
    return any(name.startswith(kind) and len(name) > len(kind) for kind in kinds)
