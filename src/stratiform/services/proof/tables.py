"""The table of signed checkpoints."""

from sqlalchemy import BigInteger, Column, Text

from stratiform.kit.database import define_table

#: Signed checkpoints of the Merkle log by its size.
checkpoint_table = define_table(
    "metering_checkpoint",
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("made_at", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
)
