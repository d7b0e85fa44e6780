"""Charge of segments in DuckDB over Arrow columns, equal to the result of engines/segment_engine.py.

Which price applies depends on few facts (type, cloud, state, flavor, …), so Python decides it once for each distinct
set of facts, with the code that the other engine uses. DuckDB multiplies, rounds and sums the rows as integers of up to
128 bits, whose overflow raises.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from stratiform.kit.clock import Micros
from stratiform.services.rating.engines.arrow_columns import (
    KEY,
    EncodedUsage,
    build_usage_table,
    get_number_column_name,
)
from stratiform.services.rating.errors import AmountOverflow
from stratiform.services.rating.model import (
    MAX_GAPS,
    QUANTITY_DIGITS,
    Charge,
    ChargeLine,
    ChargeLineKey,
    NumberField,
    Price,
    PriceDecision,
    PriceGap,
    PricePlan,
    UnpricedUsage,
    VersionSpan,
    build_unpriced_duration,
)

if TYPE_CHECKING:  # imported where needed: both take a second and 100 MiB, which an idle process should not spend
    import duckdb
    import pyarrow as pa

    #: A connection in which charges are computed, one after the other.
    Session = duckdb.DuckDBPyConnection

__all__ = ["build_usage_table", "open_session", "rate_segments", "rate_segments_to_table"]

#: Each segment with each price that applies to it, clipped to the period and cut where the version changes.
_PIECES = """
CREATE OR REPLACE TEMP TABLE pieces AS
SELECT key, price, {units} AS units,
       greatest(start, first) AS a, least(coalesce("end", last), last) AS b
FROM usage JOIN decision USING (facts)
WHERE price >= 0 AND greatest(start, first) < least(coalesce("end", last), last) AND {units} > 0
"""

#: The pieces of one resource with one price and one number of units. They are one single run (a `chain`) if and only if
#: their durations sum to the total and each boundary, except for the first and the last, occurs an even number of
#: times: with a gap or an overlap, one of the two conditions fails.
_GROUPS = """
CREATE OR REPLACE TEMP TABLE groups AS
SELECT key, price, units, min(a) AS a, max(b) AS b, sum(b - a)::BIGINT AS us,
       us = max(b) - min(a) AND bit_xor(xor(hash(a), hash(b))) = xor(hash(min(a)), hash(max(b))) AS chain
FROM pieces GROUP BY key, price, units
"""

#: All runs, with their durations. Only groups that are rounded and not a chain are examined piece by piece.
_RUNS = """
CREATE OR REPLACE TEMP TABLE runs AS
SELECT key, price, units, a, b, us FROM groups JOIN price USING (price) WHERE chain OR granularity = 1
UNION ALL
SELECT key, price, units, min(a), max(b), max(b) - min(a)
FROM (
    SELECT *, sum(starts::INTEGER) OVER (
        PARTITION BY key, price, units ORDER BY a, b ROWS UNBOUNDED PRECEDING
    ) AS run
    FROM (
        SELECT pieces.*, lag(pieces.b) OVER (
            PARTITION BY key, price, units ORDER BY pieces.a, pieces.b
        ) IS DISTINCT FROM pieces.a AS starts
        FROM pieces SEMI JOIN (
            SELECT key, price, units FROM groups JOIN price USING (price) WHERE NOT chain AND granularity > 1
        ) USING (key, price, units)
    )
)
GROUP BY key, price, units, run
"""

_LIMITS = {"memory_limit": "300MB"}

_HALF_DIGITS = 10 ** (QUANTITY_DIGITS // 2)

#: A long division in two steps of five digits, so that 64 bits are sufficient for all but the largest numbers.
_LINES = f"""
WITH sums AS (
    SELECT key, price, min(a) AS start, max(b) AS "end",
           sum(units::NUMBER * ((us + shift) // granularity * granularity))::NUMBER AS measured
    FROM runs JOIN price USING (price)
    GROUP BY key, price
),
integers AS (
    SELECT * REPLACE (divisor::NUMBER AS divisor),
           measured // divisor::NUMBER AS units, measured % divisor::NUMBER * {_HALF_DIGITS} AS rest
    FROM sums JOIN price USING (price) WHERE measured > 0
),
five_digits AS (
    SELECT * REPLACE (units * {_HALF_DIGITS} + rest // divisor AS units, rest % divisor * {_HALF_DIGITS} AS rest)
    FROM integers
),
ten_digits AS (
    SELECT * REPLACE (units * {_HALF_DIGITS} + rest // divisor AS units, rest % divisor * 2 AS rest) FROM five_digits
),
rounded AS (
    SELECT *, units + (rest > divisor OR (rest = divisor AND units % 2 = 1))::INTEGER AS quantity FROM ten_digits
)
SELECT key, price, measured, quantity, quantity::HUGEINT * amount AS amount, start, "end" FROM rounded
"""  # noqa: S608 - the text contains only constants

#: Pieces without a price.
_GAP_PIECES = """
SELECT key, decision, unpriced, greatest(start, first) AS a, least(coalesce("end", last), last) AS b
FROM usage JOIN decision USING (facts)
WHERE price < 0 AND greatest(start, first) < least(coalesce("end", last), last)
"""

_GAPS = f"SELECT * FROM ({_GAP_PIECES}) LIMIT {MAX_GAPS}"  # noqa: S608 - the text contains only constants

_UNPRICED = f"""
SELECT unpriced, count(DISTINCT key) AS resources, sum(b - a)::HUGEINT AS us FROM ({_GAP_PIECES}) GROUP BY unpriced
"""  # noqa: S608 - the text contains only constants


@contextmanager
def open_session(threads: int = 2) -> "Iterator[Session]":
    """Open a connection with limited memory; what exceeds it is written to a temporary directory."""
    import duckdb

    with TemporaryDirectory() as directory, duckdb.connect(config={**_LIMITS, "temp_directory": directory}) as db:
        db.execute(f"SET threads = {threads:d}")
        yield db


def rate_segments(usage: "pa.Table", plan: PricePlan, start: Micros, end: Micros, db: "Session") -> Charge:
    """Return the charge of `usage` in `[start, end)`, as `segment_engine.rate_segments` does. Raises: AmountOverflow"""
    lines, gaps, unpriced = _rate(usage, plan, start, end, db, " ORDER BY key, price")
    return Charge(tuple(_lines(lines)), gaps, unpriced)


def rate_segments_to_table(
    usage: "pa.Table", plan: PricePlan, start: Micros, end: Micros, db: "Session"
) -> "tuple[pa.Table, tuple[PriceGap, ...]]":
    """Return the lines, in any order, as columns named like the fields of ChargeLineKey and Line, and the gaps.

    For many lines, columns are far smaller than objects.
    """
    lines, gaps, _ = _rate(usage, plan, start, end, db, "")
    return lines, gaps


def _rate(
    usage: "pa.Table", plan: PricePlan, start: Micros, end: Micros, db: "Session", order: str
) -> "tuple[pa.Table, tuple[PriceGap, ...], tuple[UnpricedUsage, ...]]":
    import duckdb

    encoded = EncodedUsage(usage, plan.usage_fields)
    decisions = _Decisions(plan, encoded, start, end)
    try:
        db.register("usage", encoded.rows)
        db.register("decision", decisions.table())
        db.register("price", decisions.price_table())
        gaps, unpriced = decisions.unpriced(db)
        pieces = _PIECES.format(units=_units(plan.usage_fields.numbers))
        for statement in (pieces, _GROUPS, _RUNS, "DROP TABLE pieces", "DROP TABLE groups"):
            db.execute(statement)
        lines = decisions.with_names(_sum_lines(db, order))
        db.execute("DROP TABLE runs")
    except duckdb.Error as error:
        if not isinstance(error, duckdb.OutOfRangeException | duckdb.ConversionException):
            raise
        raise AmountOverflow from error
    finally:
        for name in ("usage", "decision", "price"):
            db.unregister(name)
    return lines, gaps, unpriced


def _units(numbers: tuple[NumberField, ...]) -> str:
    """Return the SQL expression of the number of units: the column that the price multiplies, or 1."""
    cases = " ".join(f"WHEN {index} THEN {get_number_column_name(index)}" for index in range(len(numbers)))
    return f"CASE number {cases} ELSE 1 END" if cases else "1"


def _sum_lines(db: "Session", order: str) -> "pa.Table":
    """Sum the lines with 64-bit integers, which is ten times as fast, or with 128 bits where those overflow."""
    import duckdb

    try:
        with_64_bits: pa.Table = db.sql(_LINES.replace("NUMBER", "BIGINT") + order).to_arrow_table()
    except (duckdb.OutOfRangeException, duckdb.ConversionException):
        with_128_bits: pa.Table = db.sql(_LINES.replace("NUMBER", "HUGEINT") + order).to_arrow_table()
        return with_128_bits
    else:
        return with_64_bits


class _Decisions:
    """The decisions of the plan for each distinct set of facts and each span."""

    def __init__(self, plan: PricePlan, encoded: EncodedUsage, start: Micros, end: Micros) -> None:
        self._encoded = encoded
        self._numbers = {field: index for index, field in enumerate(plan.usage_fields.numbers)}
        #: All prices of the valid versions, in the order of lines: version, index, price.
        self._prices: list[tuple[Micros, int, Price]] = []
        #: facts, first, last, number, price (-1: none), unpriced (-1: none) of each decision.
        self._rows: list[tuple[int, Micros, Micros, int, int, int]] = []
        self._decisions: list[PriceDecision] = []
        #: Resource types and measures without a price, with their indexes.
        self._unpriced: dict[tuple[str, str], int] = {}
        offsets: dict[Micros, int] = {}
        for span in plan.split_by_version(start, end):
            if span.version and span.version.valid_from not in offsets:
                offsets[span.version.valid_from] = len(self._prices)
                self._prices += [
                    (span.version.valid_from, index, each) for index, each in enumerate(span.version.prices)
                ]
            offset = offsets[span.version.valid_from] if span.version else 0
            for index, facts in enumerate(encoded.facts):
                for decision in plan.decide_segment_prices(span.version, facts):
                    self._add(span, offset, index, decision)

    def _add(self, span: VersionSpan, offset: int, facts: int, decision: PriceDecision) -> None:
        number, price, unpriced = -1, -1, -1
        if decision.price is None:
            key = (self._encoded.facts[facts].resource_type, decision.measure)
            unpriced = self._unpriced.setdefault(key, len(self._unpriced))
        else:
            price = offset + decision.price
            field = self._prices[price][2].measure.number_field
            number = -1 if field is None else self._numbers[field]
        self._rows.append((facts, span.start, span.end, number, price, unpriced))
        self._decisions.append(decision)

    def table(self) -> "pa.Table":
        import pyarrow as pa

        types = (pa.int32(), pa.int64(), pa.int64(), pa.int32(), pa.int32(), pa.int32())
        names = ("facts", "first", "last", "number", "price", "unpriced")
        columns = [pa.array([row[i] for row in self._rows], type_) for i, type_ in enumerate(types)]
        return pa.table(dict(zip(names, columns, strict=True))).add_column(
            0, "decision", pa.array(range(len(self._rows)), pa.int32())
        )

    def price_table(self) -> "pa.Table":
        import pyarrow as pa

        prices = [price for _, _, price in self._prices]
        columns = {
            "granularity": [price.granularity for price in prices],
            "shift": [_shift(price) for price in prices],
            "amount": [price.amount for price in prices],
        }
        numbers = {name: pa.array(values, pa.int64()) for name, values in columns.items()}
        divisors = pa.array([Decimal(price.divisor) for price in prices], pa.decimal128(38, 0))
        return pa.table({"price": pa.array(range(len(prices)), pa.int32()), "divisor": divisors, **numbers})

    def with_names(self, lines: "pa.Table") -> "pa.Table":
        """Return `lines` with the texts of their keys, and the version and the index of their prices."""
        import pyarrow as pa

        lines = lines.combine_chunks()
        names = self._encoded.decode_texts(lines["key"].combine_chunks())
        rows = lines["price"].combine_chunks()
        versions = pa.array([valid_from for valid_from, _, _ in self._prices], pa.int64()).take(rows)
        prices = pa.array([index for _, index, _ in self._prices], pa.int32()).take(rows)
        rest = {name: lines[name] for name in ("measured", "quantity", "amount", "start", "end")}
        return pa.table({**names, "valid_from": versions, "price": prices, **rest})

    def unpriced(self, db: "Session") -> tuple[tuple[PriceGap, ...], tuple[UnpricedUsage, ...]]:
        """Return the first gaps, and all usage without a price."""
        if not self._unpriced:
            return (), ()
        keys = list(self._unpriced)
        totals = []
        for index, resources, us in db.execute(_UNPRICED).fetchall():
            resource_type, measure = keys[int(index)]
            totals.append(build_unpriced_duration(resource_type, measure, resources, int(us)))
        return self._gaps(db.sql(_GAPS).to_arrow_table()), tuple(sorted(totals))

    def _gaps(self, rows: "pa.Table") -> tuple[PriceGap, ...]:
        columns = self._encoded.decode_texts(rows["key"].combine_chunks())
        names: dict[str, list[str]] = {name: column.to_pylist() for name, column in columns.items()}
        values = zip(*(rows[name].to_pylist() for name in ("decision", "a", "b")), strict=True)
        gaps = []
        for row, (index, first, last) in enumerate(values):
            decision = self._decisions[index]
            resource = (names["resource_type"][row], names["resource_id"][row], names["cloud"][row])
            gaps.append(PriceGap(*resource, decision.measure, first, last, decision.reason))
        return tuple(sorted(gaps))


def _shift(price: Price) -> int:
    """Return what is added to a duration before it is truncated to the granularity."""
    return {"up": price.granularity - 1, "nearest": price.granularity // 2}.get(price.rounding, 0)


def _lines(table_of_lines: "pa.Table") -> Iterator[ChargeLine]:
    names = (*KEY, "valid_from", "price", "measured", "quantity", "amount", "start", "end")
    columns: list[list[object]] = [table_of_lines[name].to_pylist() for name in names]
    for row in zip(*columns, strict=True):
        measured, quantity, amount, start, end = row[6:]
        yield ChargeLine(ChargeLineKey(*row[:6]), int(measured), int(quantity), int(amount), start, end)
