"""Closed periods."""

from collections.abc import Sequence

from stratiform.kit.database import Connection, Rows
from stratiform.services.billing.model import Period
from stratiform.services.billing.tables import periods_table

_rows = Rows(periods_table, Period)


def list_periods(db: Connection, account_id: str) -> Sequence[Period]:
    """Return the closed periods of a customer account, oldest first."""
    return _rows.all(db, periods_table.c.account_id == account_id, order=(periods_table.c.start,))


def insert_period(db: Connection, period: Period) -> None:
    previous_sequence = period.sequence - 1 or None
    db.execute(periods_table.insert().values(**_rows.values(period), previous_sequence=previous_sequence))
