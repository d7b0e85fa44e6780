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
    RunKey,
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

#: Each segment with each price that applies to it, cut where the period starts and ends and where the version changes.
#: Before the period, `price` is -1.
_PIECES = """
CREATE OR REPLACE TEMP TABLE pieces AS
SELECT key, run, price, {units} AS units,
       greatest(start, first) AS a, least(coalesce("end", last), last) AS b
FROM usage JOIN decision USING (facts)
WHERE run >= 0 AND greatest(start, first) < least(coalesce("end", last), last) AND {units} > 0
"""

#: The pieces of one resource with one price and one number of units. They are one single run (a `chain`) if and only if
#: their durations sum to the total and each boundary, except for the first and the last, occurs an even number of
#: times: with a gap or an overlap, one of the two conditions fails.
_GROUPS = """
CREATE OR REPLACE TEMP TABLE groups AS
SELECT key, run, price, units, min(a) AS a, max(b) AS b, sum(b - a)::BIGINT AS us,
       us = max(b) - min(a) AND bit_xor(xor(hash(a), hash(b))) = xor(hash(min(a)), hash(max(b))) AS chain
FROM pieces GROUP BY key, run, price, units
"""

#: All runs at one price, with their durations. Groups that are rounded and not a chain are examined piece by piece.
_RUNS = """
CREATE OR REPLACE TEMP TABLE runs AS
SELECT key, run, price, units, a, b, us FROM groups JOIN rounding USING (run) WHERE chain OR granularity = 1
UNION ALL
SELECT key, run, price, units, min(a), max(b), max(b) - min(a)
FROM (
    SELECT *, sum(starts::INTEGER) OVER (
        PARTITION BY key, run, price, units ORDER BY a, b ROWS UNBOUNDED PRECEDING
    ) AS number
    FROM (
        SELECT pieces.*, lag(pieces.b) OVER (
            PARTITION BY key, run, price, units ORDER BY pieces.a, pieces.b
        ) IS DISTINCT FROM pieces.a AS starts
        FROM pieces SEMI JOIN (
            SELECT key, run, price, units FROM groups JOIN rounding USING (run) WHERE NOT chain AND granularity > 1
        ) USING (key, run, price, units)
    )
)
GROUP BY key, run, price, units, number
"""

#: The start of each run. Where a piece starts at a cut, the run may go on from another price: in history, or in an
#: earlier version.
_STARTED_RUNS = """
WITH cut_groups AS (
    SELECT DISTINCT key, run, units FROM runs JOIN rounding USING (run) WHERE granularity > 1 AND a IN ({cuts})
),
marked AS (
    SELECT *, lag(b) OVER (PARTITION BY key, run, units ORDER BY a, b) IS DISTINCT FROM a AS starts
    FROM runs SEMI JOIN cut_groups USING (key, run, units)
),
numbered AS (
    SELECT *, sum(starts::INTEGER) OVER (
        PARTITION BY key, run, units ORDER BY a, b ROWS UNBOUNDED PRECEDING
    ) AS number
    FROM marked
)
SELECT key, run, price, units, a, b, us, min(a) OVER (PARTITION BY key, run, units, number) AS run_start FROM numbered
UNION ALL
SELECT key, run, price, units, a, b, us, a AS run_start FROM runs ANTI JOIN cut_groups USING (key, run, units)
"""

#: The same, if no run can go on from one price to another.
_SEPARATE_RUNS = "SELECT *, a AS run_start FROM runs"

_LIMITS = {"memory_limit": "300MB"}

_HALF_DIGITS = 10 ** (QUANTITY_DIGITS // 2)

#: A long division in two steps of five digits, so that 64 bits are sufficient for all but the largest numbers.
_LINES = f"""
WITH measured_runs AS (
    SELECT *, CASE WHEN granularity = 1 THEN us
        ELSE (b - run_start + shift) // granularity * granularity - (a - run_start + shift) // granularity * granularity
    END AS rounded_us
    FROM (STARTED_RUNS) JOIN rounding USING (run) WHERE price >= 0
),
sums AS (
    SELECT key, price, min(a) AS start, max(b) AS "end", sum(units::NUMBER * rounded_us)::NUMBER AS measured
    FROM measured_runs GROUP BY key, price
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
WHERE run < 0 AND greatest(start, first) < least(coalesce("end", last), last)
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
        db.register("rounding", decisions.rounding_table())
        gaps, unpriced = decisions.unpriced(db)
        pieces = _PIECES.format(units=_units(plan.usage_fields.numbers))
        for statement in (pieces, _GROUPS, _RUNS, "DROP TABLE pieces", "DROP TABLE groups"):
            db.execute(statement)
        lines = decisions.with_names(_sum_lines(db, decisions.runs_query, order))
        db.execute("DROP TABLE runs")
    except duckdb.Error as error:
        if not isinstance(error, duckdb.OutOfRangeException | duckdb.ConversionException):
            raise
        raise AmountOverflow from error
    finally:
        for name in ("usage", "decision", "price", "rounding"):
            db.unregister(name)
    return lines, gaps, unpriced


def _units(numbers: tuple[NumberField, ...]) -> str:
    """Return the SQL expression of the number of units: the column that the price multiplies, or 1."""
    cases = " ".join(f"WHEN {index} THEN {get_number_column_name(index)}" for index in range(len(numbers)))
    return f"CASE number {cases} ELSE 1 END" if cases else "1"


def _sum_lines(db: "Session", runs_query: str, order: str) -> "pa.Table":
    """Sum the lines with 64-bit integers, which is ten times as fast, or with 128 bits where those overflow."""
    import duckdb

    lines = _LINES.replace("STARTED_RUNS", runs_query) + order
    try:
        with_64_bits: pa.Table = db.sql(lines.replace("NUMBER", "BIGINT")).to_arrow_table()
    except (duckdb.OutOfRangeException, duckdb.ConversionException):
        with_128_bits: pa.Table = db.sql(lines.replace("NUMBER", "HUGEINT")).to_arrow_table()
        return with_128_bits
    else:
        return with_64_bits


class _Decisions:
    """The decisions of the plan for each distinct set of facts and each span."""

    def __init__(self, plan: PricePlan, encoded: EncodedUsage, start: Micros, end: Micros) -> None:
        self._plan = plan
        self._encoded = encoded
        self._numbers = {field: index for index, field in enumerate(plan.usage_fields.numbers)}
        #: All prices of the valid versions, in the order of lines: version, index, price.
        self._prices: list[tuple[Micros, int, Price]] = []
        #: facts, first, last, number, run (-1: unpriced), price (-1: history or unpriced), unpriced (-1: none).
        self._rows: list[tuple[int, Micros, Micros, int, int, int, int]] = []
        self._decisions: list[PriceDecision] = []
        #: The index of each key of runs.
        self._runs: dict[RunKey, int] = {}
        #: Resource types and measures without a price, with their indexes.
        self._unpriced: dict[tuple[str, str], int] = {}
        self._offsets: dict[Micros, int] = {}
        history, spans = plan.split_history(start), plan.split_by_version(start, end)
        for span in history:
            self._add_span(span, is_history=True)
        for span in spans:
            self._add_span(span, is_history=False)
        cuts = [span.start for span in (*history, *spans)][1:] if plan.rounded_types else []
        self.runs_query = _STARTED_RUNS.format(cuts=", ".join(map(str, cuts))) if cuts else _SEPARATE_RUNS

    def _add_span(self, span: VersionSpan, *, is_history: bool) -> None:
        if span.version and not is_history and span.version.valid_from not in self._offsets:
            self._offsets[span.version.valid_from] = len(self._prices)
            self._prices += [(span.version.valid_from, index, each) for index, each in enumerate(span.version.prices)]
        for index, facts in enumerate(self._encoded.facts):
            for decision in self._plan.decide_segment_prices(span.version, facts):
                if decision.price is None or span.version is None:
                    if not is_history:
                        self._add_unpriced(span, index, decision)
                    continue
                price = span.version.prices[decision.price]
                if not is_history:
                    self._add_price(
                        span, index, decision, price, self._offsets[span.version.valid_from] + decision.price
                    )
                elif price.rounds_durations:
                    self._add_price(span, index, decision, price, -1)

    def _add_unpriced(self, span: VersionSpan, facts: int, decision: PriceDecision) -> None:
        key = (self._encoded.facts[facts].resource_type, decision.measure)
        unpriced = self._unpriced.setdefault(key, len(self._unpriced))
        self._rows.append((facts, span.start, span.end, -1, -1, -1, unpriced))
        self._decisions.append(decision)

    def _add_price(self, span: VersionSpan, facts: int, decision: PriceDecision, price: Price, index: int) -> None:
        run = self._runs.setdefault(price.run_key, len(self._runs))
        field = price.measure.number_field
        number = -1 if field is None else self._numbers[field]
        self._rows.append((facts, span.start, span.end, number, run, index, -1))
        self._decisions.append(decision)

    def table(self) -> "pa.Table":
        import pyarrow as pa

        types = (pa.int32(), pa.int64(), pa.int64(), pa.int32(), pa.int32(), pa.int32(), pa.int32())
        names = ("facts", "first", "last", "number", "run", "price", "unpriced")
        columns = [pa.array([row[i] for row in self._rows], type_) for i, type_ in enumerate(types)]
        return pa.table(dict(zip(names, columns, strict=True))).add_column(
            0, "decision", pa.array(range(len(self._rows)), pa.int32())
        )

    def price_table(self) -> "pa.Table":
        import pyarrow as pa

        prices = [price for _, _, price in self._prices]
        divisors = pa.array([Decimal(price.divisor) for price in prices], pa.decimal128(38, 0))
        amounts = pa.array([price.amount for price in prices], pa.int64())
        return pa.table({"price": pa.array(range(len(prices)), pa.int32()), "divisor": divisors, "amount": amounts})

    def rounding_table(self) -> "pa.Table":
        """Return the granularity of each kind of run, and what is added to a duration before it is truncated to it."""
        import pyarrow as pa

        granularities = pa.array([key.granularity for key in self._runs], pa.int64())
        shifts = pa.array([_shift(key) for key in self._runs], pa.int64())
        runs = pa.array(range(len(self._runs)), pa.int32())
        return pa.table({"run": runs, "granularity": granularities, "shift": shifts})

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


def _shift(key: RunKey) -> int:
    return {"up": key.granularity - 1, "nearest": key.granularity // 2}.get(key.rounding, 0)


def _lines(table_of_lines: "pa.Table") -> Iterator[ChargeLine]:
    names = (*KEY, "valid_from", "price", "measured", "quantity", "amount", "start", "end")
    columns: list[list[object]] = [table_of_lines[name].to_pylist() for name in names]
    for row in zip(*columns, strict=True):
        measured, quantity, amount, start, end = row[6:]
        yield ChargeLine(ChargeLineKey(*row[:6]), int(measured), int(quantity), int(amount), start, end)
