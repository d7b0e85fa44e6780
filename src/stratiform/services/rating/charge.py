"""charge = rate(segments, plan, period): the slow, obvious engine, one segment after the other.

It says what a charge is; the fast engine (duck.py) must give the same lines to the last digit.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from stratiform.kit.clock import DAY_US, Micros
from stratiform.kit.money import allocate
from stratiform.services.rating.errors import Uncountable
from stratiform.services.rating.model import (
    LARGEST,
    MAX_GAPS,
    METERS,
    Charge,
    Facts,
    Gap,
    Line,
    LineKey,
    Plan,
    Price,
    Span,
    Usage,
)

Interval = tuple[Micros, Micros]

#: The intervals of one line, apart by how many parts were used (a resize starts a new run).
_Used = dict[int, list[Interval]]

#: Of a span and facts: the meters that cost something, each with the place of its price or why it has none.
_Verdicts = Callable[[Span, Facts], list[tuple[str, int | str]]]


def rate(usages: Iterable[Usage], plan: Plan, start: Micros, end: Micros) -> Charge:
    """What `usages` cost in `[start, end)` by `plan`; what is open ends at `end`.

    Each segment is clipped to the period and cut where the version changes. Pieces that touch, of one
    resource at one price with one size, are one run, however the ledger cut them; a run's time is rounded.
    """
    return _charge(_measured(usages, plan, start, end), plan)


def rate_by_day(
    usages: Iterable[Usage], plan: Plan, start: Micros, end: Micros
) -> tuple[Charge, dict[LineKey, dict[Micros, int]]]:
    """As `rate`; and of each line, how its amount falls on days (their beginning in UTC), to the last digit.

    What rounding adds to a run falls on its last day.
    """
    measured = _measured(usages, plan, start, end)
    charge = _charge(measured, plan)
    return charge, {line.key: _by_day(line, *measured.used[line.key]) for line in charge.lines}


@dataclass(frozen=True, slots=True)
class _Measured:
    """What is used at which price, before it is summed."""

    used: dict[LineKey, tuple[Price, _Used]]
    gaps: list[Gap]


def _charge(measured: _Measured, plan: Plan) -> Charge:
    lines = (_line(key, used, price) for key, (price, used) in measured.used.items())
    gaps = () if plan.unpriced == "free" else tuple(sorted(measured.gaps)[:MAX_GAPS])
    return Charge(tuple(line for line in lines if line.billed), gaps)


def _measured(usages: Iterable[Usage], plan: Plan, start: Micros, end: Micros) -> _Measured:
    spans = plan.spans(start, end)
    used: defaultdict[LineKey, _Used] = defaultdict(lambda: defaultdict(list))
    gaps: list[Gap] = []
    known: dict[tuple[Micros, Facts], list[tuple[str, int | str]]] = {}

    def verdicts(span: Span, facts: Facts) -> list[tuple[str, int | str]]:
        if (span.start, facts) not in known:
            known[span.start, facts] = list(plan.verdicts(span.version, facts))
        return known[span.start, facts]

    for usage in usages:
        for span in spans:
            first = max(usage.start, span.start)
            last = span.end if usage.end is None else min(usage.end, span.end)
            if first < last:
                _add_piece(used, gaps, verdicts, span, usage, (first, last))
    prices = {span.version.valid_from: span.version.prices for span in spans if span.version}
    return _Measured({key: (prices[key.valid_from][key.price], used[key]) for key in sorted(used)}, gaps)


def _add_piece(
    used: defaultdict[LineKey, _Used], gaps: list[Gap], verdicts: _Verdicts, span: Span, usage: Usage, piece: Interval
) -> None:
    for meter, verdict in verdicts(span, Facts.of(usage)):
        if isinstance(verdict, str) or span.version is None:
            gaps.append(Gap(usage.resource_type, usage.resource_id, usage.cloud, meter, *piece, str(verdict)))
            continue
        key = LineKey(
            usage.project_id,
            usage.resource_type,
            usage.resource_id,
            usage.cloud,
            span.version.valid_from,
            verdict,
        )
        parts = parts_of(meter, usage)
        if parts:
            used[key][parts].append(piece)


def prices_at(usage: Usage, plan: Plan, moment: Micros) -> list[tuple[Price, int]]:
    """The prices that `usage` has to pay at `moment`, each with the parts used."""
    version = plan.version_at(moment)
    if version is None:
        return []
    found = plan.verdicts(version, Facts.of(usage))
    return [(version.prices[place], parts_of(meter, usage)) for meter, place in found if isinstance(place, int)]


def parts_of(meter: str, usage: Usage) -> int:
    attribute = METERS[meter].attribute
    return int(usage.attributes[attribute]) if attribute else 1


def runs(pieces: Iterable[Interval]) -> list[Interval]:
    """`pieces` in order, with those that touch made one."""
    merged: list[Interval] = []
    for first, last in sorted(pieces):
        if merged and merged[-1][1] == first:
            merged[-1] = (merged[-1][0], last)
        else:
            merged.append((first, last))
    return merged


def _by_day(line: Line, price: Price, used: _Used) -> dict[Micros, int]:
    days: defaultdict[Micros, int] = defaultdict(int)
    for parts, pieces in used.items():
        for first, last in runs(pieces):
            left = price.billed(last - first)
            for day in range(first // DAY_US * DAY_US, last, DAY_US):
                whole_run = day + DAY_US >= last
                here = left if whole_run else min(left, day + DAY_US - max(day, first))
                days[day] += here * parts
                left -= here
    ordered = sorted(days)
    return dict(zip(ordered, allocate(line.amount, [days[day] for day in ordered]), strict=True))


def _line(key: LineKey, used: _Used, price: Price) -> Line:
    billed = sum(parts * price.billed(last - first) for parts, pieces in used.items() for first, last in runs(pieces))
    quantity = price.quantity(billed)
    if quantity * price.amount >= LARGEST:
        raise Uncountable
    everything = [interval for pieces in used.values() for interval in pieces]
    return Line(
        key,
        billed,
        quantity,
        quantity * price.amount,
        min(first for first, _ in everything),
        max(last for _, last in everything),
    )
