"""The tables of the ledger."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import mysql

from stratiform.kit.db import Json, Serial, table

#: A text of any length, as bytes; MariaDB's plain BLOB ends at 64 KiB.
_Bytes = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")


def _word(length: int) -> String:
    """A text that is ordered by its bytes everywhere; PostgreSQL would go by the language of its installation."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


#: Append-only. `fact` is what was read out of the payload, and is what a fold reads; `payload` is it as it
#: came, compressed, and may be dropped after a time without any loss to the ledger.
event_table = table(
    "metering_event",
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("cloud", _word(64), nullable=False),
    Column("message_id", _word(128), nullable=False),
    Column("resource_type", _word(32), nullable=False),
    Column("resource_id", _word(128), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("event_type", String(255), nullable=False),
    Column("publisher_id", String(255), nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("fact", Json, nullable=False),
    Column("payload", _Bytes),
    UniqueConstraint("message_id", "cloud"),
    Index("ix_metering_event_resource", "resource_id", "resource_type", "cloud", "at"),
)

#: One row a resource: its last known name, and the lock under which it is folded.
resource_table = table(
    "metering_resource",
    Column("cloud", _word(64), primary_key=True),
    Column("resource_type", _word(32), primary_key=True),
    Column("resource_id", _word(128), primary_key=True),
    Column("name", String(255), nullable=False),
)

#: What is known now has no `superseded`; what was known at position P has `recorded` <= P and no `superseded` up to
#: it. `is_open` is 1 in what is known now and goes on, else null: so a unique key holds it to one a resource.
segment_table = table(
    "metering_segment",
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("cloud", _word(64), nullable=False),
    Column("resource_type", _word(32), nullable=False),
    Column("resource_id", _word(128), nullable=False),
    Column("project_id", String(64), nullable=False),
    Column("start_at", BigInteger, nullable=False),
    Column("end_at", BigInteger),
    Column("state", String(32), nullable=False),
    Column("attributes", Json, nullable=False),
    Column("recorded", BigInteger, nullable=False),
    Column("superseded", BigInteger),
    Column("is_open", Integer),
    CheckConstraint("end_at IS NULL OR end_at > start_at", name="forward"),
    UniqueConstraint("resource_type", "resource_id", "cloud", "is_open"),
    Index("ix_metering_segment_project", "project_id", "resource_type", "resource_id", "cloud", "start_at"),
)

#: One row: how often the ledger's segments were changed. Whoever writes segments takes it, and so its lock.
position_table = table(
    "metering_position",
    Column("id", Integer, primary_key=True),
    Column("position", BigInteger, nullable=False),
)

rejected_table = table(
    "metering_rejected",
    Column("id", _word(64), primary_key=True),
    Column("cloud", _word(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("body", _Bytes, nullable=False),
)
