"""Customer accounts and the seller."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import cast

import msgspec
from sqlalchemy import func, select

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, IntegrityError, TableGateway, upsert
from stratiform.kit.pagination import Page, Slice
from stratiform.services.billing.errors import CustomerAccountExists
from stratiform.services.billing.model import CustomerAccount, Party
from stratiform.services.billing.tables import accounts_table, periods_table, seller_table

_by_id = TableGateway(accounts_table, CustomerAccount)
_by_name = TableGateway(accounts_table, CustomerAccount, key="name")


def find_customer_account(db: Connection, name_or_id: str) -> CustomerAccount | None:
    """Look for a name first, then for an id."""
    row = _by_name.find(db, name_or_id) or _by_id.find(db, name_or_id)
    return None if row is None else _decode(row)


def list_customer_accounts(db: Connection, page: Page) -> Slice[CustomerAccount]:
    """Return a page of customer accounts by name; the marker is a name."""
    rows = _by_name.list_page(db, page)
    return Slice([_decode(row) for row in rows.items], rows.more)


def insert_customer_account(db: Connection, account: CustomerAccount) -> None:
    """Raises: CustomerAccountExists"""
    try:
        _by_id.insert(db, replace(account, party=cast("Party", _encode_party(account.party))))
    except IntegrityError as error:
        raise CustomerAccountExists(account.name) from error


def save_customer_account(db: Connection, account: CustomerAccount) -> None:
    """Update all columns of a locked customer account. Raises: CustomerAccountExists"""
    try:
        _by_id.save(db, replace(account, party=cast("Party", _encode_party(account.party))))
    except IntegrityError as error:
        raise CustomerAccountExists(account.name) from error


def lock_customer_accounts(db: Connection, ids: Iterable[str]) -> None:
    """Lock customer accounts until the transaction ends, in the order of ids, which prevents deadlocks."""
    c = accounts_table.c
    db.execute(select(c.id).where(c.id.in_(sorted(set(ids)))).order_by(c.id).with_for_update()).all()


def list_customer_accounts_of_plan(db: Connection, plan: str) -> Sequence[CustomerAccount]:
    """Return the customer accounts with a price plan by name."""
    c = accounts_table.c
    return [_decode(row) for row in _by_id.list_all(db, c.plan == plan, order=(c.name,))]


def update_billed_until(db: Connection, account_id: str, billed_until: Micros) -> None:
    """Move the start of the open period of a locked customer account."""
    _by_id.update(db, account_id, billed_until=billed_until)


def find_last_closed_end(db: Connection, plan: str | None = None) -> Micros | None:
    """Return the end of the last period that was closed, with a price plan or with any."""
    statement = select(func.max(periods_table.c.end))
    if plan is not None:
        statement = statement.where(periods_table.c.plan == plan)
    return cast("Micros | None", db.execute(statement).scalar())


def get_seller(db: Connection) -> Party:
    """Return the seller; an empty party if none is set."""
    row = db.execute(select(seller_table.c.party).where(seller_table.c.id == 1)).scalar()
    return Party() if row is None else msgspec.convert(row, Party)


def save_seller(db: Connection, seller: Party) -> None:
    party = _encode_party(seller)
    upsert(db, seller_table, {"id": 1, "party": party}, key=("id",), on_conflict={"party": party})


def _decode(row: CustomerAccount) -> CustomerAccount:
    return replace(row, party=msgspec.convert(row.party, Party))


def _encode_party(party: Party) -> Mapping[str, object]:
    return cast("Mapping[str, object]", msgspec.to_builtins(party))
