"""Every query of rating."""

from dataclasses import dataclass
from typing import Any

from stratiform.kit.clock import Micros
from stratiform.kit.db import Connection, Rows
from stratiform.kit.pagination import Page, Slice
from stratiform.services.rating.tables import plans_table, versions_table


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan without its versions."""

    name: str
    currency: str
    unpriced: str
    created_at: Micros


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version as it is stored: `document` is that of model.Version."""

    id: str
    plan: str
    valid_from: Micros
    sha256: str
    document: dict[str, Any]
    created_at: Micros


_plans = Rows(plans_table, PlanRow, key="name")
_versions = Rows(versions_table, VersionRow)


def plan(db: Connection, name: str) -> PlanRow | None:
    return _plans.get(db, name)


def plans(db: Connection, page: Page) -> Slice[PlanRow]:
    return _plans.page(db, page)


def versions(db: Connection, plan_name: str) -> list[VersionRow]:
    c = versions_table.c
    return _versions.all(db, c.plan == plan_name, order=(c.valid_from,))


def add_plan(db: Connection, row: PlanRow) -> None:
    _plans.insert(db, row)


def set_unpriced(db: Connection, name: str, unpriced: str) -> None:
    _plans.update(db, name, unpriced=unpriced)


def add_version(db: Connection, row: VersionRow) -> None:
    _versions.insert(db, row)
