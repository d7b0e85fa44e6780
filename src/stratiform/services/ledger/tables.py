"""Tables of the ledger."""

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

from stratiform.kit.database import Json, LongBytes, LongText, binary_string, define_table


def _id_column(name: str) -> Column[int]:
    """Return a primary key that the writer of the ledger assigns without gaps."""
    return Column(name, BigInteger, primary_key=True, autoincrement=False)


#: One row, which a writer locks first: the ledger has one writer at a time. `position` is the id of the last batch; the
#: other counters are the numbers of events, segments and resources, and so the next ids.
position_table = define_table(
    "metering_position",
    Column("id", Integer, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("segments", BigInteger, nullable=False),
    Column("resources", BigInteger, nullable=False),
)

#: One row for each transaction that ingested messages; its id is the position of the ledger after it, and `events` the
#: number of events. `messages` are the compressed messages as they were received; they are deleted after a time.
batch_table = define_table(
    "metering_batch",
    _id_column("id"),
    Column("received_at", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("messages", LongBytes),
    Index("ix_metering_batch_received_at", "received_at"),
)

#: Append-only. `seq` is the index of the leaf in the Merkle log, from 0, and `nth` the number of the event among those
#: of its resource, from 1. `fact` is the statement, which the fold reads; `place` is the index of the message in the
#: batch.
event_table = define_table(
    "metering_event",
    _id_column("seq"),
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

#: Hashes of the Merkle log, 256 in a full tile; level 0 has the leaves.
tile_table = define_table(
    "metering_tile",
    Column("level", Integer, primary_key=True, autoincrement=False),
    _id_column("number"),
    Column("hashes", LongBytes, nullable=False),
)

#: Resources with their last name and tags, and the progress of their folds (`model.FoldProgress`).
resource_table = define_table(
    "metering_resource",
    _id_column("id"),
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

#: Names and tags of resources before the position `until`, at which they were changed.
name_history_table = define_table(
    "metering_called",
    Column("resource", BigInteger, primary_key=True, autoincrement=False),
    Column("until", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(255), nullable=False),
    Column("tags", Json, nullable=False),
    Index("ix_metering_called_until", "until"),
)

#: Names of resources that no event about the resource states: those of projects, and of this installation's own volume
#: types and images (cloud ""). A name applies from `at` on. `recorded` is the position from which it is known.
name_table = define_table(
    "metering_name",
    Column("resource_id", binary_string(128), primary_key=True),
    Column("resource_type", binary_string(32), primary_key=True),
    Column("cloud", binary_string(64), primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(255), nullable=False),
    Column("recorded", BigInteger, nullable=False),
)

#: Current segments have no `superseded`. Segments at position P have `recorded` <= P and no `superseded` <= P.
#: `is_open` is 1 for current segments without an end, else null: the unique key allows one for each resource.
segment_table = define_table(
    "metering_segment",
    _id_column("id"),
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
    # Partial: the planner must not use it for current segments, which are nearly all.
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


#: The extension for integers in an exclusion constraint of PostgreSQL; the owner of a database may create it.
EXTENSION = "CREATE EXTENSION IF NOT EXISTS btree_gist"

#: SQLite has no exclusion constraint; a trigger has the same effect. In MariaDB it would need the privilege SUPER.
SQLITE_TRIGGER = """
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
def _create_extension(_table: Table, db: Connection, **_options: object) -> None:
    if db.dialect.name == "postgresql":
        db.exec_driver_sql(EXTENSION)


@event.listens_for(segment_table, "after_create")
def _create_trigger(_table: Table, db: Connection, **_options: object) -> None:
    if db.dialect.name == "sqlite":
        db.exec_driver_sql(SQLITE_TRIGGER)


#: Samples, with values as decimal strings, and their formats: `kind`, `unit` and `hold`.
sample_table = define_table(
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

#: The events that are corrections: a few among millions.
correction_table = define_table(
    "metering_correction",
    _id_column("seq"),
    Column("resource", BigInteger, nullable=False),
    Index("ix_metering_correction_resource", "resource"),
)
