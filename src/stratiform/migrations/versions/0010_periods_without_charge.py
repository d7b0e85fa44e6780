"""Closed periods without a document, the start of a customer account's price plan, and completed audits."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

from stratiform.kit.errors import Conflict

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {
    "closed periods without a charge": "billing_period WHERE document_number IS NULL",
    "records of audits": "audit_run",
}

_SEQUENCE, _PREVIOUS = sa.column("sequence", sa.Integer), sa.column("previous_sequence", sa.Integer)
_FIRST = (_SEQUENCE == 1) & _PREVIOUS.is_(None)
_NEXT = _PREVIOUS.is_not(None) & (_PREVIOUS + 1 == _SEQUENCE) & (_PREVIOUS > 0)
_FORWARD = sa.column("start", sa.BigInteger) < sa.column("end", sa.BigInteger)


def upgrade() -> None:
    periods = _read_periods()
    op.drop_table("billing_period")
    _insert(_create_periods(needs_document=False), periods)
    op.add_column("billing_account", sa.Column("plan_from", sa.BigInteger(), nullable=True))
    _create_table(
        "audit_run",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_run")),
    )
    op.create_index("ix_audit_run_end", "audit_run", ["end"])
    _create_table(
        "audit_run_cloud",
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("cloud", sa.String(length=64), nullable=False),
        sa.Column("resources", sa.Integer(), nullable=False),
        sa.Column("without_source", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["audit_run.id"], name=op.f("fk_audit_run_cloud_run_id")),
        sa.PrimaryKeyConstraint("run_id", "cloud", name=op.f("pk_audit_run_cloud")),
    )


def downgrade() -> None:
    periods = _read_periods()
    kept = _keep_documented(periods)
    for period in periods:
        if period not in kept:  # it is open again, with all later ones
            _reopen(period)
    op.drop_table("audit_run_cloud")
    op.drop_table("audit_run")
    op.drop_column("billing_account", "plan_from")
    op.drop_table("billing_period")
    _insert(_create_periods(needs_document=True), kept)


def _read_periods() -> list[dict[str, Any]]:
    """Return the closed periods by start, so that each row follows the one that it refers to."""
    rows = op.get_bind().execute(sa.text("SELECT * FROM billing_period")).mappings()
    return sorted(map(dict, rows), key=lambda row: (row["start"], row["id"]))


def _keep_documented(periods: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the periods of each account until the first one without a document, which an older release cannot store.

    Raises: Conflict for a period with a document after that
    """
    ended: set[str] = set()
    kept = []
    for period in periods:
        if period["document_number"] is None:
            ended.add(period["account_id"])
        elif period["account_id"] in ended:
            raise Conflict(
                f"Revision 0009 cannot store the period of document {period['document_number']}, because the period"
                " before has no document"
            )
        else:
            kept.append(period)
    return kept


def _reopen(period: Mapping[str, Any]) -> None:
    query = sa.text("UPDATE billing_account SET billed_until = :start WHERE id = :id AND billed_until > :start")
    op.get_bind().execute(query, {"start": period["start"], "id": period["account_id"]})


def _insert(table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        op.get_bind().execute(table.insert().values(**row))


def _create_table(name: str, *items: SchemaItem) -> sa.Table:
    return op.create_table(name, *items, mysql_engine="InnoDB", mysql_charset="utf8mb4", mysql_collate="utf8mb4_bin")


def _create_periods(*, needs_document: bool) -> sa.Table:
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
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("document_number", sa.String(length=64), nullable=not needs_document),
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
