"""Queries for metadata definitions: namespaces and the items in them."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select, update

from stratiform.kit.database import Connection, IntegrityError, TableGateway
from stratiform.kit.errors import Invalid
from stratiform.kit.keyset_pagination import list_sorted_page
from stratiform.kit.pagination import Slice
from stratiform.services.image.model import MetadefItem, MetadefNamespace, MetadefQuery
from stratiform.services.image.tables import metadef_items, metadef_namespaces

_namespaces = TableGateway(metadef_namespaces, MetadefNamespace, key="name")
_items = TableGateway(metadef_items, MetadefItem, key="name")

#: Columns by the sort keys of the API.
_SORT_COLUMNS = {
    "created_at": metadef_namespaces.c.created_at,
    "updated_at": metadef_namespaces.c.updated_at,
    "namespace": metadef_namespaces.c.name,
    "visibility": metadef_namespaces.c.visibility,
}


def find_namespace(db: Connection, name: str) -> MetadefNamespace | None:
    return _namespaces.find(db, name)


def list_namespaces(
    db: Connection, query: MetadefQuery, project_id: str | None, all_projects: bool
) -> Slice[MetadefNamespace]:
    """Return a page of the namespaces that a project sees. Raises: Invalid for a sort key or marker."""
    c = metadef_namespaces.c
    where: list[ColumnElement[bool]] = []
    if not all_projects:
        where.append((c.visibility == "public") | (c.owner == (project_id or "")))
    if query.visibility:
        where.append(c.visibility == query.visibility)
    if query.resource_types:
        is_association = (metadef_items.c.kind == "resource_type") & metadef_items.c.name.in_(query.resource_types)
        where.append(c.id.in_(select(metadef_items.c.namespace_id).where(is_association)))
    column = _SORT_COLUMNS.get(query.sort_key)
    if column is None:
        raise Invalid(
            f"Invalid sort key: {query.sort_key}, it must be one of the following: {', '.join(_SORT_COLUMNS)}."
        )
    return list_sorted_page(_namespaces, db, query.page, [(column, query.descending)], *where)


def insert_namespace(db: Connection, namespace: MetadefNamespace) -> bool:
    """Return False if the name exists already."""
    try:
        with db.begin_nested():
            _namespaces.insert(db, namespace)
    except IntegrityError:
        return False
    return True


def save_namespace(db: Connection, namespace: MetadefNamespace) -> bool:
    """Update the namespace with this id. Return False if another one has its name."""
    try:
        with db.begin_nested():
            row = metadef_namespaces.c.id == namespace.id
            db.execute(update(metadef_namespaces).where(row).values(_namespaces.to_columns(namespace)))
    except IntegrityError:
        return False
    return True


def delete_namespace(db: Connection, namespace_id: str) -> None:
    _namespaces.delete(db, metadef_namespaces.c.id == namespace_id)


def find_item(db: Connection, namespace_id: str, kind: str, name: str) -> MetadefItem | None:
    return _items.find_first(db, _of_kind(namespace_id, kind), metadef_items.c.name == name)


def find_tag(db: Connection, namespace_id: str, name: str) -> MetadefItem | None:
    """Return a tag by name, in upper or lower case."""
    return _items.find_first(db, _of_kind(namespace_id, "tag"), func.lower(metadef_items.c.name) == name.lower())


def list_items(db: Connection, namespace_ids: Sequence[str], kind: str) -> Sequence[MetadefItem]:
    """Return the items of a kind in these namespaces, the newest first."""
    c = metadef_items.c
    where = c.namespace_id.in_(namespace_ids) & (c.kind == kind)
    return _items.list_all(db, where, order=[c.created_at.desc(), c.name])


def list_names(db: Connection, kind: str) -> set[str]:
    """Return the names of the items of a kind in all namespaces."""
    names = select(metadef_items.c.name).where(metadef_items.c.kind == kind).distinct()
    return set(db.execute(names).scalars())


def insert_item(db: Connection, item: MetadefItem) -> bool:
    """Return False if the namespace has an item of this kind and name."""
    try:
        with db.begin_nested():
            _items.insert(db, item)
    except IntegrityError:
        return False
    return True


def save_item(db: Connection, name: str, item: MetadefItem) -> bool:
    """Update the item with the old name `name`. Return False if another one has the new name."""
    try:
        with db.begin_nested():
            row = _of_kind(item.namespace_id, item.kind) & (metadef_items.c.name == name)
            db.execute(update(metadef_items).where(row).values(_items.to_columns(item)))
    except IntegrityError:
        return False
    return True


def delete_item(db: Connection, namespace_id: str, kind: str, name: str) -> None:
    _items.delete(db, _of_kind(namespace_id, kind), metadef_items.c.name == name)


def delete_items(db: Connection, namespace_id: str, kind: str) -> None:
    _items.delete(db, _of_kind(namespace_id, kind))


def _of_kind(namespace_id: str, kind: str) -> ColumnElement[bool]:
    return (metadef_items.c.namespace_id == namespace_id) & (metadef_items.c.kind == kind)
