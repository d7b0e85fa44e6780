"""Sums over segments. The database adds microseconds for each distinct key; keys are decoded once each."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, case, func, literal, select, type_coerce

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.database import Connection
from stratiform.services.ledger.model import UsageFilter
from stratiform.services.ledger.model.sums import BUCKET_WIDTHS, Bucket
from stratiform.services.ledger.repository import name_history
from stratiform.services.ledger.repository.column_types import AnyColumn, AnyRow
from stratiform.services.ledger.repository.segment_queries import build_filter_conditions, build_validity_conditions
from stratiform.services.ledger.tables import resource_table, segment_table

_s, _r = segment_table.c, resource_table.c

_BUCKET_START = "bucket_start"

#: The precedence of a division in SQLAlchemy is that of a multiplication.
_MULTIPLICATION_PRECEDENCE = 8

#: A distinct combination of values of key columns.
Key = tuple[Any, ...]

#: Key columns by name. Attributes and tags are the texts that are stored.
_KEY_COLUMNS: dict[str, AnyColumn] = {
    "project_id": _s.project_id,
    "resource_type": _s.resource_type,
    "resource_id": _s.resource_id,
    "cloud": _s.cloud,
    "state": _s.state,
    "attributes": type_coerce(_s.attributes, Text),
}


def sum_durations(
    db: Connection, usage_filter: UsageFilter, key: Sequence[str], start: Micros, end: Micros
) -> Iterator[tuple[Key, int]]:
    """Yield each distinct key with the duration of use in `[start, end)`."""
    duration = _clip_end(end) - _clip_start(start)
    for *values, seconds, micros in _select_grouped(db, usage_filter, key, [], duration):
        yield tuple(values), _combine(seconds, micros)


def count_edges_by_bucket(
    db: Connection,
    usage_filter: UsageFilter,
    key: Sequence[str],
    bounds: Sequence[Micros],
    bucket: Bucket,
    *,
    ends: bool,
) -> Iterator[tuple[Key, int, int, int]]:
    """Yield each distinct key and bucket with the number of segments that start (or end) in it.

    The last value is the sum of the distances of these instants from the start of the period.
    """
    at = _clip_end(bounds[-1]) if ends else _clip_start(bounds[0])
    indexes = {start: index for index, start in enumerate(bounds)}
    bucket_start = _find_bucket_start(at, bounds) if bucket == "month" else at - at % BUCKET_WIDTHS[bucket]
    columns = [bucket_start.label(_BUCKET_START), func.count()]
    offset = at - literal(bounds[0], BigInteger)
    for *values, start, count, seconds, micros in _select_grouped(db, usage_filter, key, columns, offset):
        yield tuple(values), indexes.get(int(start), 0), count, _combine(seconds, micros)


def _find_bucket_start(at: ColumnElement[int], bounds: Sequence[Micros]) -> ColumnElement[int]:
    """Return the last of `bounds` that is not after `at`, by bisection: months have different lengths."""
    if len(bounds) == 1:
        return literal(bounds[0], BigInteger)
    half = len(bounds) // 2
    is_later = at >= literal(bounds[half], BigInteger)
    return case((is_later, _find_bucket_start(at, bounds[half:])), else_=_find_bucket_start(at, bounds[:half]))


def _select_grouped(
    db: Connection,
    usage_filter: UsageFilter,
    key: Sequence[str],
    columns: Sequence[AnyColumn],
    summed: ColumnElement[int],
) -> Iterable[AnyRow]:
    """Select the key, `columns`, and the sum in two parts, grouped by key and bucket if there is one."""
    tags = type_coerce(name_history.build_tags_expression(name_history.simplify_position(db, usage_filter.as_of)), Text)
    keys = [(tags if name == "tags" else _KEY_COLUMNS[name]).label(f"key_{name}") for name in key]
    source = segment_table.join(resource_table, _r.id == _s.resource) if "tags" in key else segment_table
    query = select(*keys, *columns, *_exact_sum(db, summed)).select_from(source)
    query = query.where(*build_filter_conditions(usage_filter), *build_validity_conditions(usage_filter.as_of))
    return db.execute(query.group_by(*[column.name for column in keys], *([_BUCKET_START] if columns else [])))


def _exact_sum(db: Connection, summed: ColumnElement[int]) -> Sequence[AnyColumn]:
    """Return the sum as seconds and microseconds. SQLite's 64-bit sums would overflow, so both are summed apart."""
    if db.dialect.name != "sqlite":
        return literal(0), func.sum(summed)
    return func.sum(summed.op("/", precedence=_MULTIPLICATION_PRECEDENCE)(SECOND_US)), func.sum(summed % SECOND_US)


def _combine(seconds: int | None, micros: int | None) -> int:
    """Return the sum of `_exact_sum` in microseconds; drivers have numeric types of their own."""
    return int(seconds or 0) * SECOND_US + int(micros or 0)


def _clip_start(start: Micros) -> ColumnElement[int]:
    bound = literal(start, BigInteger)
    return case((_s.start_at < bound, bound), else_=_s.start_at)


def _clip_end(end: Micros) -> ColumnElement[int]:
    bound = literal(end, BigInteger)
    return case((_s.end_at < bound, _s.end_at), else_=bound)
