"""Every query of clouds."""

from typing import Any

from sqlalchemy import ColumnElement, Select, delete, insert, select

from stratiform.kit.db import Connection, IntegrityError, Rows, upsert
from stratiform.services.clouds.errors import CloudInUse
from stratiform.services.clouds.model import Binding, Cloud, Native
from stratiform.services.clouds.tables import bindings_table, clouds_table, natives_table

clouds = Rows(clouds_table, Cloud)
_natives = Rows(natives_table, Native, key="ours_id")


def insert_cloud(db: Connection, cloud: Cloud, secrets: str) -> bool:
    """False where the name is taken; the transaction is of no use then."""
    try:
        db.execute(insert(clouds_table).values(**clouds.values(cloud), secrets=secrets))
    except IntegrityError:
        return False
    return True


def save_cloud(db: Connection, cloud: Cloud, secrets: str) -> None:
    clouds.change(db, cloud.id, **clouds.values(cloud), secrets=secrets)


def secrets_of(db: Connection, cloud_id: str) -> str:
    """The encrypted secrets of a cloud that exists."""
    return str(db.execute(select(clouds_table.c.secrets).where(clouds_table.c.id == cloud_id)).scalar_one())


def lock_cloud(db: Connection, cloud_id: str) -> None:
    """Two changes of one cloud's settings come one after the other."""
    db.execute(select(clouds_table.c.id).where(clouds_table.c.id == cloud_id).with_for_update())


def clouds_in_order(db: Connection) -> list[Cloud]:
    return clouds.all(db, order=(clouds_table.c.name,))


def named(db: Connection, name: str) -> Cloud | None:
    return clouds.first(db, clouds_table.c.name == name)


def delete_cloud(db: Connection, cloud_id: str) -> None:
    """With what is named in it. Raises CloudInUse where a project was bound to it in the meantime."""
    _natives.delete(db, natives_table.c.cloud_id == cloud_id)
    try:
        clouds.delete(db, clouds_table.c.id == cloud_id)
    except IntegrityError as error:
        raise CloudInUse("projects are bound to this cloud") from error


def _bindings() -> Select[Any]:
    b, c = bindings_table.c, clouds_table.c
    joined = bindings_table.join(clouds_table, b.cloud_id == c.id)
    columns = (b.project_id, b.cloud_id, c.name, b.zone, b.native_zone, b.created_at)
    return select(*columns).select_from(joined).order_by(b.seq)


def bindings(db: Connection, *where: ColumnElement[bool]) -> list[Binding]:
    """Oldest first."""
    return [Binding(*row) for row in db.execute(_bindings().where(*where))]


def bindings_of_project(db: Connection, project_id: str) -> list[Binding]:
    return bindings(db, bindings_table.c.project_id == project_id)


def bindings_of_cloud(db: Connection, cloud_id: str) -> list[Binding]:
    return bindings(db, bindings_table.c.cloud_id == cloud_id)


def insert_binding(db: Connection, binding: Binding) -> bool:
    """False where the project has this zone already; the transaction is of no use then."""
    values = {name: getattr(binding, name) for name in ("project_id", "cloud_id", "zone", "native_zone", "created_at")}
    try:
        db.execute(insert(bindings_table).values(values))
    except IntegrityError:
        return False
    return True


def delete_bindings(db: Connection, project_id: str, cloud_id: str, zone: str | None) -> int:
    b = bindings_table.c
    which = (b.project_id == project_id) & (b.cloud_id == cloud_id)
    return db.execute(delete(bindings_table).where(which if zone is None else which & (b.zone == zone))).rowcount


def put_native(db: Connection, native: Native) -> None:
    upsert(
        db,
        natives_table,
        _natives.values(native),
        key=("cloud_id", "kind", "ours_id"),
        change={"native_id": native.native_id},
    )


def native(db: Connection, cloud_id: str, kind: str, ours_id: str) -> str | None:
    n = natives_table.c
    found = _natives.first(db, n.cloud_id == cloud_id, n.kind == kind, n.ours_id == ours_id)
    return None if found is None else found.native_id


def natives_of(db: Connection, cloud_id: str) -> list[Native]:
    n = natives_table.c
    return _natives.all(db, n.cloud_id == cloud_id, order=(n.kind, n.ours_id))


def delete_native(db: Connection, cloud_id: str, kind: str, ours_id: str) -> int:
    n = natives_table.c
    return _natives.delete(db, n.cloud_id == cloud_id, n.kind == kind, n.ours_id == ours_id)
