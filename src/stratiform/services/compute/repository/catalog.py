"""Queries on flavors, who may use them, and key pairs."""

from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select

from stratiform.kit.db import Connection, Rows, upsert
from stratiform.kit.pagination import Page, Slice, paginate
from stratiform.services.compute.model.flavor import Flavor, FlavorFilter
from stratiform.services.compute.model.keypair import KeyPair
from stratiform.services.compute.tables import flavor_access_table, flavor_table, keypair_table

flavors = Rows(flavor_table, Flavor)
keypairs = Rows(keypair_table, KeyPair)

#: Nova's sort keys, and what they are called here.
FLAVOR_SORT = {
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


def _usable(project_id: str | None) -> ColumnElement[bool]:
    """Public flavors, and those that the project was given."""
    c = flavor_access_table.c
    given = select(c.flavor_id).where(c.project_id == (project_id or ""))
    return flavor_table.c.is_public.is_(True) | flavor_table.c.id.in_(given)


def flavor(db: Connection, flavor_id: str, project_id: str | None, *, every: bool) -> Flavor | None:
    where = [flavor_table.c.id == flavor_id] + ([] if every else [_usable(project_id)])
    return flavors.first(db, *where)


def list_flavors(
    db: Connection, project_id: str | None, wanted: FlavorFilter, page: Page, *, every: bool
) -> Slice[Flavor]:
    """A page of flavors; there are never so many that they need to be cut in the database."""
    c = flavor_table.c
    where: list[ColumnElement[bool]] = [] if every else [_usable(project_id)]
    if wanted.is_public is not None:
        where.append(c.is_public.is_(True) if wanted.is_public else c.is_public.is_(False))
    if wanted.min_ram:
        where.append(c.ram >= wanted.min_ram)
    if wanted.min_disk:
        where.append(c.disk >= wanted.min_disk)
    column = c[FLAVOR_SORT[wanted.sort_key]]
    order = [column.desc(), c.id.desc()] if wanted.sort_dir == "desc" else [column, c.id]
    return paginate(flavors.all(db, *where, order=order), page, lambda found: found.id)


def delete_flavor(db: Connection, flavor_id: str) -> bool:
    db.execute(delete(flavor_access_table).where(flavor_access_table.c.flavor_id == flavor_id))
    return flavors.delete(db, flavor_table.c.id == flavor_id) == 1


def access(db: Connection, flavor_id: str) -> list[str]:
    c = flavor_access_table.c
    return list(db.execute(select(c.project_id).where(c.flavor_id == flavor_id).order_by(c.project_id)).scalars())


def grant(db: Connection, flavor_id: str, project_id: str) -> None:
    db.execute(insert(flavor_access_table).values(flavor_id=flavor_id, project_id=project_id))


def revoke(db: Connection, flavor_id: str, project_id: str) -> bool:
    c = flavor_access_table.c
    row = (c.flavor_id == flavor_id) & (c.project_id == project_id)
    return db.execute(delete(flavor_access_table).where(row)).rowcount == 1


def add_default_flavor(db: Connection, flavor: Flavor) -> None:
    """Insert unless there is one with this id."""
    values: dict[str, Any] = flavors.values(flavor)
    upsert(db, flavor_table, values, key=("id",), change={})


def keypair(db: Connection, user_id: str, name: str) -> KeyPair | None:
    return keypairs.first(db, keypair_table.c.user_id == user_id, keypair_table.c.name == name)


def list_keypairs(db: Connection, user_id: str, page: Page) -> Slice[KeyPair]:
    """A page of a user's key pairs, by name; the marker is a name."""
    found = keypairs.all(db, keypair_table.c.user_id == user_id, order=[keypair_table.c.name])
    return paginate(found, page, lambda pair: pair.name)


def delete_keypair(db: Connection, user_id: str, name: str) -> bool:
    return keypairs.delete(db, keypair_table.c.user_id == user_id, keypair_table.c.name == name) == 1
