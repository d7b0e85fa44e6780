"""Answers for programs that read many rows: CSV, Arrow and Parquet, in memory that doesn't grow with their number."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

from anyio import to_thread
from litestar.params import Parameter
from litestar.response import Stream

from stratiform.interfaces.rest.description import OCTETS, TEXT, Shape
from stratiform.interfaces.services import Request
from stratiform.kit.clock import iso
from stratiform.kit.errors import Invalid

if TYPE_CHECKING:  # it takes a second and 60 MiB, which an idle process must not pay
    import pyarrow as pa

Rows = Sequence[tuple[Any, ...]]

#: Gives the rows that follow, none at the end.
Next = Callable[[], Rows]

#: So many rows are one group of a Parquet file.
_GROUP_ROWS = 50_000

_SENT_AT_ONCE = 1 << 18


class Kind(StrEnum):
    """What a column holds; a time is microseconds inside."""

    text = "text"
    whole = "whole"
    time = "time"


#: Names → kinds, in order.
Columns = dict[str, Kind]


class Format(StrEnum):
    """How an answer is written."""

    json = "application/json"
    csv = "text/csv"
    arrow = "application/vnd.apache.arrow.stream"
    parquet = "application/vnd.apache.parquet"


#: What a table is answered as, beside JSON.
TABLES: dict[str, Shape] = {Format.csv.value: TEXT, Format.arrow.value: OCTETS, Format.parquet.value: OCTETS}

FormatAsked = Annotated[str | None, Parameter(query="format", description="json, csv …; else it goes by Accept.")]


def format_of(request: Request, asked: str | None) -> Format:
    """As `asked`, else the first of Accept that there is, else JSON. Raises Invalid."""
    if asked:
        if asked in Format.__members__:
            return Format[asked]
        raise Invalid(f"`format` is '{asked}', and none of {', '.join(one.name for one in Format)}")
    wanted = [part.split(";")[0].strip().lower() for part in request.headers.get("accept", "").split(",")]
    return next((Format(one) for one in wanted if one in {*Format}), Format.json)


async def streamed(form: Format, columns: Columns, following: Next, name: str) -> Stream:
    """All rows that `following` gives, as a file called `name`. What fails before the first is told as ever; what
    fails later breaks the answer off."""
    if form is Format.parquet:
        pieces = await _parquet(columns, following)
    else:
        first = await to_thread.run_sync(following)
        pieces = _pieces(_Csv(columns) if form is Format.csv else _Arrow(columns), first, following)
    disposition = f'attachment; filename="{name}.{form.name}"'
    return Stream(pieces, media_type=form.value, headers={"Content-Disposition": disposition})


async def _pieces(writer: "_Csv | _Arrow", rows: Rows, following: Next) -> AsyncIterator[bytes]:
    while rows:
        yield await to_thread.run_sync(writer.write, rows)
        rows = await to_thread.run_sync(following)
    yield writer.end()


class _Csv:
    """RFC 4180: a line of names first, times as ISO 8601, nothing where there is no value."""

    def __init__(self, columns: Columns) -> None:
        self._times = [place for place, kind in enumerate(columns.values()) if kind is Kind.time]
        self._text = io.StringIO()
        self._writer = csv.writer(self._text)
        self._writer.writerow(columns)

    def write(self, rows: Rows) -> bytes:
        self._writer.writerows(map(self._told, rows))
        return self._taken()

    def end(self) -> bytes:
        return self._taken()

    def _told(self, row: tuple[Any, ...]) -> list[Any]:
        told = list(row)
        for place in self._times:
            if told[place] is not None:
                told[place] = iso(told[place])
        return told

    def _taken(self) -> bytes:
        text = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        return text.encode()


class _Arrow:
    """The stream format of Arrow's IPC."""

    def __init__(self, columns: Columns) -> None:
        import pyarrow as pa

        self._schema = _schema(columns)
        self._sink = io.BytesIO()
        self._writer = pa.ipc.new_stream(self._sink, self._schema)

    def write(self, rows: Rows) -> bytes:
        self._writer.write_batch(_batch(self._schema, rows))
        return self._taken()

    def end(self) -> bytes:
        self._writer.close()
        return self._taken()

    def _taken(self) -> bytes:
        taken = self._sink.getvalue()
        self._sink.seek(0)
        self._sink.truncate()
        return taken


async def _parquet(columns: Columns, following: Next) -> AsyncIterator[bytes]:
    """A Parquet file says at its end where everything is, so it is written to the disk first."""
    folder = TemporaryDirectory(prefix="stratiform-")
    file = Path(folder.name) / "rows.parquet"
    try:
        await to_thread.run_sync(_write_parquet, file, columns, following)
    except BaseException:
        folder.cleanup()
        raise
    return _sent(folder, file)


def _write_parquet(file: Path, columns: Columns, following: Next) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema(columns)
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for group in _groups(following):
            writer.write_table(pa.Table.from_batches([_batch(schema, rows) for rows in group], schema))


def _groups(following: Next) -> Iterator[list[Rows]]:
    held: list[Rows] = []
    count = 0
    while rows := following():
        held.append(rows)
        count += len(rows)
        if count >= _GROUP_ROWS:
            yield held
            held, count = [], 0
    if held:
        yield held


async def _sent(folder: "TemporaryDirectory[str]", file: Path) -> AsyncIterator[bytes]:
    with folder, file.open("rb") as source:
        while piece := await to_thread.run_sync(source.read, _SENT_AT_ONCE):
            yield piece


def _schema(columns: Columns) -> "pa.Schema":
    import pyarrow as pa

    types = {Kind.text: pa.string(), Kind.whole: pa.int64(), Kind.time: pa.timestamp("us", tz="UTC")}
    return pa.schema([pa.field(name, types[kind]) for name, kind in columns.items()])


def _batch(schema: "pa.Schema", rows: Rows) -> "pa.RecordBatch":
    import pyarrow as pa

    columns = zip(*rows, strict=True)
    return pa.RecordBatch.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )
