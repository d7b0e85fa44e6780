"""Queries on flavors and flavor access."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, insert, select

from stratiform.kit.database import Connection, TableGateway, upsert
from stratiform.kit.pagination import Page, Slice, paginate_list
from stratiform.services.compute.model.flavors import Flavor, FlavorFilter
from stratiform.services.compute.tables import flavor_access_table, flavor_table

_flavors = TableGateway(flavor_table, Flavor)

#: Columns by Nova's sort key.
SORT_COLUMNS = {
    "flavorid": "id",
    "id": "id",
    "name": "name",
    "memory_mb": "ram",
    "vcpus": "vcpus",
    "root_gb": "disk",
    "ephemeral_gb": "ephemeral",
    "swap": "swap",
    "rxtx_factor": "rxtx_factor",
    "is_public": "is_public",
    "created_at": "created_at",
    "disabled": "id",
}


def find_flavor(db: Connection, flavor_id: str) -> Flavor | None:
    """Return any flavor, public or private."""
    return _flavors.find(db, flavor_id)


def find_accessible_flavor(db: Connection, flavor_id: str, project_id: str | None) -> Flavor | None:
    """Return the flavor if it is public, or the project has access to it."""
    return _flavors.find_first(db, flavor_table.c.id == flavor_id, _accessible(project_id))


def find_flavor_by_name(db: Connection, name: str) -> Flavor | None:
    return _flavors.find_first(db, flavor_table.c.name == name)


def has_flavors(db: Connection) -> bool:
    return _flavors.find_first(db) is not None


def list_all_flavors(db: Connection) -> Sequence[Flavor]:
    """Return all flavors, public and private, ordered by id."""
    return _flavors.list_all(db)


def list_flavors(db: Connection, filters: FlavorFilter, page: Page) -> Slice[Flavor]:
    """Return a page of all flavors, public and private."""
    return _list(db, filters, page)


def list_accessible_flavors(db: Connection, project_id: str | None, filters: FlavorFilter, page: Page) -> Slice[Flavor]:
    """Return a page of the public flavors and of those that the project has access to."""
    return _list(db, filters, page, _accessible(project_id))


def insert_flavor(db: Connection, flavor: Flavor) -> None:
    _flavors.insert(db, flavor)


def insert_flavor_if_absent(db: Connection, flavor: Flavor) -> None:
    upsert(db, flavor_table, _flavors.to_columns(flavor), key=("id",), on_conflict={})


def save_flavor(db: Connection, flavor: Flavor) -> Flavor:
    return _flavors.save(db, flavor)


def delete_flavor(db: Connection, flavor_id: str) -> bool:
    """Delete the flavor and the access to it. Return False if it does not exist."""
    db.execute(delete(flavor_access_table).where(flavor_access_table.c.flavor_id == flavor_id))
    return _flavors.delete(db, flavor_table.c.id == flavor_id) == 1


def list_access(db: Connection, flavor_id: str) -> Sequence[str]:
    """Return the ids of the projects with access to a private flavor."""
    c = flavor_access_table.c
    return list(db.execute(select(c.project_id).where(c.flavor_id == flavor_id).order_by(c.project_id)).scalars())


def grant_access(db: Connection, flavor_id: str, project_id: str) -> None:
    db.execute(insert(flavor_access_table).values(flavor_id=flavor_id, project_id=project_id))


def revoke_access(db: Connection, flavor_id: str, project_id: str) -> bool:
    """Return False if the project has no access."""
    c = flavor_access_table.c
    row = (c.flavor_id == flavor_id) & (c.project_id == project_id)
    return db.execute(delete(flavor_access_table).where(row)).rowcount == 1


def _accessible(project_id: str | None) -> ColumnElement[bool]:
    c = flavor_access_table.c
    granted = select(c.flavor_id).where(c.project_id == (project_id or ""))
    return flavor_table.c.is_public.is_(True) | flavor_table.c.id.in_(granted)


def _list(db: Connection, filters: FlavorFilter, page: Page, *conditions: ColumnElement[bool]) -> Slice[Flavor]:
    """Read all flavors that match, and cut the page in memory: there are few."""
    c = flavor_table.c
    where = list(conditions)
    if filters.is_public is not None:
        where.append(c.is_public.is_(filters.is_public))
    if filters.min_ram:
        where.append(c.ram >= filters.min_ram)
    if filters.min_disk:
        where.append(c.disk >= filters.min_disk)
    column = c[SORT_COLUMNS[filters.sort_key]]
    order = [column.desc(), c.id.desc()] if filters.sort_dir == "desc" else [column, c.id]
    return paginate_list(_flavors.list_all(db, *where, order=order), page, lambda flavor: flavor.id)
