"""Store documents of all kinds in one table, and refer to them from periods.

Invoices that were issued keep their number and their JSON form, byte for byte.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import SchemaItem

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {"credit notes and debit notes": "billing_document WHERE kind <> 'invoice'"}

_CONTENT = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")

_FIRST = (sa.column("sequence", sa.Integer) == 1) & sa.column("previous_sequence", sa.Integer).is_(None)
_NEXT = (
    sa.column("previous_sequence", sa.Integer).is_not(None)
    & (sa.column("previous_sequence", sa.Integer) + 1 == sa.column("sequence", sa.Integer))
    & (sa.column("previous_sequence", sa.Integer) > 0)
)
_FORWARD = sa.column("start", sa.BigInteger) < sa.column("end", sa.BigInteger)


def upgrade() -> None:
    db = op.get_bind()
    documents, taxes = _create_documents()
    for invoice in _read(db, "billing_invoice", "number"):
        document, document_taxes = _document(invoice)
        db.execute(documents.insert().values(document))
        db.execute(taxes.insert(), document_taxes)
    periods = db.execute(sa.text("SELECT * FROM billing_period")).mappings().all()
    op.drop_table("billing_period")
    op.drop_table("billing_invoice")
    table = _create_periods()
    for period in _numbered(periods):
        db.execute(table.insert().values(period))


def downgrade() -> None:
    db = op.get_bind()
    invoices = _create_invoices()
    for document in _read(db, "billing_document", "number"):
        if document["kind"] == "invoice":
            db.execute(invoices.insert().values(_invoice(document)))
    periods = db.execute(sa.text("SELECT * FROM billing_period")).mappings().all()
    op.drop_table("billing_period")
    op.drop_table("billing_document_reference")
    op.drop_table("billing_document_tax")
    op.drop_table("billing_document")
    table = _create_first_periods()
    for period in periods:
        row = {name: period[name] for name in ("id", "account_id", "start", "end", "as_of", "closed_at")}
        db.execute(table.insert().values(row | {"invoice_number": period["document_number"]}))


def _read(db: sa.Connection, table: str, key: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table, the first number first; only one is in memory."""
    keys: Sequence[str] = db.execute(sa.select(sa.column(key)).select_from(sa.table(table))).scalars().all()
    columns = sa.text(f"SELECT * FROM {table} WHERE {key} = :key")  # noqa: S608 - constants of this file
    for value in sorted(keys, key=_split_number):
        yield dict(db.execute(columns, {"key": value}).mappings().one())


def _split_number(number: str) -> tuple[str, int]:
    series, _, sequence = number.rpartition("-")
    return series, int(sequence)


def _document(invoice: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    content = bytes(invoice["document"])
    form = json.loads(content)
    series, sequence = _split_number(invoice["number"])
    same = {name: invoice[name] for name in ("number", "account_id", "start", "end", "issued_at", "currency", "sha256")}
    row = same | {
        "kind": "invoice",
        "series": series,
        "sequence": sequence,
        "previous_sequence": sequence - 1 or None,
        "account_name": invoice["account"],
        "as_of": form["ledger"]["as_of"],
        "minor_digits": len(form["total"].partition(".")[2]),
        "net_minor": _minor(form["net"]),
        "tax_minor": _minor(form["tax"]),
        "total_minor": _minor(form["total"]),
        "content": content,
    }
    taxes = [
        {
            "number": invoice["number"],
            "code": tax.get("category") or ("S" if float(tax["rate"]) else "Z"),
            "rate": tax["rate"],
            "taxable_minor": _minor(tax["net"]),
            "tax_minor": _minor(tax["tax"]),
        }
        for tax in form["taxes"]
    ]
    return row, taxes


def _invoice(document: dict[str, Any]) -> dict[str, Any]:
    content = bytes(document["content"])
    same = ("number", "account_id", "start", "end", "issued_at", "currency", "sha256")
    row = {name: document[name] for name in same}
    return row | {"account": document["account_name"], "total": json.loads(content)["total"], "document": content}


def _minor(text: str) -> int:
    return int(text.replace(".", ""))


def _numbered(periods: Any) -> Iterator[dict[str, Any]]:
    """Yield the rows of periods with their sequence in the customer account."""
    last: dict[str, int] = {}
    for period in sorted(periods, key=lambda period: period["start"]):
        row = dict(period)
        previous = last.get(row["account_id"], 0)
        last[row["account_id"]] = previous + 1
        row["document_number"] = row.pop("invoice_number")
        yield row | {"sequence": previous + 1, "previous_sequence": previous or None}


def _create_table(name: str, *items: SchemaItem) -> sa.Table:
    return op.create_table(name, *items, mysql_engine="InnoDB", mysql_charset="utf8mb4", mysql_collate="utf8mb4_bin")


def _create_documents() -> tuple[sa.Table, sa.Table]:
    documents = _create_table(
        "billing_document",
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("series", sa.String(length=16), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("previous_sequence", sa.Integer(), nullable=True),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("account_name", sa.String(length=255), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("minor_digits", sa.Integer(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", _CONTENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["billing_account.id"], name=op.f("fk_billing_document_account_id")),
        sa.ForeignKeyConstraint(
            ["series", "previous_sequence"],
            ["billing_document.series", "billing_document.sequence"],
            name=op.f("fk_billing_document_previous"),
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_billing_document")),
        sa.UniqueConstraint("series", "sequence", name=op.f("uq_billing_document_series_sequence")),
        sa.CheckConstraint(_FIRST | _NEXT, name=op.f("ck_billing_document_sequence")),
        sa.CheckConstraint(_FORWARD, name=op.f("ck_billing_document_period")),
        sa.CheckConstraint("net_minor + tax_minor = total_minor", name=op.f("ck_billing_document_total")),
        sa.CheckConstraint("kind IN ('invoice', 'credit_note', 'debit_note')", name=op.f("ck_billing_document_kind")),
    )
    op.create_index(op.f("ix_billing_document_account_id"), "billing_document", ["account_id"])
    taxes = _create_table(
        "billing_document_tax",
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=4), nullable=False),
        sa.Column("rate", sa.String(length=16), nullable=False),
        sa.Column("taxable_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["billing_document.number"], name=op.f("fk_billing_document_tax_number")),
        sa.PrimaryKeyConstraint("number", "code", "rate", name=op.f("pk_billing_document_tax")),
    )
    _create_table(
        "billing_document_reference",
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("referenced_number", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["number"], ["billing_document.number"], name=op.f("fk_billing_document_reference_number")
        ),
        sa.ForeignKeyConstraint(
            ["referenced_number"],
            ["billing_document.number"],
            name=op.f("fk_billing_document_reference_referenced_number"),
        ),
        sa.PrimaryKeyConstraint("number", "referenced_number", name=op.f("pk_billing_document_reference")),
        sa.CheckConstraint("number <> referenced_number", name=op.f("ck_billing_document_reference_other")),
    )
    op.create_index(
        op.f("ix_billing_document_reference_referenced_number"), "billing_document_reference", ["referenced_number"]
    )
    return documents, taxes


def _create_periods() -> sa.Table:
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


def _create_invoices() -> sa.Table:
    table = _create_table(
        "billing_invoice",
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("document", _CONTENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["billing_account.id"], name=op.f("fk_billing_invoice_account_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_billing_invoice")),
    )
    op.create_index(op.f("ix_billing_invoice_account_id"), "billing_invoice", ["account_id"])
    return table


def _create_first_periods() -> sa.Table:
    return _create_table(
        "billing_period",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.Column("invoice_number", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["billing_account.id"], name=op.f("fk_billing_period_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_period")),
        sa.UniqueConstraint("account_id", "start", name=op.f("uq_billing_period_account_id_start")),
        sa.UniqueConstraint("invoice_number", name=op.f("uq_billing_period_invoice_number")),
    )
