"""Queries of the clouds service."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, insert, select, update

from stratiform.kit.database import Connection, IntegrityError, TableGateway, upsert
from stratiform.services.clouds.errors import CloudInUse
from stratiform.services.clouds.model import Cloud, NativeIdMapping
from stratiform.services.clouds.tables import clouds_table, native_resources_table

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


def lock_secrets(db: Connection) -> Sequence[tuple[str, str, str]]:
    """Lock all clouds until the transaction ends, and return the id, the name and the encrypted secrets of each.

    Clouds that are deleted while the query waits for their locks are left out.
    """
    c = clouds_table.c
    query = select(c.id, c.name, c.secrets).order_by(c.id).with_for_update()
    return [(cloud_id, name, secrets) for cloud_id, name, secrets in db.execute(query)]


def list_clouds(db: Connection, cloud_ids: Collection[str] | None = None) -> list[Cloud]:
    """Return every cloud, or those with these ids, ordered by name."""
    conditions = () if cloud_ids is None else (clouds_table.c.id.in_(cloud_ids),)
    return clouds.list_all(db, *conditions, order=(clouds_table.c.name,))


def find_cloud_by_name(db: Connection, name: str) -> Cloud | None:
    return clouds.find_first(db, clouds_table.c.name == name)


def delete_cloud(db: Connection, cloud_id: str) -> None:
    """Delete a cloud and its native ids.

    Raises CloudInUse if a project was bound to it concurrently, or it became a member of a pool.
    """
    native_resources.delete(db, native_resources_table.c.cloud_id == cloud_id)
    try:
        clouds.delete(db, clouds_table.c.id == cloud_id)
    except IntegrityError as error:
        raise CloudInUse("Projects are bound to this cloud, or it is a member of a pool") from error


def update_labels(db: Connection, cloud_id: str, labels: dict[str, str]) -> None:
    """Replace the labels of a cloud."""
    clouds.update(db, cloud_id, labels=labels)


def save_native_id(db: Connection, resource: NativeIdMapping) -> None:
    upsert(
        db,
        native_resources_table,
        native_resources.to_columns(resource),
        key=[column.name for column in native_resources_table.primary_key],
        on_conflict={
            "native_id": resource.native_id,
            "is_synchronized": resource.is_synchronized,
            "default_flavor_id": resource.default_flavor_id,
        },
    )


def find_native_id(db: Connection, cloud_id: str, resource_type: str, resource_id: str) -> str | None:
    resource = native_resources.find_first(db, *_native_resource(cloud_id, resource_type, resource_id))
    return None if resource is None else resource.native_id


def list_native_ids(db: Connection, cloud_id: str) -> list[NativeIdMapping]:
    """Return the native ids registered in a cloud, ordered by resource type and id."""
    n = native_resources_table.c
    return native_resources.list_all(db, n.cloud_id == cloud_id, order=(n.resource_type, n.resource_id))


def find_default_flavor_id(db: Connection, cloud_id: str, resource_type: str, resource_id: str) -> str:
    """Return the default flavor of a resource in a cloud, or ""."""
    resource = native_resources.find_first(db, *_native_resource(cloud_id, resource_type, resource_id))
    return "" if resource is None else resource.default_flavor_id


def remove_default_flavor(db: Connection, flavor_id: str) -> None:
    """Leave the images with this default flavor without a default, in all clouds."""
    n = native_resources_table
    db.execute(update(n).where(n.c.default_flavor_id == flavor_id).values(default_flavor_id=""))


def list_default_flavors(db: Connection, image_id: str) -> dict[str, str]:
    """Return the default flavors of an image by cloud."""
    n = native_resources_table.c
    condition = (n.resource_type == "image") & (n.resource_id == image_id) & (n.default_flavor_id != "")
    return dict(db.execute(select(n.cloud_id, n.default_flavor_id).where(condition)).tuples().all())


def list_native_ids_of_type(db: Connection, resource_type: str) -> list[NativeIdMapping]:
    """Return the native ids of one type of resource in all clouds, ordered by cloud and id."""
    n = native_resources_table.c
    return native_resources.list_all(db, n.resource_type == resource_type, order=(n.cloud_id, n.resource_id))


def delete_native_id(db: Connection, cloud_id: str, resource_type: str, resource_id: str) -> int:
    return native_resources.delete(db, *_native_resource(cloud_id, resource_type, resource_id))


def _native_resource(cloud_id: str, resource_type: str, resource_id: str) -> tuple[ColumnElement[bool], ...]:
    n = native_resources_table.c
    return n.cloud_id == cloud_id, n.resource_type == resource_type, n.resource_id == resource_id
