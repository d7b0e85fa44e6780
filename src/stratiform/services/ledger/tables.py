"""The tables of the ledger."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from stratiform.kit.db import Json, LongBytes, LongText, binary_string, table


def _number(name: str) -> Column[int]:
    """A key that the ledger's one writer counts by itself, so that there are no holes."""
    return Column(name, BigInteger, primary_key=True, autoincrement=False)


#: One row, which whoever writes takes first and holds: the ledger has one writer at a time. `position` is the id of
#: the last batch; the others tell how many events, segments and resources there are, so what the next one's number is.
position_table = table(
    "metering_position",
    Column("id", Integer, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("segments", BigInteger, nullable=False),
    Column("resources", BigInteger, nullable=False),
)

#: One row a transaction that brought something: its id is the ledger's position after it. `events` is how many the
#: ledger had then. `messages` are all that came with it, as they came, packed; they are dropped after a time.
batch_table = table(
    "metering_batch",
    _number("id"),
    Column("received_at", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("messages", LongBytes),
    Index("ix_metering_batch_received_at", "received_at"),
)

#: Append-only. `seq` is the event's leaf in the Merkle log, from 0. `fact` is what was read out of the message, and
#: is what a fold reads; the message itself is the `place`-th of its batch.
event_table = table(
    "metering_event",
    _number("seq"),
    Column("resource", BigInteger, nullable=False),
    Column("nth", Integer, nullable=False),
    Column("cloud", binary_string(64), nullable=False),
    Column("message_id", binary_string(128), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("event_type", String(255), nullable=False),
    Column("publisher_id", String(255), nullable=False),
    Column("fact", Json, nullable=False),
    Column("raw_sha256", LargeBinary, nullable=False),
    Column("batch", BigInteger, nullable=False),
    Column("place", Integer, nullable=False),
    UniqueConstraint("message_id", "cloud"),
    UniqueConstraint("resource", "nth"),
)

#: The hashes of the Merkle log, 256 in a full tile; level 0 has the leaves.
tile_table = table(
    "metering_tile",
    Column("level", Integer, primary_key=True, autoincrement=False),
    _number("number"),
    Column("hashes", LongBytes, nullable=False),
)

#: One row a resource: what was last told of it, and how far its fold has come (`model.Progress`).
resource_table = table(
    "metering_resource",
    _number("id"),
    Column("cloud", binary_string(64), nullable=False),
    Column("resource_type", binary_string(32), nullable=False),
    Column("resource_id", binary_string(128), nullable=False),
    Column("name", String(255), nullable=False),
    Column("tags", Json, nullable=False),
    Column("parent", BigInteger),
    Column("progress", LongText, nullable=False),
    UniqueConstraint("resource_id", "resource_type", "cloud"),
    Index("ix_metering_resource_parent", "parent"),
    Index("ix_metering_resource_order", "resource_type", "resource_id", "cloud"),
)

#: What a resource was called, and labelled, before the position `until`, where that was something else.
name_history_table = table(
    "metering_called",
    Column("resource", BigInteger, primary_key=True, autoincrement=False),
    Column("until", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(255), nullable=False),
    Column("tags", Json, nullable=False),
    Index("ix_metering_called_until", "until"),
)

#: What is known now has no `superseded`; what was known at position P has `recorded` <= P and no `superseded` up to
#: it. `is_open` is 1 in what is known now and goes on, else null: so a unique key holds it to one a resource.
segment_table = table(
    "metering_segment",
    _number("id"),
    Column("resource", BigInteger, nullable=False),
    Column("cloud", binary_string(64), nullable=False),
    Column("resource_type", binary_string(32), nullable=False),
    Column("resource_id", binary_string(128), nullable=False),
    Column("project_id", String(64), nullable=False),
    Column("start_at", BigInteger, nullable=False),
    Column("end_at", BigInteger),
    Column("state", String(32), nullable=False),
    Column("attributes", Json, nullable=False),
    Column("recorded", BigInteger, nullable=False),
    Column("superseded", BigInteger),
    Column("is_open", Integer),
    CheckConstraint("end_at IS NULL OR end_at > start_at", name="forward"),
    UniqueConstraint("resource", "is_open"),
    Index("ix_metering_segment_resource", "resource", "start_at"),
    Index("ix_metering_segment_project", "project_id", "resource_type", "resource_id", "cloud", "start_at"),
    Index("ix_metering_segment_end_at", "end_at", "id"),
    Index("ix_metering_segment_recorded", "recorded"),
    # Only what was replaced is looked for by this, and mostly nothing was: a planner must not take it for the rest.
    Index(
        "ix_metering_segment_superseded",
        "superseded",
        postgresql_where=text("superseded IS NOT NULL"),
        sqlite_where=text("superseded IS NOT NULL"),
    ),
    ExcludeConstraint(
        ("resource", "="),
        (text("int8range(start_at, end_at)"), "&&"),
        where=text("superseded IS NULL"),
        name="metering_segment_apart",
    ).ddl_if(dialect="postgresql"),
)


#: PostgreSQL compares a number inside of an exclusion constraint by this extension, which every owner may create.
EXTENSION = "CREATE EXTENSION IF NOT EXISTS btree_gist"

#: SQLite has no exclusion constraint, but a trigger does the same. MariaDB's would need the right to write its log.
APART_ON_SQLITE = """
CREATE TRIGGER metering_segment_apart BEFORE INSERT ON metering_segment
WHEN NEW.superseded IS NULL AND EXISTS (
    SELECT 1 FROM metering_segment AS other
    WHERE other.resource = NEW.resource AND other.superseded IS NULL
    AND (NEW.end_at IS NULL OR other.start_at < NEW.end_at)
    AND (other.end_at IS NULL OR other.end_at > NEW.start_at)
)
BEGIN SELECT RAISE(ABORT, 'metering_segment: two segments of a resource overlap'); END
"""


@event.listens_for(segment_table, "before_create")
def _prepare(_table: Table, db: Connection, **_more: object) -> None:
    if db.dialect.name == "postgresql":
        db.exec_driver_sql(EXTENSION)


@event.listens_for(segment_table, "after_create")
def _watch(_table: Table, db: Connection, **_more: object) -> None:
    if db.dialect.name == "sqlite":
        db.exec_driver_sql(APART_ON_SQLITE)


#: Values of meters, as decimal texts. `kind`, `unit` and `hold` are how they are counted.
sample_table = table(
    "metering_sample",
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("meter", binary_string(64), primary_key=True),
    Column("resource", BigInteger, nullable=False),
    Column("source", binary_string(128), nullable=False),
    Column("project_id", String(64)),
    Column("at", BigInteger, nullable=False),
    Column("message_id", binary_string(128), nullable=False),
    Column("value", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("unit", String(32), nullable=False),
    Column("hold", BigInteger, nullable=False),
    Column("recorded", BigInteger, nullable=False),
    Index("ix_metering_sample_resource", "resource", "meter", "at"),
    Index("ix_metering_sample_project", "project_id", "meter", "at"),
    Index("ix_metering_sample_meter", "meter", "at"),
)

#: Which events are corrections by staff: a few among millions.
correction_table = table(
    "metering_correction",
    _number("seq"),
    Column("resource", BigInteger, nullable=False),
    Index("ix_metering_correction_resource", "resource"),
)
