"""Sums over segments. The database adds up whole microseconds for each set of facts that occurs; what these facts
are is read out of their texts once for each."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, case, func, literal, select, type_coerce

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.db import Connection
from stratiform.services.ledger.model import UsageFilter
from stratiform.services.ledger.model.sums import WIDTHS, Bucket
from stratiform.services.ledger.repository import name_history
from stratiform.services.ledger.repository.segments import asked, known
from stratiform.services.ledger.tables import resource_table, segment_table

_s, _r = segment_table.c, resource_table.c

_FLOORED = "floored"

#: A division binds as a product does.
_OF_TIMES = 8

#: Names of facts → columns. Attributes and tags are the texts that they are stored as.
_FACTS: dict[str, ColumnElement[Any]] = {
    "project_id": _s.project_id,
    "resource_type": _s.resource_type,
    "resource_id": _s.resource_id,
    "cloud": _s.cloud,
    "state": _s.state,
    "attributes": type_coerce(_s.attributes, Text),
}


def durations(
    db: Connection, wanted: UsageFilter, facts: Sequence[str], start: Micros, end: Micros
) -> Iterator[tuple[tuple[Any, ...], int]]:
    """For each set of `facts`: for how long there was use with them in `[start, end)`."""
    length = _until(end) - _since(start)
    for *key, whole, rest in _grouped(db, wanted, facts, [], length):
        yield tuple(key), _put_together(whole, rest)


def edges(
    db: Connection,
    wanted: UsageFilter,
    facts: Sequence[str],
    bounds: Sequence[Micros],
    bucket: Bucket,
    *,
    ends: bool,
) -> Iterator[tuple[tuple[Any, ...], int, int, int]]:
    """For each set of `facts` and each bucket: the bucket's number, how many segments start (or end) in it, and the
    sum of the distances of these instants from the beginning of the period."""
    at = _until(bounds[-1]) if ends else _since(bounds[0])
    places = {floor: place for place, floor in enumerate(bounds)}
    floor = _floor(at, bounds) if bucket == "month" else at - at % WIDTHS[bucket]
    more = [floor.label(_FLOORED), func.count()]
    for *key, floored, count, whole, rest in _grouped(db, wanted, facts, more, at - literal(bounds[0], BigInteger)):
        yield tuple(key), places.get(int(floored), 0), count, _put_together(whole, rest)


def _floor(at: ColumnElement[int], bounds: Sequence[Micros]) -> ColumnElement[int]:
    """The last of `bounds` that isn't after `at`, found by halves: months are of no equal length."""
    if len(bounds) == 1:
        return literal(bounds[0], BigInteger)
    half = len(bounds) // 2
    later = at >= literal(bounds[half], BigInteger)
    return case((later, _floor(at, bounds[half:])), else_=_floor(at, bounds[:half]))


def _grouped(
    db: Connection,
    wanted: UsageFilter,
    facts: Sequence[str],
    more: Sequence[ColumnElement[Any]],
    summed: ColumnElement[int],
) -> Any:
    """Facts, `more`, and the sum in two parts: for each set of facts, and each beginning of a bucket if it is there."""
    tags = type_coerce(name_history.tags(name_history.needed(db, wanted.as_of)), Text)
    keys = [(tags if name == "tags" else _FACTS[name]).label(f"told_{name}") for name in facts]
    source = segment_table.join(resource_table, _r.id == _s.resource) if "tags" in facts else segment_table
    query = (
        select(*keys, *more, *_exact_sum(db, summed)).select_from(source).where(*asked(wanted), *known(wanted.as_of))
    )
    return db.execute(query.group_by(*[key.name for key in keys], *([_FLOORED] if more else [])))


def _exact_sum(db: Connection, summed: ColumnElement[int]) -> Sequence[ColumnElement[Any]]:
    """SQLite adds with 64 bits and refuses what is more: whole seconds and the rest fit."""
    if db.dialect.name != "sqlite":
        return literal(0), func.sum(summed)
    return func.sum(summed.op("/", precedence=_OF_TIMES)(SECOND_US)), func.sum(summed % SECOND_US)


def _put_together(whole: Any, rest: Any) -> int:
    """The sum that `_exact_sum` gave, as the dialect's own numbers."""
    return int(whole or 0) * SECOND_US + int(rest or 0)


def _since(start: Micros) -> ColumnElement[int]:
    begin = literal(start, BigInteger)
    return case((_s.start_at < begin, begin), else_=_s.start_at)


def _until(end: Micros) -> ColumnElement[int]:
    last = literal(end, BigInteger)
    return case((_s.end_at < last, _s.end_at), else_=last)
