"""Every query of billing."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, exists, func, or_, select

from stratiform.kit.clock import Micros
from stratiform.kit.db import Connection, Rows, upsert
from stratiform.kit.pagination import Page, Slice
from stratiform.services.billing.model import Account, Assignment, Invoice, Party, Period
from stratiform.services.billing.tables import (
    accounts_table,
    assignments_table,
    invoices_table,
    numbers_table,
    periods_table,
    seller_table,
)


@dataclass(frozen=True, slots=True)
class _Issued:
    """An invoice with its document."""

    number: str
    account_id: str
    account: str
    start: Micros
    end: Micros
    issued_at: Micros
    currency: str
    total: str
    sha256: str
    document: bytes


_accounts = Rows(accounts_table, Account)
_by_name = Rows(accounts_table, Account, key="name")
_assignments = Rows(assignments_table, Assignment)
_periods = Rows(periods_table, Period)
_invoices = Rows(invoices_table, Invoice, key="number")
_issued = Rows(invoices_table, _Issued, key="number")


def _account(stored: Account) -> Account:
    return replace(stored, party=msgspec.convert(stored.party, Party))


def account(db: Connection, key: str) -> Account | None:
    """By name, else by id."""
    found = _by_name.find(db, key) or _accounts.find(db, key)
    return found and _account(found)


def accounts(db: Connection, page: Page) -> Slice[Account]:
    found = _by_name.page(db, page)
    return Slice([_account(stored) for stored in found.items], found.more)


def add_account(db: Connection, new: Account) -> None:
    _accounts.insert(db, replace(new, party=_document(new.party)))


def _document(party: Party) -> Any:
    return msgspec.to_builtins(party)


def bill_until(db: Connection, account_id: str, before: Micros | None, end: Micros | None) -> bool:
    """Move `billed_until` from `before` to `end`; False where someone else moved it first."""
    c = accounts_table.c
    stood = c.billed_until.is_(None) if before is None else c.billed_until == before
    return db.execute(accounts_table.update().where(c.id == account_id, stood).values(billed_until=end)).rowcount == 1


def billed_until_by_plan(db: Connection, plan: str) -> Micros | None:
    """The end of the last period that was closed by `plan`."""
    paid_by = accounts_table.join(periods_table, periods_table.c.account_id == accounts_table.c.id)
    last = select(func.max(periods_table.c.end)).select_from(paid_by).where(accounts_table.c.plan == plan)
    found: Micros | None = db.execute(last).scalar()
    return found


def assignments(db: Connection, *, account_id: str | None = None, project_id: str | None = None) -> list[Assignment]:
    c = assignments_table.c
    given = ((c.account_id, account_id), (c.project_id, project_id))
    conditions = [column == value for column, value in given if value is not None]
    return _assignments.all(db, *conditions, order=(c.start, c.id))


def add_assignment(db: Connection, new: Assignment) -> None:
    _assignments.insert(db, new)


def end_assignment(db: Connection, assignment_id: str, until: Micros) -> None:
    _assignments.update(db, assignment_id, until=until)


def periods(db: Connection, account_id: str) -> list[Period]:
    return _periods.all(db, periods_table.c.account_id == account_id, order=(periods_table.c.start,))


def add_period(db: Connection, new: Period) -> None:
    _periods.insert(db, new)


def next_number(db: Connection, series: str) -> int:
    """1, 2, 3 …, with no gap: where the caller's transaction fails the number is not taken."""
    last = numbers_table.c.last
    upsert(db, numbers_table, {"series": series, "last": 1}, key=("series",), on_conflict={"last": last + 1})
    return int(db.execute(select(last).where(numbers_table.c.series == series)).scalar_one())


def add_invoice(db: Connection, new: Invoice, document: bytes) -> None:
    _issued.insert(db, _Issued(**asdict(new), document=document))


def invoices(db: Connection, page: Page, *, account_id: str | None, project_id: str | None) -> Slice[Invoice]:
    """The newest first; `project_id`: those of the accounts that paid for it in the period of the invoice."""
    conditions = [] if account_id is None else [invoices_table.c.account_id == account_id]
    if project_id is not None:
        conditions.append(_of_project(project_id))
    return _invoices.page(db, page, *conditions, newest_by="issued_at")


def invoice(db: Connection, number: str, *, project_id: str | None) -> tuple[Invoice, bytes] | None:
    """An invoice and its document; `project_id` as in `invoices`."""
    conditions = [invoices_table.c.number == number]
    if project_id is not None:
        conditions.append(_of_project(project_id))
    found = _issued.first(db, *conditions)
    if found is None:
        return None
    head = {field.name: getattr(found, field.name) for field in fields(Invoice)}
    return Invoice(**head), bytes(found.document)


def _of_project(project_id: str) -> ColumnElement[bool]:
    a, i = assignments_table.c, invoices_table.c
    return exists().where(
        a.account_id == i.account_id,
        a.project_id == project_id,
        a.start < i.end,
        or_(a.until.is_(None), a.until > i.start),
    )


def seller(db: Connection) -> Party:
    stored = db.execute(select(seller_table.c.party).where(seller_table.c.id == 1)).scalar()
    return Party() if stored is None else msgspec.convert(stored, Party)


def set_seller(db: Connection, party: Party) -> None:
    upsert(
        db,
        seller_table,
        {"id": 1, "party": _document(party)},
        key=("id",),
        on_conflict={"party": _document(party)},
    )
