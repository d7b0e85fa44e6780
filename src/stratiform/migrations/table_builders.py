"""Builders of tables, for migrations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

from stratiform.kit.database import Json


def create_resource_table(name: str, *items: SchemaItem, indexes: tuple[str, ...] = ()) -> None:
    """Create the table of a declared type of networking resources."""
    create_table(
        name,
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        *items,
        key=("id",),
        indexes=("project_id", *indexes),
    )


def create_table(name: str, *items: SchemaItem, key: tuple[str, ...], indexes: tuple[str, ...] = ()) -> None:
    """Create a table with a primary key, and an index for each of these columns."""
    op.create_table(
        name,
        *items,
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    for column in indexes:
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column], unique=False)


def build_reference(table: str, column: str, target: str, *, cascades: bool = False) -> sa.ForeignKeyConstraint:
    """Return a foreign key with the name of the project's convention."""
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete="CASCADE" if cascades else None)
