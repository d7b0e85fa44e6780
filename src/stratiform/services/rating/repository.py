"""Queries of price plans."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, IntegrityError, TableGateway
from stratiform.kit.pagination import Page, Slice
from stratiform.services.rating.errors import PlanConflict
from stratiform.services.rating.tables import free_types_table, plans_table, versions_table


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan without its versions."""

    name: str
    currency: str
    unpriced: str
    created_at: Micros


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version with its document."""

    id: str
    plan: str
    valid_from: Micros
    sha256: str
    document: dict[str, object]
    created_at: Micros


_plans = TableGateway(plans_table, PlanRow, key="name")
_versions = TableGateway(versions_table, VersionRow)


def find_plan(db: Connection, name: str) -> PlanRow | None:
    return _plans.find(db, name)


def list_plans(db: Connection, page: Page) -> Slice[PlanRow]:
    """Return a page of plans, sorted by name."""
    return _plans.list_page(db, page)


def list_all_plans(db: Connection) -> list[PlanRow]:
    """Return every plan, sorted by name."""
    return _plans.list_all(db)


def list_versions(db: Connection, plan_name: str) -> list[VersionRow]:
    """Return the versions of a plan, the oldest first."""
    c = versions_table.c
    return _versions.list_all(db, c.plan == plan_name, order=(c.valid_from,))


def lock_plan(db: Connection, name: str, *, shared: bool = False) -> None:
    """Lock a plan until the transaction ends; a shared lock keeps others only from changing it."""
    statement = select(plans_table.c.name).where(plans_table.c.name == name)
    db.execute(statement.with_for_update(read=shared)).all()


def insert_plan(db: Connection, row: PlanRow) -> None:
    """Raises: PlanConflict if another request has published the plan"""
    try:
        _plans.insert(db, row)
    except IntegrityError as error:
        raise PlanConflict(
            f"Plan '{row.name}' is being published by another request", hint="retry the request"
        ) from error


def update_plan(db: Connection, name: str, unpriced: str) -> None:
    _plans.update(db, name, unpriced=unpriced)


def list_free_types(db: Connection, plan_name: str) -> list[str]:
    """Return the resource types that a plan declares free of charge, sorted."""
    c = free_types_table.c
    return list(db.execute(select(c.resource_type).where(c.plan == plan_name).order_by(c.resource_type)).scalars())


def replace_free_types(db: Connection, plan_name: str, resource_types: Sequence[str]) -> None:
    db.execute(free_types_table.delete().where(free_types_table.c.plan == plan_name))
    if resource_types:
        rows = [{"plan": plan_name, "resource_type": name} for name in resource_types]
        db.execute(free_types_table.insert(), rows)


def insert_version(db: Connection, row: VersionRow) -> None:
    _versions.insert(db, row)
