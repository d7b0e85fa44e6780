"""The fast engine: the same charge as charge.py, by DuckDB over Arrow.

Which price answers depends on few facts (type, cloud, state, flavor …), so Python decides it once for each
set of facts that occurs, with the same code as charge.py; DuckDB multiplies, rounds and sums the rows in
whole numbers of 128 bits, which raise where they would overflow.
"""

from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from stratiform.kit.clock import Micros
from stratiform.services.rating.columns import KEY, Coded, schema, table
from stratiform.services.rating.errors import Uncountable
from stratiform.services.rating.model import (
    MAX_GAPS,
    MEASURED,
    METERS,
    QUANTITY_DIGITS,
    Charge,
    Gap,
    Line,
    LineKey,
    Plan,
    Price,
)

if TYPE_CHECKING:  # both take a second and 100 MiB, which an idle process must not pay
    import duckdb
    import pyarrow as pa

__all__ = ["price_table", "rate", "schema", "table"]

_PARTS = f"""CASE measured {" ".join(f"WHEN '{name}' THEN {name}" for name in MEASURED)} ELSE 1 END"""

#: Every segment at every price it has to pay, clipped to the period and cut where the version changes.
_PIECES = f"""
CREATE TEMP TABLE pieces AS
SELECT key, price, {_PARTS} AS parts,
       greatest(start, first) AS a, least(coalesce("end", last), last) AS b
FROM usage JOIN ruling USING (facts)
WHERE ruling.price >= 0 AND greatest(start, first) < least(coalesce("end", last), last) AND {_PARTS} > 0
"""  # noqa: S608 - our own names

#: What one resource used at one price in one size. It is a `chain`, one single run, if and only if its pieces'
#: lengths sum to the whole and every point where one of them begins or ends, but for the first and the last, is
#: there an even number of times: were there a gap or an overlap, one of the two could not be.
_GROUPS = """
CREATE TEMP TABLE groups AS
SELECT key, price, parts, min(a) AS a, max(b) AS b, sum(b - a)::BIGINT AS us,
       us = max(b) - min(a) AND bit_xor(xor(hash(a), hash(b))) = xor(hash(min(a)), hash(max(b))) AS chain
FROM pieces GROUP BY key, price, parts
"""

#: The runs of all, with their time. Only what is rounded and no chain has to be looked at piece by piece.
_RUNS = """
CREATE TEMP TABLE runs AS
SELECT key, price, parts, a, b, us FROM groups JOIN price USING (price) WHERE chain OR granularity = 1
UNION ALL
SELECT key, price, parts, min(a), max(b), max(b) - min(a)
FROM (
    SELECT *, sum(begins::INTEGER) OVER (
        PARTITION BY key, price, parts ORDER BY a, b ROWS UNBOUNDED PRECEDING
    ) AS run
    FROM (
        SELECT pieces.*, lag(pieces.b) OVER (
            PARTITION BY key, price, parts ORDER BY pieces.a, pieces.b
        ) IS DISTINCT FROM pieces.a AS begins
        FROM pieces SEMI JOIN (
            SELECT key, price, parts FROM groups JOIN price USING (price) WHERE NOT chain AND granularity > 1
        ) USING (key, price, parts)
    )
)
GROUP BY key, price, parts, run
"""

_LIMITS = {"memory_limit": "300MB"}

_HALF = 10 ** (QUANTITY_DIGITS // 2)

#: A long division in two steps of five digits, so that 64 bits do for all but the largest.
_LINES = f"""
WITH sums AS (
    SELECT key, price, min(a) AS start, max(b) AS "end",
           sum(parts::NUMBER * ((us + shift) // granularity * granularity))::NUMBER AS billed
    FROM runs JOIN price USING (price)
    GROUP BY key, price
),
ones AS (
    SELECT *, billed // divisor AS units, billed % divisor * {_HALF} AS rest
    FROM sums JOIN price USING (price) WHERE billed > 0
),
fives AS (SELECT * REPLACE (units * {_HALF} + rest // divisor AS units, rest % divisor * {_HALF} AS rest) FROM ones),
tens AS (SELECT * REPLACE (units * {_HALF} + rest // divisor AS units, rest % divisor * 2 AS rest) FROM fives),
rounded AS (
    SELECT *, units + (rest > divisor OR (rest = divisor AND units % 2 = 1))::INTEGER AS quantity FROM tens
)
SELECT key, price, billed, quantity, quantity::HUGEINT * amount AS amount, start, "end" FROM rounded
"""  # noqa: S608 - our own numbers

_GAPS = f"""
SELECT key, ruling, greatest(start, first) AS a, least(coalesce("end", last), last) AS b
FROM usage JOIN ruling USING (facts)
WHERE price < 0 AND greatest(start, first) < least(coalesce("end", last), last)
LIMIT {MAX_GAPS}
"""  # noqa: S608 - our own number


def rate(usage: "pa.Table", plan: Plan, start: Micros, end: Micros, *, threads: int = 2) -> Charge:
    """As charge.rate, over columns. Raises Uncountable."""
    priced, gaps = _priced(usage, plan, start, end, threads, " ORDER BY key, price")
    return Charge(tuple(_lines(priced)), tuple(gaps))


def price_table(
    usage: "pa.Table", plan: Plan, start: Micros, end: Micros, *, threads: int = 2
) -> "tuple[pa.Table, list[Gap]]":
    """The lines, in any order, in columns named as the fields of LineKey and Line, which for many is far smaller;
    and the gaps."""
    return _priced(usage, plan, start, end, threads, "")


def _priced(
    usage: "pa.Table", plan: Plan, start: Micros, end: Micros, threads: int, order: str
) -> "tuple[pa.Table, list[Gap]]":
    import duckdb

    coded = Coded(usage)
    rulings = _Rulings(plan, coded, start, end)
    try:
        # What doesn't fit into the memory goes to a folder of its own, never to where the program was started.
        with TemporaryDirectory() as folder, duckdb.connect(config={**_LIMITS, "temp_directory": folder}) as db:
            db.execute(f"SET threads = {threads:d}")
            db.register("usage", coded.rows)
            db.register("ruling", rulings.table())
            db.register("price", rulings.price_table())
            gaps = [] if plan.unpriced == "free" else rulings.gaps(db.sql(_GAPS).to_arrow_table())
            for statement in (_PIECES, _GROUPS, _RUNS, "DROP TABLE pieces", "DROP TABLE groups"):
                db.execute(statement)
            return rulings.named(_summed(db, order)), gaps
    except duckdb.Error as error:
        if not isinstance(error, duckdb.OutOfRangeException | duckdb.ConversionException):
            raise
        raise Uncountable from error


def _summed(db: "duckdb.DuckDBPyConnection", order: str) -> "pa.Table":
    """The lines, counted with 64 bits, which is ten times quicker, or with 128 where those would not do."""
    import duckdb

    try:
        quick: pa.Table = db.sql(_LINES.replace("NUMBER", "BIGINT") + order).to_arrow_table()
    except (duckdb.OutOfRangeException, duckdb.ConversionException):
        large: pa.Table = db.sql(_LINES.replace("NUMBER", "HUGEINT") + order).to_arrow_table()
        return large
    else:
        return quick


class _Rulings:
    """For each set of facts and each span: which prices answer, or why none does."""

    def __init__(self, plan: Plan, coded: Coded, start: Micros, end: Micros) -> None:
        self._coded = coded
        #: Every price of the versions in force, in the order of lines.
        self._prices: list[tuple[Micros, int, Price]] = []
        #: facts, first, last, measured attribute, price (-1: none) of each.
        self._rows: list[tuple[int, Micros, Micros, str, int]] = []
        #: By place in `_rows`, the meter and the reason where there is no price.
        self._reasons: dict[int, tuple[str, str]] = {}
        places: dict[Micros, int] = {}
        for span in plan.spans(start, end):
            if span.version and span.version.valid_from not in places:
                places[span.version.valid_from] = len(self._prices)
                self._prices += [(span.version.valid_from, i, price) for i, price in enumerate(span.version.prices)]
            for i, facts in enumerate(coded.facts):
                for meter, verdict in plan.verdicts(span.version, facts):
                    attribute = METERS[meter].attribute if meter else ""
                    place = -1
                    if isinstance(verdict, int) and span.version:
                        place = places[span.version.valid_from] + verdict
                    else:
                        self._reasons[len(self._rows)] = meter, str(verdict)
                    self._rows.append((i, span.start, span.end, attribute, place))

    def table(self) -> "pa.Table":
        import pyarrow as pa

        kinds = (pa.int32(), pa.int64(), pa.int64(), pa.string(), pa.int32())
        names = ("facts", "first", "last", "measured", "price")
        columns = [pa.array([row[i] for row in self._rows], kind) for i, kind in enumerate(kinds)]
        return pa.table(dict(zip(names, columns, strict=True))).add_column(
            0, "ruling", pa.array(range(len(self._rows)), pa.int32())
        )

    def price_table(self) -> "pa.Table":
        import pyarrow as pa

        prices = [price for _, _, price in self._prices]
        columns = {
            "granularity": [price.granularity for price in prices],
            "shift": [_shift(price) for price in prices],
            "divisor": [price.divisor for price in prices],
            "amount": [price.amount for price in prices],
        }
        numbers = {name: pa.array(values, pa.int64()) for name, values in columns.items()}
        return pa.table({"price": pa.array(range(len(prices)), pa.int32()), **numbers})

    def named(self, priced: "pa.Table") -> "pa.Table":
        """`priced` with the texts of its keys, the version and the place of its prices."""
        import pyarrow as pa

        priced = priced.combine_chunks()
        names = self._coded.names(priced["key"].combine_chunks())
        places = priced["price"].combine_chunks()
        versions = pa.array([valid_from for valid_from, _, _ in self._prices], pa.int64()).take(places)
        prices = pa.array([i for _, i, _ in self._prices], pa.int32()).take(places)
        rest = {name: priced[name] for name in ("billed", "quantity", "amount", "start", "end")}
        return pa.table({**names, "valid_from": versions, "price": prices, **rest})

    def gaps(self, found: "pa.Table") -> list[Gap]:
        names: dict[str, list[str]] = {
            name: column.to_pylist() for name, column in self._coded.names(found["key"].combine_chunks()).items()
        }
        rows = zip(*(found[name].to_pylist() for name in ("ruling", "a", "b")), strict=True)
        return sorted(
            Gap(
                names["resource_type"][i],
                names["resource_id"][i],
                names["cloud"][i],
                self._reasons[ruling][0],
                first,
                last,
                self._reasons[ruling][1],
            )
            for i, (ruling, first, last) in enumerate(rows)
        )


def _shift(price: Price) -> int:
    """What is added to a time before it is cut to the granularity."""
    return {"up": price.granularity - 1, "nearest": price.granularity // 2}.get(price.rounding, 0)


def _lines(priced: "pa.Table") -> Iterator[Line]:
    names = (*KEY, "valid_from", "price", "billed", "quantity", "amount", "start", "end")
    columns: list[list[Any]] = [priced[name].to_pylist() for name in names]
    for row in zip(*columns, strict=True):
        billed, quantity, amount, start, end = row[6:]
        yield Line(LineKey(*row[:6]), int(billed), int(quantity), int(amount), start, end)
