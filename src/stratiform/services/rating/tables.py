"""Price plans, their versions, and the resource types that are free of charge."""

from sqlalchemy import BigInteger, Column, ForeignKey, String, UniqueConstraint

from stratiform.kit.database import Json, define_table

plans_table = define_table(
    "rating_plan",
    Column("name", String(64), primary_key=True),
    Column("currency", String(3), nullable=False),
    Column("unpriced", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

versions_table = define_table(
    "rating_version",
    Column("id", String(64), primary_key=True),
    Column("plan", String(64), ForeignKey("rating_plan.name"), nullable=False),
    Column("valid_from", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("document", Json, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("plan", "valid_from"),
)

free_types_table = define_table(
    "rating_free_type",
    Column("plan", String(64), ForeignKey("rating_plan.name"), primary_key=True),
    Column("resource_type", String(32), primary_key=True),
)
