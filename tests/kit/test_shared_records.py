"""Rows that are read often, as shared objects."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, Column, MetaData, String, Table

from stratiform.kit.database import Database, Json, TableGateway
from stratiform.kit.shared_records import SharedRecords


@dataclass(frozen=True, slots=True)
class Note:
    """A row of the table of these tests."""

    id: str
    done: bool
    document: Any


def test_equal_rows_are_one_object_and_changed_rows_are_new(empty_database_url: str) -> None:
    metadata = MetaData()
    columns = (Column("id", String(8), primary_key=True), Column("done", Boolean), Column("document", Json))
    notes = TableGateway(Table("notes", metadata, *columns), Note)
    shared, database = SharedRecords(notes), Database(empty_database_url)
    with database.transaction() as db:
        metadata.create_all(db)
        notes.insert_many(db, [Note("a", True, {"n": 2**63, "t": "é"}), Note("b", False, None)])
        first = shared.list_all(db, order=[notes.key])
        assert first == notes.list_all(db)
        assert all(again is before for again, before in zip(shared.list_all(db, order=[notes.key]), first, strict=True))
        notes.update(db, "a", document=[])
        changed = shared.list_all(db, order=[notes.key])
        assert changed == [Note("a", True, []), Note("b", False, None)]
        assert changed[1] is first[1]
        assert shared.list_all(db, notes.key == "b", order=[notes.key], limit=1) == [first[1]]
    database.close()
