"""Queries of the clouds service."""

from typing import Any

from sqlalchemy import ColumnElement, Select, delete, insert, select, update

from stratiform.kit.database import Connection, IntegrityError, TableGateway, upsert
from stratiform.services.clouds.errors import CloudInUse
from stratiform.services.clouds.model import UNBOUND_PROJECTS, Binding, Cloud, NativeIdMapping
from stratiform.services.clouds.tables import bindings_table, clouds_table, native_resources_table

clouds = TableGateway(clouds_table, Cloud)
native_resources = TableGateway(native_resources_table, NativeIdMapping, key="resource_id")


def insert_cloud(db: Connection, cloud: Cloud, secrets: str) -> bool:
    """Insert a cloud with its encrypted secrets. Return False if the name exists; then the transaction is aborted."""
    try:
        db.execute(insert(clouds_table).values(**clouds.to_columns(cloud), secrets=secrets))
    except IntegrityError:
        return False
    return True


def update_cloud(db: Connection, cloud: Cloud, secrets: str) -> None:
    clouds.update(db, cloud.id, **clouds.to_columns(cloud), secrets=secrets)


def get_secrets(db: Connection, cloud_id: str) -> str:
    """Return the encrypted secrets of an existing cloud."""
    return str(db.execute(select(clouds_table.c.secrets).where(clouds_table.c.id == cloud_id)).scalar_one())


def update_secrets(db: Connection, cloud_id: str, secrets: str) -> None:
    """Replace the encrypted secrets of a cloud by the same secrets, encrypted differently."""
    db.execute(update(clouds_table).where(clouds_table.c.id == cloud_id).values(secrets=secrets))


def lock_cloud(db: Connection, cloud_id: str) -> None:
    """Serialize changes of the settings of one cloud until the transaction ends."""
    db.execute(select(clouds_table.c.id).where(clouds_table.c.id == cloud_id).with_for_update())


def list_clouds(db: Connection) -> list[Cloud]:
    """Return every cloud, ordered by name."""
    return clouds.list_all(db, order=(clouds_table.c.name,))


def find_cloud_by_name(db: Connection, name: str) -> Cloud | None:
    return clouds.find_first(db, clouds_table.c.name == name)


def delete_cloud(db: Connection, cloud_id: str) -> None:
    """Delete a cloud and its native ids. Raises CloudInUse if a project was bound to it concurrently."""
    native_resources.delete(db, native_resources_table.c.cloud_id == cloud_id)
    try:
        clouds.delete(db, clouds_table.c.id == cloud_id)
    except IntegrityError as error:
        raise CloudInUse("Projects are bound to this cloud") from error


def _select_bindings() -> Select[tuple[Any, ...]]:
    b, c = bindings_table.c, clouds_table.c
    joined = bindings_table.join(clouds_table, b.cloud_id == c.id)
    columns = (b.project_id, b.cloud_id, c.name, b.zone, b.native_zone, b.created_at)
    return select(*columns).select_from(joined).order_by(b.seq)


def _list_bindings(db: Connection, *conditions: ColumnElement[bool]) -> list[Binding]:
    return [Binding(*row) for row in db.execute(_select_bindings().where(*conditions))]


def list_bindings_of_project(db: Connection, project_id: str) -> list[Binding]:
    """Return a project's own bindings, oldest first."""
    return _list_bindings(db, bindings_table.c.project_id == project_id)


def list_effective_bindings(db: Connection, project_id: str) -> list[Binding]:
    """Return a project's own bindings, oldest first; those of all unbound projects if it has none."""
    bindings = _list_bindings(db, bindings_table.c.project_id.in_((project_id, UNBOUND_PROJECTS)))
    own = [binding for binding in bindings if binding.project_id == project_id]
    return own or bindings


def list_bindings_of_cloud(db: Connection, cloud_id: str) -> list[Binding]:
    """Return the bindings of a cloud, oldest first."""
    return _list_bindings(db, bindings_table.c.cloud_id == cloud_id)


def insert_binding(db: Connection, binding: Binding) -> bool:
    """Insert a binding. Return False if the project has the zone already; then the transaction is aborted."""
    values = {name: getattr(binding, name) for name in ("project_id", "cloud_id", "zone", "native_zone", "created_at")}
    try:
        db.execute(insert(bindings_table).values(values))
    except IntegrityError:
        return False
    return True


def delete_bindings(db: Connection, project_id: str, cloud_id: str, zone: str | None) -> int:
    """Delete the bindings of a project to a cloud, or only that of `zone`. Return their number."""
    b = bindings_table.c
    condition = (b.project_id == project_id) & (b.cloud_id == cloud_id)
    if zone is not None:
        condition &= b.zone == zone
    return db.execute(delete(bindings_table).where(condition)).rowcount


def save_native_id(db: Connection, resource: NativeIdMapping) -> None:
    upsert(
        db,
        native_resources_table,
        native_resources.to_columns(resource),
        key=[column.name for column in native_resources_table.primary_key],
        on_conflict={"native_id": resource.native_id},
    )


def find_native_id(db: Connection, cloud_id: str, resource_type: str, resource_id: str) -> str | None:
    resource = native_resources.find_first(db, *_native_resource(cloud_id, resource_type, resource_id))
    return None if resource is None else resource.native_id


def list_native_ids(db: Connection, cloud_id: str) -> list[NativeIdMapping]:
    """Return the native ids registered in a cloud, ordered by resource type and id."""
    n = native_resources_table.c
    return native_resources.list_all(db, n.cloud_id == cloud_id, order=(n.resource_type, n.resource_id))


def delete_native_id(db: Connection, cloud_id: str, resource_type: str, resource_id: str) -> int:
    return native_resources.delete(db, *_native_resource(cloud_id, resource_type, resource_id))


def _native_resource(cloud_id: str, resource_type: str, resource_id: str) -> tuple[ColumnElement[bool], ...]:
    n = native_resources_table.c
    return n.cloud_id == cloud_id, n.resource_type == resource_type, n.resource_id == resource_id
