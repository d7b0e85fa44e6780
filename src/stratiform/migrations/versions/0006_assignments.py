"""Prevent overlapping assignments, and store the price plan of each closed period.

Each assignment of a project refers to the end of the previous one. A database in which two assignments of a project
overlap is not upgraded.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

from stratiform.kit.clock import format_iso
from stratiform.kit.errors import Conflict

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES: dict[str, str] = {}

_SEQUENCE, _PREVIOUS = sa.column("sequence", sa.Integer), sa.column("previous_sequence", sa.Integer)
_START, _PREVIOUS_UNTIL = sa.column("start", sa.BigInteger), sa.column("previous_until", sa.BigInteger)
_FIRST = (_SEQUENCE == 1) & _PREVIOUS.is_(None)
_NEXT = _PREVIOUS.is_not(None) & (_PREVIOUS + 1 == _SEQUENCE) & (_PREVIOUS > 0)
_AFTER_PREVIOUS = (_SEQUENCE == 1) & _PREVIOUS_UNTIL.is_(None) | (_SEQUENCE > 1) & (
    _PREVIOUS_UNTIL.is_not(None) & (_PREVIOUS_UNTIL <= _START)
)
_FORWARD = sa.column("end", sa.BigInteger) > _START

Row = Mapping[str, Any]


def upgrade() -> None:
    db = op.get_bind()
    accounts = db.execute(sa.text("SELECT id, name, plan FROM billing_account")).all()
    names: dict[str, str] = {account.id: account.name for account in accounts}
    plans: dict[str, str] = {account.id: account.plan for account in accounts}
    assignments = _read(db, "billing_assignment")
    periods = _read(db, "billing_period")
    numbered = list(_number(assignments, names))
    op.drop_table("billing_assignment")
    _insert(_create_assignments(), numbered)
    op.drop_table("billing_period")
    _insert(_create_periods(with_plan=True), [period | {"plan": plans[period["account_id"]]} for period in periods])


def downgrade() -> None:
    db = op.get_bind()
    assignments = _read(db, "billing_assignment")
    periods = _read(db, "billing_period")
    op.drop_table("billing_assignment")
    names = ("id", "account_id", "project_id", "start", "until")
    _insert(_create_first_assignments(), [{name: row[name] for name in names} for row in assignments])
    op.drop_table("billing_period")
    _insert(
        _create_periods(with_plan=False),
        [{name: value for name, value in row.items() if name != "plan"} for row in periods],
    )


def _read(db: sa.Connection, table: str) -> list[dict[str, Any]]:
    """Return the rows of a table by start, so that each row follows the one that it refers to."""
    rows = db.execute(sa.text(f"SELECT * FROM {table}")).mappings()  # noqa: S608 - constants of this file
    return sorted(map(dict, rows), key=lambda row: (row["start"], row["id"]))


def _insert(table: sa.Table, rows: Sequence[Row]) -> None:
    for row in rows:
        op.get_bind().execute(table.insert().values(**row))


def _number(assignments: Sequence[Row], names: Mapping[str, str]) -> Iterator[Row]:
    """Yield assignments with their sequence and the end of the previous one. Raises: Conflict if two overlap"""
    by_project = sorted(assignments, key=lambda row: row["project_id"])  # a stable sort keeps the order of time
    for _, group in groupby(by_project, key=lambda row: row["project_id"]):
        rows = list(group)
        for earlier, later in pairwise(rows):
            if earlier["until"] is None or earlier["until"] > later["start"]:
                raise _overlap(earlier, later, names)
        for sequence, row in enumerate(rows, 1):
            previous = rows[sequence - 2] if sequence > 1 else None
            yield {
                **row,
                "sequence": sequence,
                "previous_sequence": sequence - 1 or None,
                "previous_until": None if previous is None else previous["until"],
            }


def _overlap(earlier: Row, later: Row, names: Mapping[str, str]) -> Conflict:
    until = "" if later["until"] is None and earlier["until"] is None else f" until {format_iso(_end(earlier, later))}"
    return Conflict(
        f"Project {later['project_id']} has two payers from {format_iso(later['start'])}{until}: customer accounts"
        f" '{names[earlier['account_id']]}' (assignment {earlier['id']}) and '{names[later['account_id']]}'"
        f" (assignment {later['id']})",
        hint="correct the table billing_assignment, see docs/howto/upgrade-a-database.md",
    )


def _end(earlier: Row, later: Row) -> int:
    end: int = min(row["until"] for row in (earlier, later) if row["until"] is not None)
    return end


def _create_table(name: str, *items: SchemaItem) -> sa.Table:
    return op.create_table(name, *items, mysql_engine="InnoDB", mysql_charset="utf8mb4", mysql_collate="utf8mb4_bin")


def _create_assignments() -> sa.Table:
    table = _create_table(
        "billing_assignment",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("previous_sequence", sa.Integer(), nullable=True),
        sa.Column("previous_until", sa.BigInteger(), nullable=True),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["billing_account.id"], name=op.f("fk_billing_assignment_account_id")),
        sa.ForeignKeyConstraint(
            ["project_id", "previous_sequence", "previous_until"],
            ["billing_assignment.project_id", "billing_assignment.sequence", "billing_assignment.until"],
            name=op.f("fk_billing_assignment_previous"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_assignment")),
        sa.UniqueConstraint("project_id", "sequence", name=op.f("uq_billing_assignment_project_id_sequence")),
        sa.UniqueConstraint(
            "project_id", "sequence", "until", name=op.f("uq_billing_assignment_project_id_sequence_until")
        ),
        sa.CheckConstraint(_FIRST | _NEXT, name=op.f("ck_billing_assignment_sequence")),
        sa.CheckConstraint(_AFTER_PREVIOUS, name=op.f("ck_billing_assignment_previous")),
        sa.CheckConstraint("until IS NULL OR start < until", name=op.f("ck_billing_assignment_period")),
    )
    op.create_index(op.f("ix_billing_assignment_account_id"), "billing_assignment", ["account_id"])
    return table


def _create_first_assignments() -> sa.Table:
    table = _create_table(
        "billing_assignment",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["billing_account.id"], name=op.f("fk_billing_assignment_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_assignment")),
    )
    op.create_index(op.f("ix_billing_assignment_account_id"), "billing_assignment", ["account_id"])
    op.create_index(op.f("ix_billing_assignment_project_id"), "billing_assignment", ["project_id"])
    return table


def _create_periods(*, with_plan: bool) -> sa.Table:
    plan = [sa.Column("plan", sa.String(length=64), nullable=False)] if with_plan else []
    return _create_table(
        "billing_period",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("previous_sequence", sa.Integer(), nullable=True),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        *plan,
        sa.Column("document_number", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["billing_account.id"], name=op.f("fk_billing_period_account_id")),
        sa.ForeignKeyConstraint(
            ["document_number"], ["billing_document.number"], name=op.f("fk_billing_period_document_number")
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "previous_sequence", "start"],
            ["billing_period.account_id", "billing_period.sequence", "billing_period.end"],
            name=op.f("fk_billing_period_previous"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_period")),
        sa.UniqueConstraint("account_id", "sequence", name=op.f("uq_billing_period_account_id_sequence")),
        sa.UniqueConstraint("account_id", "sequence", "end", name=op.f("uq_billing_period_account_id_sequence_end")),
        sa.UniqueConstraint("document_number", name=op.f("uq_billing_period_document_number")),
        sa.CheckConstraint(_FIRST | _NEXT, name=op.f("ck_billing_period_sequence")),
        sa.CheckConstraint(_FORWARD, name=op.f("ck_billing_period_period")),
    )
