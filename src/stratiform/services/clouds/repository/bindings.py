"""Queries on bindings of projects to clouds and pools."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, insert, select

from stratiform.kit.database import Connection, IntegrityError
from stratiform.services.clouds.model import UNBOUND_PROJECTS, Binding
from stratiform.services.clouds.tables import bindings_table, clouds_table, pool_members_table, pools_table


def _select_bindings() -> Select[tuple[Any, ...]]:
    """Select a row per binding to a cloud, and per member of a pool to which a project is bound."""
    b, c, p, m = bindings_table.c, clouds_table.c, pools_table.c, pool_members_table.c
    joined = (
        bindings_table.outerjoin(pool_members_table, m.pool_id == b.pool_id)
        .outerjoin(pools_table, p.id == b.pool_id)
        .join(clouds_table, c.id == func.coalesce(b.cloud_id, m.cloud_id))
    )
    columns = (
        b.project_id,
        c.id,
        c.name,
        b.zone,
        func.coalesce(m.native_zone, b.native_zone),
        b.created_at,
        func.coalesce(p.name, ""),
    )
    return select(*columns).select_from(joined).order_by(b.seq, m.seq)


def _list_bindings(db: Connection, *conditions: ColumnElement[bool]) -> list[Binding]:
    return [Binding(*row) for row in db.execute(_select_bindings().where(*conditions))]


def list_bindings_of_project(db: Connection, project_id: str) -> list[Binding]:
    """Return a project's own bindings, oldest first."""
    return _list_bindings(db, bindings_table.c.project_id == project_id)


def list_effective_bindings(db: Connection, project_id: str) -> list[Binding]:
    """Return a project's own bindings, oldest first; those of all unbound projects if it has none.

    A project that is bound only to pools without clouds has none of either.
    """
    return list_bindings_of_project(db, project_id if has_bindings(db, project_id) else UNBOUND_PROJECTS)


def has_bindings(db: Connection, project_id: str) -> bool:
    """Return True if a project is bound to a cloud or to a pool, also to one without clouds."""
    b = bindings_table.c
    return db.execute(select(b.seq).where(b.project_id == project_id).limit(1)).first() is not None


def list_bindings_of_cloud(db: Connection, cloud_id: str) -> list[Binding]:
    """Return the bindings of a cloud, also those by a pool, oldest first."""
    return _list_bindings(db, clouds_table.c.id == cloud_id)


def insert_binding(db: Connection, binding: Binding) -> bool:
    """Insert a binding to a cloud. Return False if it exists already; then the transaction is aborted."""
    return _insert(db, binding, cloud_id=binding.cloud_id, pool_id=None)


def insert_pool_binding(db: Connection, binding: Binding, pool_id: str) -> bool:
    """Insert a binding to a pool, as `insert_binding`."""
    return _insert(db, binding, cloud_id=None, pool_id=pool_id)


def _insert(db: Connection, binding: Binding, **target: str | None) -> bool:
    values = {name: getattr(binding, name) for name in ("project_id", "zone", "native_zone", "created_at")}
    try:
        db.execute(insert(bindings_table).values(values | target))
    except IntegrityError:
        return False
    return True


def find_pool_binding_time(db: Connection, project_id: str, zone: str, pool_id: str) -> int | None:
    """Return when a project was bound to a pool in a zone; None if it is not."""
    b = bindings_table.c
    query = select(b.created_at).where(b.project_id == project_id, b.zone == zone, b.pool_id == pool_id)
    time = db.execute(query).scalar()
    return None if time is None else int(time)


def list_projects_of_pool(db: Connection, pool_id: str) -> Sequence[str]:
    """Return the ids of the projects that are bound to a pool, oldest first."""
    b = bindings_table.c
    return list(dict.fromkeys(db.execute(select(b.project_id).where(b.pool_id == pool_id).order_by(b.seq)).scalars()))


def delete_bindings(db: Connection, project_id: str, cloud_id: str, zone: str | None) -> int:
    """Delete the bindings of a project to a cloud, or only that of `zone`. Return their number."""
    return _delete(db, bindings_table.c.cloud_id == cloud_id, project_id, zone)


def delete_pool_bindings(db: Connection, project_id: str, pool_id: str, zone: str | None) -> int:
    """Delete the bindings of a project to a pool, as `delete_bindings`."""
    return _delete(db, bindings_table.c.pool_id == pool_id, project_id, zone)


def _delete(db: Connection, condition: ColumnElement[bool], project_id: str, zone: str | None) -> int:
    condition &= bindings_table.c.project_id == project_id
    if zone is not None:
        condition &= bindings_table.c.zone == zone
    return db.execute(delete(bindings_table).where(condition)).rowcount
