"""Records of retroactive price changes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import cast

import msgspec
from sqlalchemy import insert, select

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, TableGateway
from stratiform.kit.pagination import Page, Slice
from stratiform.services.billing.model import CostDifference, PlanVersionReference, PriceChange
from stratiform.services.billing.tables import price_changes_table, price_differences_table


@dataclass(frozen=True, slots=True)
class _ChangeRow:
    id: str
    created_at: Micros
    author: str
    reason: str
    plan: str
    previous_plan: str | None
    versions: object


_changes = TableGateway(price_changes_table, _ChangeRow)
_differences = TableGateway(price_differences_table, CostDifference, key="account_id")


def insert_price_change(db: Connection, change: PriceChange) -> None:
    versions = [asdict(version) for version in change.versions]
    _changes.insert(
        db,
        _ChangeRow(
            change.id, change.created_at, change.author, change.reason, change.plan, change.previous_plan, versions
        ),
    )
    rows = [{**_differences.to_columns(each), "change_id": change.id} for each in change.differences]
    db.execute(insert(price_differences_table), rows)


def list_price_changes(db: Connection, page: Page) -> Slice[PriceChange]:
    """Return a page of price changes, newest first; the marker is an id."""
    rows = _changes.list_page(db, page, newest_by="created_at")
    differences = _list_differences(db, [row.id for row in rows.items])
    return Slice([_build_change(row, differences[row.id]) for row in rows.items], rows.more)


def _list_differences(db: Connection, change_ids: Sequence[str]) -> Mapping[str, tuple[CostDifference, ...]]:
    """Return the differences of price changes by the name of the customer account."""
    c = price_differences_table.c
    query = select(c.change_id, *_differences.columns).where(c.change_id.in_(change_ids))
    rows = db.execute(query.order_by(c.change_id, c.account_name, c.account_id)).all()
    by_change = groupby(rows, key=lambda row: cast("str", row[0]))
    return {change_id: tuple(CostDifference(*row[1:]) for row in group) for change_id, group in by_change}


def _build_change(row: _ChangeRow, differences: tuple[CostDifference, ...]) -> PriceChange:
    versions = msgspec.convert(row.versions, tuple[PlanVersionReference, ...])
    return PriceChange(
        row.id, row.created_at, row.author, row.reason, row.plan, row.previous_plan, versions, differences
    )
