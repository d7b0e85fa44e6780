"""charge = rate(segments, plan, period): the slow, obvious engine, one segment after the other.

It says what a charge is; the fast engine (duck.py) must give the same lines to the last digit.
"""

from collections import defaultdict
from collections.abc import Iterable

from stratiform.kit.clock import Micros
from stratiform.services.rating.model import (
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


def rate(usages: Iterable[Usage], plan: Plan, start: Micros, end: Micros) -> Charge:
    """What `usages` cost in `[start, end)` by `plan`; what is open ends at `end`.

    Each segment is clipped to the period and cut where the version changes. Pieces that touch, of one
    resource at one price with one size, are one run, however the ledger cut them; a run's time is rounded.
    """
    spans = plan.spans(start, end)
    used: defaultdict[LineKey, _Used] = defaultdict(lambda: defaultdict(list))
    gaps: list[Gap] = []
    for usage in usages:
        for span in spans:
            first = max(usage.start, span.start)
            last = span.end if usage.end is None else min(usage.end, span.end)
            if first < last:
                _add_piece(used, gaps, plan, span, usage, (first, last))
    prices = {span.version.valid_from: span.version.prices for span in spans if span.version}
    lines = [_line(key, used[key], prices[key.valid_from][key.price]) for key in sorted(used)]
    return Charge(tuple(line for line in lines if line.billed), () if plan.unpriced == "free" else tuple(sorted(gaps)[:MAX_GAPS]))


def _add_piece(
    used: defaultdict[LineKey, _Used], gaps: list[Gap], plan: Plan, span: Span, usage: Usage, piece: Interval
) -> None:
    for meter, verdict in plan.verdicts(span.version, Facts.of(usage)):
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


def _line(key: LineKey, used: _Used, price: Price) -> Line:
    billed = sum(
        parts * price.billed(last - first) for parts, pieces in used.items() for first, last in runs(pieces)
    )
    quantity = price.quantity(billed)
    everything = [interval for pieces in used.values() for interval in pieces]
    return Line(
        key,
        billed,
        quantity,
        quantity * price.amount,
        min(first for first, _ in everything),
        max(last for _, last in everything),
    )
