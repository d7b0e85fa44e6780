"""Rows that many requests list, as objects that these requests share."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import Column, ColumnElement, Text, select, type_coerce

from stratiform.kit.database import Connection, Json, RowDataclass, TableGateway

#: Number of records at which all are forgotten.
_MAX_RECORDS = 2_000

T = TypeVar("T", bound=RowDataclass)


class SharedRecords(Generic[T]):
    """Lists rows like a gateway, but equal rows are the same object, which is built once.

    Several threads use the objects at the same time, so do not modify what is in them.
    """

    def __init__(self, gateway: TableGateway[T]) -> None:
        self.table = gateway.table
        self.key = gateway.key
        self._build_record = gateway.build_record
        self._select = select(*(_as_stored(column) for column in gateway.columns))
        self._documents = [i for i, column in enumerate(gateway.columns) if isinstance(column.type, Json)]
        self._records: dict[tuple[Any, ...], T] = {}

    def list_all(
        self, db: Connection, *where: ColumnElement[bool], order: Sequence[Any], limit: int | None = None
    ) -> list[T]:
        rows = db.execute(self._select.where(*where).order_by(*order).limit(limit)).all()
        return [self._records.get(row) or self._build(row) for row in map(tuple, rows)]

    def _build(self, row: tuple[Any, ...]) -> T:
        values = list(row)
        for i in self._documents:
            values[i] = None if row[i] is None else msgspec.json.decode(row[i])
        record = self._build_record(*values)
        if len(self._records) >= _MAX_RECORDS:
            self._records.clear()
        return self._records.setdefault(row, record)


def _as_stored(column: Column[Any]) -> ColumnElement[Any]:
    """Return a column whose JSON documents are read as text, so that rows can be compared."""
    return type_coerce(column, Text) if isinstance(column.type, Json) else column
