"""Names of resources that no event about the resource states."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import literal, select

from stratiform.kit import bulk_queries
from stratiform.kit.database import Connection
from stratiform.services.ledger.model import Resource, Statement
from stratiform.services.ledger.model.name_timelines import StatedName
from stratiform.services.ledger.tables import name_table

_n = name_table.c

_COLUMNS = ("resource_id", "resource_type", "cloud", "at", "name", "recorded")


def list_by_resource(
    db: Connection, resources: Iterable[Resource], as_of: int | None
) -> dict[Resource, list[Statement]]:
    """Return the names of `resources` as statements, as known at the position `as_of` or now."""
    by_type: dict[tuple[str, str], list[str]] = defaultdict(list)
    for cloud, resource_type, resource_id in resources:
        by_type[cloud, resource_type].append(resource_id)
    statements: dict[Resource, list[Statement]] = defaultdict(list)
    for (cloud, resource_type), ids in by_type.items():
        conditions = [_n.cloud == cloud, _n.resource_type == resource_type]
        if as_of is not None:
            conditions.append(_n.recorded <= as_of)
        columns = (_n.resource_id, _n.at, _n.name)
        for resource_id, at, name in bulk_queries.select_by_key(db, columns, _n.resource_id, ids, *conditions):
            statements[Resource(cloud, resource_type, resource_id)].append(Statement(at, "", name=name))
    return statements


def exist_after(db: Connection, resource_types: Collection[str], position: int) -> bool:
    """Return True if names of resources of these types became known after a position."""
    query = select(literal(1)).where(_n.resource_type.in_(sorted(resource_types)), _n.recorded > position)
    return db.execute(query.limit(1)).first() is not None


def list_resources(db: Connection, resource_type: str) -> list[Resource]:
    """Return the resources of a type that have names here."""
    query = select(_n.cloud, _n.resource_type, _n.resource_id).distinct().where(_n.resource_type == resource_type)
    return [Resource(*row) for row in db.execute(query)]


def list_of_ids(db: Connection, resource_type: str, resource_ids: Sequence[str]) -> list[Resource]:
    """Return the resources with one of `resource_ids`, in any cloud, that have names here."""
    columns = (_n.cloud, _n.resource_type, _n.resource_id)
    rows = bulk_queries.select_by_key(db, columns, _n.resource_id, resource_ids, _n.resource_type == resource_type)
    return [Resource(*row) for row in rows]


def list_named(db: Connection, resource_type: str, name: str) -> list[Resource]:
    """Return the resources of a type that have or had this name."""
    query = select(_n.cloud, _n.resource_type, _n.resource_id).distinct()
    query = query.where(_n.resource_type == resource_type, _n.name == name)
    return [Resource(*row) for row in db.execute(query)]


def add(db: Connection, names: Sequence[StatedName], position: int) -> None:
    """Insert names that are known from `position` on."""
    rows = [
        (resource.resource_id, resource.resource_type, resource.cloud, at, name, position)
        for resource, at, name in names
    ]
    bulk_queries.insert(db, name_table, _COLUMNS, rows)
