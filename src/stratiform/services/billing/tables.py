"""Tables of customer accounts, periods and documents.

Rows of closed periods, of documents and of retroactive price changes are never changed.

Constraints: each row but the first refers to the previous one. So assignments of a project do not overlap, periods of a
customer account are adjacent, and numbers of a series have no gaps, on every database.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    String,
    UniqueConstraint,
    column,
)

from stratiform.kit.database import Json, LongBytes, LongText, define_table


def _follows_previous() -> ColumnElement[bool]:
    sequence, previous = column("sequence", Integer), column("previous_sequence", Integer)
    return (sequence == 1) & previous.is_(None) | previous.is_not(None) & (previous + 1 == sequence) & (previous > 0)


def _starts_after_previous() -> ColumnElement[bool]:
    """Return the condition that an assignment does not overlap the previous one, which must have an end."""
    sequence, start = column("sequence", Integer), column("start", BigInteger)
    previous_until = column("previous_until", BigInteger)
    is_after = previous_until.is_not(None) & (previous_until <= start)
    return (sequence == 1) & previous_until.is_(None) | (sequence > 1) & is_after


def _starts_before_end() -> ColumnElement[bool]:
    return column("start", BigInteger) < column("end", BigInteger)


accounts_table = define_table(
    "billing_account",
    Column("id", String(64), primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("currency", String(3), nullable=False),
    Column("plan", String(64), nullable=False),
    Column("plan_from", BigInteger),
    Column("tax_rate", String(16), nullable=False),
    Column("party", Json, nullable=False),
    Column("billed_until", BigInteger),
    Column("created_at", BigInteger, nullable=False),
)

assignments_table = define_table(
    "billing_assignment",
    Column("id", String(64), primary_key=True),
    Column("account_id", String(64), ForeignKey("billing_account.id"), nullable=False, index=True),
    Column("project_id", String(64), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("previous_sequence", Integer),
    Column("previous_until", BigInteger),
    Column("start", BigInteger, nullable=False),
    Column("until", BigInteger),
    UniqueConstraint("project_id", "sequence"),
    UniqueConstraint("project_id", "sequence", "until"),
    ForeignKeyConstraint(
        ["project_id", "previous_sequence", "previous_until"],
        ["billing_assignment.project_id", "billing_assignment.sequence", "billing_assignment.until"],
        name="fk_billing_assignment_previous",
    ),
    CheckConstraint(_follows_previous(), name="sequence"),
    CheckConstraint(_starts_after_previous(), name="previous"),
    CheckConstraint("until IS NULL OR start < until", name="period"),
)

documents_table = define_table(
    "billing_document",
    Column("number", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("series", String(16), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("previous_sequence", Integer),
    Column("account_id", String(64), ForeignKey("billing_account.id"), nullable=False, index=True),
    Column("account_name", String(255), nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("as_of", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("minor_digits", Integer, nullable=False),
    Column("net_minor", BigInteger, nullable=False),
    Column("tax_minor", BigInteger, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("content", LongBytes, nullable=False),
    UniqueConstraint("series", "sequence"),
    ForeignKeyConstraint(
        ["series", "previous_sequence"],
        ["billing_document.series", "billing_document.sequence"],
        name="fk_billing_document_previous",
    ),
    CheckConstraint(_follows_previous(), name="sequence"),
    CheckConstraint(_starts_before_end(), name="period"),
    CheckConstraint("net_minor + tax_minor = total_minor", name="total"),
    CheckConstraint("kind IN ('invoice', 'credit_note', 'debit_note')", name="kind"),
)

document_taxes_table = define_table(
    "billing_document_tax",
    Column("number", String(64), ForeignKey("billing_document.number"), primary_key=True),
    Column("code", String(4), primary_key=True),
    Column("rate", String(16), primary_key=True),
    Column("taxable_minor", BigInteger, nullable=False),
    Column("tax_minor", BigInteger, nullable=False),
)

document_references_table = define_table(
    "billing_document_reference",
    Column("number", String(64), ForeignKey("billing_document.number"), primary_key=True),
    Column("referenced_number", String(64), ForeignKey("billing_document.number"), primary_key=True, index=True),
    CheckConstraint("number <> referenced_number", name="other"),
)

periods_table = define_table(
    "billing_period",
    Column("id", String(64), primary_key=True),
    Column("account_id", String(64), ForeignKey("billing_account.id"), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("previous_sequence", Integer),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("as_of", BigInteger, nullable=False),
    Column("closed_at", BigInteger, nullable=False),
    Column("plan", String(64), nullable=False),
    Column("document_number", String(64), ForeignKey("billing_document.number"), unique=True),
    UniqueConstraint("account_id", "sequence"),
    UniqueConstraint("account_id", "sequence", "end"),
    ForeignKeyConstraint(
        ["account_id", "previous_sequence", "start"],
        ["billing_period.account_id", "billing_period.sequence", "billing_period.end"],
        name="fk_billing_period_previous",
    ),
    CheckConstraint(_follows_previous(), name="sequence"),
    CheckConstraint(_starts_before_end(), name="period"),
)

price_changes_table = define_table(
    "billing_price_change",
    Column("id", String(64), primary_key=True),
    Column("created_at", BigInteger, nullable=False, index=True),
    Column("author", LongText, nullable=False),
    Column("reason", LongText, nullable=False),
    Column("plan", String(64), ForeignKey("rating_plan.name"), nullable=False),
    Column("previous_plan", String(64), ForeignKey("rating_plan.name")),
    Column("versions", Json, nullable=False),
    CheckConstraint("reason <> ''", name="reason"),
    CheckConstraint("plan <> previous_plan", name="plan"),
)

price_differences_table = define_table(
    "billing_price_difference",
    Column("change_id", String(64), ForeignKey("billing_price_change.id"), primary_key=True),
    Column("account_id", String(64), ForeignKey("billing_account.id"), primary_key=True, index=True),
    Column("account_name", String(255), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("net_before", String(64), nullable=False),
    Column("net_after", String(64), nullable=False),
    Column("difference", String(64), nullable=False),
    Column("exact_difference", String(64), nullable=False),
    CheckConstraint(_starts_before_end(), name="period"),
)

numbers_table = define_table(
    "billing_number",
    Column("series", String(16), primary_key=True),
    Column("last", Integer, nullable=False),
)

seller_table = define_table(
    "billing_seller",
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("party", Json, nullable=False),
)
