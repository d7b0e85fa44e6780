"""Closed periods."""

from collections.abc import Sequence

from sqlalchemy import select

from stratiform.kit.database import Connection, TableGateway
from stratiform.services.billing.model import BillingPeriod
from stratiform.services.billing.tables import periods_table

_rows = TableGateway(periods_table, BillingPeriod)


def list_periods(db: Connection, account_id: str) -> Sequence[BillingPeriod]:
    """Return the closed periods of a customer account, oldest first."""
    return _rows.list_all(db, periods_table.c.account_id == account_id, order=(periods_table.c.start,))


def list_account_ids(db: Connection) -> Sequence[str]:
    """Return the ids of the customer accounts that have closed periods."""
    return list(db.execute(select(periods_table.c.account_id).distinct()).scalars())


def insert_period(db: Connection, period: BillingPeriod) -> None:
    previous_sequence = period.sequence - 1 or None
    db.execute(periods_table.insert().values(**_rows.to_columns(period), previous_sequence=previous_sequence))
