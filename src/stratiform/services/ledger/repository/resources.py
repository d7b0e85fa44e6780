"""Resources: their ids, names and tags, and the progress of their folds."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import and_, or_, select

from stratiform.kit import bulk_queries
from stratiform.kit.database import Connection
from stratiform.services.ledger.model import FoldProgress, Resource
from stratiform.services.ledger.model.resource_properties import decode_properties, encode_properties
from stratiform.services.ledger.repository.column_types import AnyRow
from stratiform.services.ledger.tables import resource_table

_r = resource_table.c

_MUTABLE = ("name", "tags", "parent", "progress")
_COLUMNS = ("id", "cloud", "resource_type", "resource_id", *_MUTABLE)

#: The order of the unique key.
_ORDER = (_r.resource_id, _r.resource_type, _r.cloud)

#: The sort key of `list_page`: resource id, resource type, cloud.
ResourceKey = tuple[str, str, str]

#: The columns of a `ResourceRow`.
_ROW = (_r.id, _r.cloud, _r.resource_type, _r.resource_id, _r.parent, _r.progress)

_progress_decoder = msgspec.json.Decoder(FoldProgress)


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """A resource in the ledger. `parent` is the id of the resource with which it ends."""

    id: int
    resource: Resource
    progress: FoldProgress
    parent: int | None = None


def find_ids(db: Connection, resources: Iterable[Resource]) -> dict[Resource, int]:
    """Return the ids of those resources that are in the ledger."""
    by_type: dict[tuple[str, str], list[str]] = defaultdict(list)
    for resource in resources:
        by_type[resource.cloud, resource.resource_type].append(resource.resource_id)
    ids = {}
    for (cloud, resource_type), resource_ids in by_type.items():
        where = (_r.cloud == cloud, _r.resource_type == resource_type)
        for resource_id, row_id in bulk_queries.select_by_key(
            db, (_r.resource_id, _r.id), _r.resource_id, resource_ids, *where
        ):
            ids[Resource(cloud, resource_type, resource_id)] = row_id
    return ids


def list_rows(db: Connection, ids: Sequence[int]) -> list[ResourceRow]:
    """Return the rows with these ids."""
    return [_decode_row(row) for row in bulk_queries.select_by_key(db, _ROW, _r.id, ids)]


def list_rows_of_resources(db: Connection, resources: Collection[Resource]) -> list[ResourceRow]:
    """Return the rows of those resources that are in the ledger."""
    ids = sorted({resource.resource_id for resource in resources})
    rows = (_decode_row(row) for row in bulk_queries.select_by_key(db, _ROW, _r.resource_id, ids))
    return [row for row in rows if row.resource in resources]


def _decode_row(row: AnyRow) -> ResourceRow:
    row_id, cloud, resource_type, resource_id, parent, progress = row
    return ResourceRow(row_id, Resource(cloud, resource_type, resource_id), _decode_progress(progress), parent)


def list_children(db: Connection, parents: Collection[int]) -> list[int]:
    """Return the ids of the resources that end with one of `parents`."""
    return sorted(row[0] for row in bulk_queries.select_by_key(db, (_r.id,), _r.parent, sorted(parents)))


def list_page(db: Connection, limit: int, after: ResourceKey | None) -> list[tuple[Resource, FoldProgress]]:
    """Return the first `limit` resources after `after`, sorted by id, type and cloud."""
    query = select(_r.cloud, _r.resource_type, _r.resource_id, _r.progress)
    if after is not None:
        resource_id, resource_type, cloud = after
        is_later = or_(
            _r.resource_id > resource_id,
            _r.resource_type > resource_type,
            and_(_r.resource_type == resource_type, _r.cloud > cloud),
        )
        query = query.where(_r.resource_id >= resource_id, is_later)
    rows = db.execute(query.order_by(*_ORDER).limit(limit))
    return [(Resource(*resource), _decode_progress(progress)) for *resource, progress in rows]


def list_clouds(db: Connection, resource_type: str, resource_id: str) -> list[str]:
    """Return the clouds of the resources with this type and id."""
    query = select(_r.cloud).where(_r.resource_id == resource_id, _r.resource_type == resource_type)
    return sorted(db.execute(query).scalars())


def list_names(
    db: Connection, resource_type: str, resource_ids: Sequence[str] | None = None
) -> list[tuple[str, str, str, dict[str, str]]]:
    """Return cloud, id, name and tags of the resources of a type: those with one of `resource_ids`, or all."""
    columns = (_r.cloud, _r.resource_id, _r.name, _r.tags)
    is_of_type = _r.resource_type == resource_type
    if resource_ids is None:
        rows = iter(db.execute(select(*columns).where(is_of_type).order_by(_r.resource_id, _r.cloud)))
    else:
        rows = bulk_queries.select_by_key(db, columns, _r.resource_id, resource_ids, is_of_type)
    return [(cloud, resource_id, name, tags) for cloud, resource_id, name, tags in rows]


def list_named(db: Connection, name: str, resource_type: str, limit: int) -> list[tuple[Resource, FoldProgress]]:
    """Return the first `limit` resources of this type with this name."""
    query = select(_r.cloud, _r.resource_type, _r.resource_id, _r.progress)
    query = query.where(_r.resource_type == resource_type, _r.name == name).order_by(*_ORDER).limit(limit)
    return [(Resource(*resource), _decode_progress(progress)) for *resource, progress in db.execute(query)]


def save(db: Connection, new: Sequence[ResourceRow], changed: Sequence[ResourceRow]) -> None:
    """Insert new rows, and update changed ones."""
    bulk_queries.insert(db, resource_table, _COLUMNS, [(row.id, *row.resource, *_mutable_values(row)) for row in new])
    bulk_queries.update(db, resource_table, ("id", *_MUTABLE), [(row.id, *_mutable_values(row)) for row in changed])


def _mutable_values(row: ResourceRow) -> tuple[str, str, int | None, str]:
    """Return the values of the columns `_MUTABLE`."""
    progress = msgspec.structs.replace(row.progress, properties=encode_properties(row.progress.properties))
    return progress.name, _encode(progress.tags), row.parent, _encode(progress)


def _decode_progress(text: str) -> FoldProgress:
    progress = _progress_decoder.decode(text)
    return msgspec.structs.replace(progress, properties=decode_properties(progress.properties))


def _encode(value: object) -> str:
    return msgspec.json.encode(value).decode()
