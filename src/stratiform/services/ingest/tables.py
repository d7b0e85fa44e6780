"""Tables of ingest: ignored and rejected messages, and polls of clouds.

The names of tables and columns are older than those of the classes.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Text

from stratiform.kit.database import LongBytes, binary_string, define_table

#: Messages without statements about metered resources, for as long as their batches are kept.
ignored_message_table = define_table(
    "metering_unknown",
    Column("message_id", binary_string(128), primary_key=True),
    Column("cloud", binary_string(64), primary_key=True),
    Column("event_type", binary_string(255), nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("batch", BigInteger, nullable=False),
    Column("at", BigInteger),
    Index("ix_metering_unknown_batch", "batch"),
)

#: How far each polled meter of each cloud was read (`model.Poll`).
poll_table = define_table(
    "metering_poll",
    Column("id", String(32), primary_key=True),
    Column("cloud_id", String(64), nullable=False),
    Column("cloud", binary_string(64), nullable=False),
    Column("resource_type", binary_string(32), nullable=False),
    Column("meter", binary_string(64), nullable=False),
    Column("since_at", BigInteger, nullable=False),
    Column("until_at", BigInteger, nullable=False),
    Column("asked_at", BigInteger, key="polled_at", nullable=False),
    Column("fault", Text, nullable=False),
    Column("failures", Integer, nullable=False),
)

#: Messages that could not be parsed or stored.
rejected_message_table = define_table(
    "metering_rejected",
    Column("id", binary_string(64), primary_key=True),
    Column("cloud", binary_string(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("body", LongBytes, nullable=False),
)
