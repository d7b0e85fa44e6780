"""Long lists as CSV, Arrow or Parquet, in memory that does not grow with the number of rows."""

import io
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from anyio import to_thread
from litestar.response import Stream

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.endpoints.media_types import BINARY, TEXT, Schema
from stratiform.kit.clock import format_iso
from stratiform.kit.csv_files import CsvWriter
from stratiform.kit.errors import Invalid

if TYPE_CHECKING:  # importing it takes a second and 60 MiB, which an idle process should not pay
    import pyarrow as pa

Row = tuple[object, ...]
Rows = Sequence[Row]

#: Returns the next rows, none at the end.
NextRows = Callable[[], Rows]

#: Rows in one row group of a Parquet file.
_GROUP_ROWS = 50_000

#: Bytes of a Parquet file that are sent at once.
_BLOCK_BYTES = 1 << 18


class ColumnType(StrEnum):
    """The type of a column. Timestamps are microseconds in rows."""

    TEXT = "text"
    INTEGER = "integer"
    TIMESTAMP = "timestamp"


#: Column types by name, in order.
Columns = Mapping[str, ColumnType]


class TableFormat(StrEnum):
    """The media type of a response."""

    JSON = "application/json"
    CSV = "text/csv"
    ARROW = "application/vnd.apache.arrow.stream"
    PARQUET = "application/vnd.apache.parquet"


#: Schemas of the formats beside JSON.
TABLE_CONTENT: Mapping[str, Schema] = {
    TableFormat.CSV.value: TEXT,
    TableFormat.ARROW.value: BINARY,
    TableFormat.PARQUET.value: BINARY,
}


def choose_format(request: ApiRequest, name: str | None) -> TableFormat:
    """Return the format called `name`, else the first supported one of the Accept header, else JSON."""
    if name is not None:
        return TableFormat[name.upper()]
    accepted = [part.split(";")[0].strip().lower() for part in request.http.headers.get("accept", "").split(",")]
    return next((TableFormat(media_type) for media_type in accepted if media_type in {*TableFormat}), TableFormat.JSON)


def reject_paging_parameters(limit: int | None, marker: str | None) -> None:
    """Raises Invalid for paging parameters: tables are not paged."""
    if limit is not None or marker is not None:
        raise Invalid(
            "`limit` and `marker` apply to JSON only", hint="omit them: other formats contain the complete list"
        )


def stream_table(table_format: TableFormat, columns: Columns, next_rows: NextRows, name: str) -> Stream:
    """Return all rows as a file called `name`. An error after the first rows breaks the response off."""
    if table_format is TableFormat.PARQUET:
        blocks = _write_parquet(columns, next_rows)
    else:
        writer = _CsvTableWriter(columns) if table_format is TableFormat.CSV else _ArrowWriter(columns)
        blocks = _encode(writer, next_rows(), next_rows)
    disposition = f'attachment; filename="{name}.{table_format.name.lower()}"'
    return Stream(blocks, media_type=table_format.value, headers={"Content-Disposition": disposition})


async def _encode(writer: "_CsvTableWriter | _ArrowWriter", rows: Rows, next_rows: NextRows) -> AsyncIterator[bytes]:
    while rows:
        yield await to_thread.run_sync(writer.write, rows)
        rows = await to_thread.run_sync(next_rows)
    yield writer.end()


class _CsvTableWriter:
    """CSV with a header line; timestamps are ISO 8601, and null is empty."""

    def __init__(self, columns: Columns) -> None:
        self._timestamps = [index for index, column in enumerate(columns.values()) if column is ColumnType.TIMESTAMP]
        self._writer = CsvWriter(columns)

    def write(self, rows: Rows) -> bytes:
        self._writer.write(map(self._format, rows))
        return self._writer.take_bytes()

    def end(self) -> bytes:
        return self._writer.take_bytes()

    def _format(self, row: Row) -> list[object]:
        values = list(row)
        for index in self._timestamps:
            value = values[index]
            if isinstance(value, int):
                values[index] = format_iso(value)
        return values


class _ArrowWriter:
    """The streaming format of Arrow IPC."""

    def __init__(self, columns: Columns) -> None:
        import pyarrow as pa

        self._schema = _schema(columns)
        self._sink = io.BytesIO()
        self._writer = pa.ipc.new_stream(self._sink, self._schema)

    def write(self, rows: Rows) -> bytes:
        self._writer.write_batch(_batch(self._schema, rows))
        return self._flush()

    def end(self) -> bytes:
        self._writer.close()
        return self._flush()

    def _flush(self) -> bytes:
        data = self._sink.getvalue()
        self._sink.seek(0)
        self._sink.truncate()
        return data


def _write_parquet(columns: Columns, next_rows: NextRows) -> AsyncIterator[bytes]:
    """Write a Parquet file, whose index is at its end, to disk; return its content."""
    folder = TemporaryDirectory(prefix="stratiform-")
    file = Path(folder.name) / "rows.parquet"
    try:
        _write_parquet_file(file, columns, next_rows)
    except BaseException:
        folder.cleanup()
        raise
    return _read_blocks(folder, file)


def _write_parquet_file(file: Path, columns: Columns, next_rows: NextRows) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema(columns)
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for group in _row_groups(next_rows):
            writer.write_table(pa.Table.from_batches([_batch(schema, rows) for rows in group], schema))


def _row_groups(next_rows: NextRows) -> Iterator[list[Rows]]:
    group: list[Rows] = []
    count = 0
    while rows := next_rows():
        group.append(rows)
        count += len(rows)
        if count >= _GROUP_ROWS:
            yield group
            group, count = [], 0
    if group:
        yield group


async def _read_blocks(folder: "TemporaryDirectory[str]", file: Path) -> AsyncIterator[bytes]:
    with folder, file.open("rb") as source:
        while block := await to_thread.run_sync(source.read, _BLOCK_BYTES):
            yield block


def _schema(columns: Columns) -> "pa.Schema":
    import pyarrow as pa

    types = {
        ColumnType.TEXT: pa.string(),
        ColumnType.INTEGER: pa.int64(),
        ColumnType.TIMESTAMP: pa.timestamp("us", tz="UTC"),
    }
    return pa.schema([pa.field(name, types[column]) for name, column in columns.items()])


def _batch(schema: "pa.Schema", rows: Rows) -> "pa.RecordBatch":
    import pyarrow as pa

    columns = zip(*rows, strict=True)
    return pa.RecordBatch.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )
