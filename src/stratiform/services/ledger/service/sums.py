"""Summing usage: how long, how much of what, by whom."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import msgspec

from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.errors import Invalid
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import UsageFilter
from stratiform.services.ledger.model.samples import pieces, seconds, times, total
from stratiform.services.ledger.model.sums import (
    ATTRIBUTE,
    DURATION,
    METER,
    TAG,
    Sum,
    SumQuery,
    SumResult,
    counted_in,
    number_in,
    spread,
)
from stratiform.services.ledger.service.access import pin

#: More rows are no answer that anyone reads; the segments themselves can be had instead.
MOST_ROWS = 250_000

_exact = msgspec.json.Decoder(float_hook=Decimal)

Group = tuple[str | None, ...]


@dataclass(slots=True)
class _Sheet:
    """Sums as they grow: by group and bucket, then by the measure's place."""

    question: SumQuery
    cells: dict[tuple[Group, int], dict[int, Decimal]] = field(default_factory=lambda: defaultdict(dict))
    units: dict[str, str] = field(default_factory=dict)
    unmeasured: dict[str, Decimal] = field(default_factory=dict)

    def add(self, group: Group, bucket: int, place: int, value: Decimal) -> None:
        cell = self.cells[group, bucket]
        cell[place] = total((cell[place], value)) if place in cell else value
        if len(self.cells) > MOST_ROWS:
            raise Invalid(
                f"the answer has more than {MOST_ROWS} rows", hint="group by less, or ask for a shorter period"
            )

    def finished(self) -> SumResult:
        bounds, measures = self.question.bounds, range(len(self.question.measures))
        ordered = sorted(self.cells.items(), key=lambda one: (tuple(v or "" for v in one[0][0]), one[0][1]))
        sums = [
            Sum(group, bounds[bucket], bounds[bucket + 1], tuple(cell.get(place) for place in measures))
            for (group, bucket), cell in ordered
        ]
        return SumResult(sums, self.units, self.unmeasured)


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums usage."""

    def compute(self, ctx: RequestContext, usage_filter: UsageFilter, query: SumQuery) -> SumResult:
        """Sum the usage that matches the filter, in the period of the query.

        Raises Forbidden, Invalid, and NotFound for a project of others.
        """
        in_period = replace(usage_filter, since=query.bounds[0], until=query.bounds[-1])
        pinned = pin(ctx, in_period)  # several queries must see the same position
        sheet = _Sheet(query)
        if not all(measure.startswith(METER) for measure in query.measures):
            _add_segments(ctx.db, pinned, sheet)
        for index, measure in enumerate(query.measures):
            if measure.startswith(METER):
                _add_meter(ctx.db, pinned, sheet, index, measure)
        return sheet.finished()


def _add_segments(db: Connection, wanted: UsageFilter, sheet: _Sheet) -> None:
    question = sheet.question
    facts = _facts(question)
    for key, used in _used(db, wanted, question, facts):
        told = dict(zip(facts, key, strict=True))
        attributes = _exact.decode(told["attributes"]) if "attributes" in told else {}
        group = _group(question.group_by, told, attributes, _exact.decode(told["tags"]) if "tags" in told else {})
        for place, measure in enumerate(question.measures):
            if measure.startswith(METER):
                continue
            factor = Decimal(1) if measure == DURATION else number_in(attributes.get(measure.removeprefix(ATTRIBUTE)))
            if factor is None:
                lost = (sheet.unmeasured.get(measure, Decimal(0)), seconds(sum(used)))
                sheet.unmeasured[measure] = total(lost)
                continue
            for bucket, micros in enumerate(used):
                if micros:
                    sheet.add(group, bucket, place, seconds(times(factor, micros)))
    for measure in question.measures:
        if not measure.startswith(METER):
            name = measure.removeprefix(ATTRIBUTE)
            sheet.units[measure] = "s" if measure == DURATION else f"{name}·s"


def _facts(question: SumQuery) -> list[str]:
    """What the segments must be told apart by."""
    names = [name for name in question.group_by if not name.startswith((ATTRIBUTE, TAG))]
    if any(name.startswith(ATTRIBUTE) for name in (*question.group_by, *question.measures)):
        names.append("attributes")
    if any(name.startswith(TAG) for name in question.group_by):
        names.append("tags")
    return names


def _used(
    db: Connection, wanted: UsageFilter, question: SumQuery, facts: Sequence[str]
) -> Iterator[tuple[tuple[Any, ...], list[int]]]:
    """For each set of facts, the microseconds of use in each bucket."""
    bounds = question.bounds
    if question.bucket is None:
        for key, used in repository.sums.durations(db, wanted, facts, bounds[0], bounds[-1]):
            yield key, [used]
        return
    edges: dict[tuple[Any, ...], tuple[dict[int, tuple[int, int]], dict[int, tuple[int, int]]]] = {}
    for side in (0, 1):
        found = repository.sums.edges(db, wanted, facts, bounds, question.bucket, ends=side == 1)
        for key, bucket, count, at in found:
            edges.setdefault(key, ({}, {}))[side][bucket] = count, at
    for key, (starts, ends) in edges.items():
        yield key, spread(bounds, starts, ends)


def _add_meter(db: Connection, wanted: UsageFilter, sheet: _Sheet, place: int, measure: str) -> None:
    question = sheet.question
    for series in repository.samples.series(db, wanted, measure.removeprefix(METER)):
        unit = f"{series.unit}·s" if series.kind == "gauge" else series.unit
        if sheet.units.setdefault(measure, unit) != unit:
            raise Invalid(
                f"{measure} is told in {sheet.units[measure]} and in {unit}", hint="ask for one cloud or resource type"
            )
        told = {"resource_type": series.resource_type, "resource_id": series.resource_id, "cloud": series.cloud}
        for piece in pieces(series.kind, series.samples):
            if wanted.project_id in (None, piece.project_id):
                group = _group(question.group_by, {**told, "project_id": piece.project_id}, {}, series.tags)
                for bucket, value in counted_in(question.bounds, series.kind, piece):
                    sheet.add(group, bucket, place, value)


def _group(group_by: Sequence[str], told: dict[str, Any], attributes: dict[str, Any], tags: dict[str, str]) -> Group:
    found: list[str | None] = []
    for name in group_by:
        if name.startswith(ATTRIBUTE):
            value = attributes.get(name.removeprefix(ATTRIBUTE))
        elif name.startswith(TAG):
            value = tags.get(name.removeprefix(TAG))
        else:
            value = told.get(name)
        found.append(value if value is None or isinstance(value, str) else msgspec.json.encode(value).decode())
    return tuple(found)
