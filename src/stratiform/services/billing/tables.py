"""Accounts, what they pay for, what was closed and issued. Closed periods and invoices are never changed."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.dialects import mysql

from stratiform.kit.db import Json, table

#: A document of any size.
_Document = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")

accounts_table = table(
    "billing_account",
    Column("id", String(64), primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("currency", String(3), nullable=False),
    Column("plan", String(64), nullable=False),
    Column("tax_rate", String(16), nullable=False),
    Column("party", Json, nullable=False),
    Column("billed_until", BigInteger),
    Column("created_at", BigInteger, nullable=False),
)

assignments_table = table(
    "billing_assignment",
    Column("id", String(64), primary_key=True),
    Column("account_id", String(64), ForeignKey("billing_account.id"), nullable=False, index=True),
    Column("project_id", String(64), nullable=False, index=True),
    Column("start", BigInteger, nullable=False),
    Column("until", BigInteger),
)

periods_table = table(
    "billing_period",
    Column("id", String(64), primary_key=True),
    Column("account_id", String(64), ForeignKey("billing_account.id"), nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("as_of", BigInteger, nullable=False),
    Column("closed_at", BigInteger, nullable=False),
    Column("invoice_number", String(64), nullable=False, unique=True),
    UniqueConstraint("account_id", "start"),
)

invoices_table = table(
    "billing_invoice",
    Column("number", String(64), primary_key=True),
    Column("account_id", String(64), ForeignKey("billing_account.id"), nullable=False, index=True),
    Column("account", String(255), nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("total", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("document", _Document, nullable=False),
)

numbers_table = table(
    "billing_number",
    Column("series", String(16), primary_key=True),
    Column("last", Integer, nullable=False),
)

seller_table = table(
    "billing_seller",
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("party", Json, nullable=False),
)
