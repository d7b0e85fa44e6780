"""Add resource numbers, stored folds and the Merkle log to the ledger."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from stratiform.kit.database import Json
from stratiform.migrations import ledger_conversion

BTREE_GIST = "CREATE EXTENSION IF NOT EXISTS btree_gist"
NO_OVERLAP = """
ALTER TABLE metering_segment ADD CONSTRAINT metering_segment_apart EXCLUDE USING gist
(resource WITH =, int8range(start_at, end_at) WITH &&) WHERE (superseded IS NULL)
"""
NO_OVERLAP_ON_SQLITE = """
CREATE TRIGGER metering_segment_apart BEFORE INSERT ON metering_segment
WHEN NEW.superseded IS NULL AND EXISTS (
    SELECT 1 FROM metering_segment AS other
    WHERE other.resource = NEW.resource AND other.superseded IS NULL
    AND (NEW.end_at IS NULL OR other.start_at < NEW.end_at)
    AND (other.end_at IS NULL OR other.end_at > NEW.start_at)
)
BEGIN SELECT RAISE(ABORT, 'metering_segment: two segments of a resource overlap'); END
"""

_TABLES = (
    "unknown", "tile", "segment", "sample", "resource", "position", "poll", "event", "correction", "checkpoint", "batch",
)  # fmt: skip

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {
    "samples": "metering_sample",
    "signed checkpoints": "metering_checkpoint",
    "ignored messages": "metering_unknown",
}


def upgrade() -> None:
    ledger_conversion.copy_tables(op.get_bind(), ledger_conversion.TABLES_0001)
    for name in ledger_conversion.TABLES_0001:
        op.drop_table(name)
    op.create_table(
        "metering_batch",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column(
            "messages",
            sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mariadb").with_variant(mysql.LONGBLOB(), "mysql"),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metering_batch")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("metering_batch", schema=None) as batch_op:
        batch_op.create_index("ix_metering_batch_received_at", ["received_at"], unique=False)

    op.create_table(
        "metering_checkpoint",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_metering_checkpoint")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "metering_correction",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("resource", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_metering_correction")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("metering_correction", schema=None) as batch_op:
        batch_op.create_index("ix_metering_correction_resource", ["resource"], unique=False)

    op.create_table(
        "metering_event",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("resource", sa.BigInteger(), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column(
            "cloud",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "message_id",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event_type", sa.String(length=255), nullable=False),
        sa.Column("publisher_id", sa.String(length=255), nullable=False),
        sa.Column("fact", Json(), nullable=False),
        sa.Column("raw_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_metering_event")),
        sa.UniqueConstraint("message_id", "cloud", name=op.f("uq_metering_event_message_id_cloud")),
        sa.UniqueConstraint("resource", "nth", name=op.f("uq_metering_event_resource_nth")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "metering_position",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("segments", sa.BigInteger(), nullable=False),
        sa.Column("resources", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metering_position")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "metering_resource",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "cloud",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "resource_type",
            sa.String(length=32).with_variant(sa.String(length=32, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "resource_id",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("parent", sa.BigInteger(), nullable=True),
        sa.Column(
            "progress",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metering_resource")),
        sa.UniqueConstraint(
            "resource_id", "resource_type", "cloud", name=op.f("uq_metering_resource_resource_id_resource_type_cloud")
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("metering_resource", schema=None) as batch_op:
        batch_op.create_index("ix_metering_resource_order", ["resource_type", "resource_id", "cloud"], unique=False)
        batch_op.create_index("ix_metering_resource_parent", ["parent"], unique=False)

    op.create_table(
        "metering_poll",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("cloud_id", sa.String(length=64), nullable=False),
        sa.Column(
            "cloud",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "resource_type",
            sa.String(length=32).with_variant(sa.String(length=32, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "meter",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metering_poll")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "metering_sample",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "meter",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("resource", sa.BigInteger(), nullable=False),
        sa.Column(
            "source",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("project_id", sa.String(length=64), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column(
            "message_id",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("hold", sa.BigInteger(), nullable=False),
        sa.Column("recorded", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", "meter", name=op.f("pk_metering_sample")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("metering_sample", schema=None) as batch_op:
        batch_op.create_index("ix_metering_sample_meter", ["meter", "at"], unique=False)
        batch_op.create_index("ix_metering_sample_project", ["project_id", "meter", "at"], unique=False)
        batch_op.create_index("ix_metering_sample_resource", ["resource", "meter", "at"], unique=False)

    op.create_table(
        "metering_segment",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("resource", sa.BigInteger(), nullable=False),
        sa.Column(
            "cloud",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "resource_type",
            sa.String(length=32).with_variant(sa.String(length=32, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "resource_id",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("attributes", Json(), nullable=False),
        sa.Column("recorded", sa.BigInteger(), nullable=False),
        sa.Column("superseded", sa.BigInteger(), nullable=True),
        sa.Column("is_open", sa.Integer(), nullable=True),
        sa.CheckConstraint("end_at IS NULL OR end_at > start_at", name=op.f("ck_metering_segment_forward")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metering_segment")),
        sa.UniqueConstraint("resource", "is_open", name=op.f("uq_metering_segment_resource_is_open")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("metering_segment", schema=None) as batch_op:
        batch_op.create_index("ix_metering_segment_end_at", ["end_at", "id"], unique=False)
        batch_op.create_index(
            "ix_metering_segment_project",
            ["project_id", "resource_type", "resource_id", "cloud", "start_at"],
            unique=False,
        )
        batch_op.create_index("ix_metering_segment_recorded", ["recorded"], unique=False)
        batch_op.create_index("ix_metering_segment_resource", ["resource", "start_at"], unique=False)
        batch_op.create_index(
            "ix_metering_segment_superseded",
            ["superseded"],
            unique=False,
            postgresql_where=sa.text("superseded IS NOT NULL"),
            sqlite_where=sa.text("superseded IS NOT NULL"),
        )

    op.create_table(
        "metering_tile",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "hashes",
            sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mariadb").with_variant(mysql.LONGBLOB(), "mysql"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("level", "number", name=op.f("pk_metering_tile")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "metering_unknown",
        sa.Column(
            "message_id",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "cloud",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "event_type",
            sa.String(length=255).with_variant(sa.String(length=255, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "cloud", name=op.f("pk_metering_unknown")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("metering_unknown", schema=None) as batch_op:
        batch_op.create_index("ix_metering_unknown_batch", ["batch"], unique=False)

    _forbid_overlapping_segments()
    ledger_conversion.upgrade(op.get_bind())
    ledger_conversion.drop_copies(op.get_bind(), ledger_conversion.TABLES_0001)


def _forbid_overlapping_segments() -> None:
    kind = op.get_bind().dialect.name
    if kind == "postgresql":
        op.execute(BTREE_GIST)
        op.execute(NO_OVERLAP)
    elif kind == "sqlite":
        op.execute(NO_OVERLAP_ON_SQLITE)


def downgrade() -> None:
    ledger_conversion.copy_tables(op.get_bind(), ledger_conversion.TABLES_0002)
    for name in _TABLES:
        op.drop_table(f"metering_{name}")
    _create_tables_of_0001()
    ledger_conversion.downgrade(op.get_bind())
    ledger_conversion.drop_copies(op.get_bind(), ledger_conversion.TABLES_0002)


def _create_tables_of_0001() -> None:
    op.create_table(
        "metering_event",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column(
            "cloud",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "message_id",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "resource_type",
            sa.String(length=32).with_variant(sa.String(length=32, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "resource_id",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event_type", sa.String(length=255), nullable=False),
        sa.Column("publisher_id", sa.String(length=255), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("fact", Json(), nullable=False),
        sa.Column(
            "payload",
            sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mariadb").with_variant(mysql.LONGBLOB(), "mysql"),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_metering_event")),
        sa.UniqueConstraint("message_id", "cloud", name=op.f("uq_metering_event_message_id_cloud")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("metering_event", schema=None) as batch_op:
        batch_op.create_index(
            "ix_metering_event_resource", ["resource_id", "resource_type", "cloud", "at"], unique=False
        )

    op.create_table(
        "metering_position",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metering_position")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )

    op.create_table(
        "metering_resource",
        sa.Column(
            "cloud",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "resource_type",
            sa.String(length=32).with_variant(sa.String(length=32, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "resource_id",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("cloud", "resource_type", "resource_id", name=op.f("pk_metering_resource")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )

    op.create_table(
        "metering_segment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column(
            "cloud",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "resource_type",
            sa.String(length=32).with_variant(sa.String(length=32, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "resource_id",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("attributes", Json(), nullable=False),
        sa.Column("recorded", sa.BigInteger(), nullable=False),
        sa.Column("superseded", sa.BigInteger(), nullable=True),
        sa.Column("is_open", sa.Integer(), nullable=True),
        sa.CheckConstraint("end_at IS NULL OR end_at > start_at", name=op.f("ck_metering_segment_forward")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metering_segment")),
        sa.UniqueConstraint(
            "resource_type",
            "resource_id",
            "cloud",
            "is_open",
            name=op.f("uq_metering_segment_resource_type_resource_id_cloud_is_open"),
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("metering_segment", schema=None) as batch_op:
        batch_op.create_index(
            "ix_metering_segment_project",
            ["project_id", "resource_type", "resource_id", "cloud", "start_at"],
            unique=False,
        )
