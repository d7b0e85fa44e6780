"""Sums of usage: durations, attributes × durations, and samples."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import msgspec

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import UsageFilter
from stratiform.services.ledger.model.name_timelines import NAME_ATTRIBUTES
from stratiform.services.ledger.model.samples import (
    iterate_contributions,
    multiply_by_duration,
    sum_exactly,
    to_seconds,
)
from stratiform.services.ledger.model.sums import (
    ATTRIBUTE,
    DURATION,
    METER,
    TAG,
    Sum,
    SumQuery,
    SumResult,
    parse_number,
    split_amounts_by_bucket,
    sum_durations_by_bucket,
)
from stratiform.services.ledger.repository.sums import Key
from stratiform.services.ledger.service.name_timelines import NameReader
from stratiform.services.ledger.service.usage_access import restrict_and_pin_position

#: The limit of rows in a result; larger ones can be computed from the segments.
MAX_ROWS = 250_000

_decode = msgspec.json.Decoder(float_hook=Decimal).decode

Group = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums usage."""

    def compute(self, ctx: RequestContext, usage_filter: UsageFilter, query: SumQuery) -> SumResult:
        """Sum the usage that matches the filter, in the period of the query.

        Raises Forbidden, Invalid, and NotFound for a project of others.
        """
        in_period = replace(usage_filter, since=query.bounds[0], until=query.bounds[-1])
        pinned = restrict_and_pin_position(ctx, in_period)  # several queries must see the same position
        table = _SumTable(query)
        if not all(measure.startswith(METER) for measure in query.measures):
            _add_segments(ctx.db, pinned, table)
        for index, measure in enumerate(query.measures):
            if measure.startswith(METER):
                _add_samples(ctx.db, pinned, table, index, measure)
        return table.build_result()


@dataclass(slots=True)
class _SumTable:
    """Sums by group and bucket, then by the index of the measure."""

    query: SumQuery
    cells: dict[tuple[Group, int], dict[int, Decimal]] = field(default_factory=lambda: defaultdict(dict))
    units: dict[str, str] = field(default_factory=dict)
    unmeasured: dict[str, Decimal] = field(default_factory=dict)

    def add(self, group: Group, bucket: int, index: int, value: Decimal) -> None:
        cell = self.cells[group, bucket]
        cell[index] = sum_exactly((cell[index], value)) if index in cell else value
        if len(self.cells) > MAX_ROWS:
            raise Invalid(f"the result has more than {MAX_ROWS} rows", hint="use fewer groups or a shorter period")

    def build_result(self) -> SumResult:
        bounds, indexes = self.query.bounds, range(len(self.query.measures))
        ordered = sorted(self.cells.items(), key=lambda item: (tuple(value or "" for value in item[0][0]), item[0][1]))
        sums = [
            Sum(group, bounds[bucket], bounds[bucket + 1], tuple(cell.get(index) for index in indexes))
            for (group, bucket), cell in ordered
        ]
        return SumResult(sums, self.units, self.unmeasured)


def _add_segments(db: Connection, pinned: UsageFilter, table: _SumTable) -> None:
    """Add the durations of segments, and their products with attributes."""
    measures = [(index, each) for index, each in enumerate(table.query.measures) if not each.startswith(METER)]
    key_columns = _list_key_columns(table.query)
    names = NameReader(db, pinned.as_of) if _groups_by_name(table.query) else None
    for key, durations in list(_iterate_durations(db, pinned, table.query, key_columns)):
        values = dict(zip(key_columns, key, strict=True))
        attributes = _decode(values["attributes"]) if "attributes" in values else {}
        if names is not None:
            last = table.query.bounds[-1] - 1
            attributes = names.fill_attributes(values["cloud"], values["resource_type"], attributes, last)
        tags = _decode(values["tags"]) if "tags" in values else {}
        group = _make_group(table.query.group_by, values, attributes, tags)
        for index, measure in measures:
            name = measure.removeprefix(ATTRIBUTE)
            factor = Decimal(1) if measure == DURATION else parse_number(attributes.get(name))
            if factor is None:
                seconds = to_seconds(sum(durations))
                table.unmeasured[measure] = sum_exactly((table.unmeasured.get(measure, Decimal(0)), seconds))
                continue
            for bucket, duration in enumerate(durations):
                if duration:
                    table.add(group, bucket, index, to_seconds(multiply_by_duration(factor, duration)))
    for _, measure in measures:
        table.units[measure] = "s" if measure == DURATION else f"{measure.removeprefix(ATTRIBUTE)}·s"


def _list_key_columns(query: SumQuery) -> list[str]:
    """Return the columns by which durations must be grouped in the database."""
    columns = [name for name in query.group_by if not name.startswith((ATTRIBUTE, TAG))]
    if any(name.startswith(ATTRIBUTE) for name in (*query.group_by, *query.measures)):
        columns.append("attributes")
    if any(name.startswith(TAG) for name in query.group_by):
        columns.append("tags")
    if _groups_by_name(query):
        columns += [name for name in ("cloud", "resource_type") if name not in columns]
    return columns


def _groups_by_name(query: SumQuery) -> bool:
    """Return True if groups may depend on names of volume types, images or flavors, which other messages have."""
    return any(name.removeprefix(ATTRIBUTE) in NAME_ATTRIBUTES for name in query.group_by)


def _iterate_durations(
    db: Connection, pinned: UsageFilter, query: SumQuery, key_columns: Sequence[str]
) -> Iterator[tuple[Key, list[int]]]:
    """Yield each distinct key with the duration of use in each bucket, in microseconds."""
    bounds = query.bounds
    if query.bucket is None:
        for key, duration in repository.sums.sum_durations(db, pinned, key_columns, bounds[0], bounds[-1]):
            yield key, [duration]
        return
    edges: dict[Key, tuple[dict[int, tuple[int, int]], dict[int, tuple[int, int]]]] = {}
    for side in (0, 1):
        rows = repository.sums.count_edges_by_bucket(db, pinned, key_columns, bounds, query.bucket, ends=side == 1)
        for key, bucket, count, offset in rows:
            edges.setdefault(key, ({}, {}))[side][bucket] = count, offset
    for key, (starts, ends) in edges.items():
        yield key, sum_durations_by_bucket(bounds, starts, ends)


def _add_samples(db: Connection, pinned: UsageFilter, table: _SumTable, index: int, measure: str) -> None:
    """Add the samples of the meter in `measure`."""
    query = table.query
    for series in repository.samples.iterate_series(db, pinned, measure.removeprefix(METER)):
        unit = f"{series.unit}·s" if series.kind == "gauge" else series.unit
        if table.units.setdefault(measure, unit) != unit:
            raise Invalid(
                f"{measure} has samples in {table.units[measure]} and in {unit}",
                hint="filter by cloud or resource type",
            )
        resource = {
            "resource_type": series.resource_type,
            "resource_id": series.resource_id,
            "cloud": series.cloud,
        }
        for contribution in iterate_contributions(series.kind, series.samples):
            if pinned.project_id in (None, contribution.project_id):
                values = {**resource, "project_id": contribution.project_id}
                group = _make_group(query.group_by, values, {}, series.tags)
                for bucket, amount in split_amounts_by_bucket(query.bounds, series.kind, contribution):
                    table.add(group, bucket, index, amount)


def _make_group(
    group_by: Sequence[str],
    values: Mapping[str, object],
    attributes: Mapping[str, object],
    tags: Mapping[str, str],
) -> Group:
    group: list[str | None] = []
    for name in group_by:
        value: object
        if name.startswith(ATTRIBUTE):
            value = attributes.get(name.removeprefix(ATTRIBUTE))
        elif name.startswith(TAG):
            value = tags.get(name.removeprefix(TAG))
        else:
            value = values.get(name)
        group.append(value if value is None or isinstance(value, str) else msgspec.json.encode(value).decode())
    return tuple(group)
