"""Resources: their numbers, what was last told of them, and how far their folds have come."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import select

from stratiform.kit import bulk
from stratiform.kit.db import Connection
from stratiform.services.ledger.model import Progress, Resource
from stratiform.services.ledger.tables import resource_table

_r = resource_table.c
#: What changes with what is told of a resource.
_TOLD = ("name", "tags", "parent", "progress")
_COLUMNS = ("id", "cloud", "resource_type", "resource_id", *_TOLD)

_progress = msgspec.json.Decoder(Progress)


@dataclass(frozen=True, slots=True)
class Kept:
    """A resource's row. `parent` is the number of the resource with which it ends."""

    id: int
    resource: Resource
    progress: Progress
    parent: int | None = None


def progress_of(text: str) -> Progress:
    """What the column `progress` holds."""
    return _progress.decode(text)


def numbers(db: Connection, resources: Iterable[Resource]) -> dict[Resource, int]:
    """The numbers of those that are known."""
    wanted: dict[tuple[str, str], list[str]] = defaultdict(list)
    for resource in resources:
        wanted[resource.cloud, resource.resource_type].append(resource.resource_id)
    found = {}
    for (cloud, kind), ids in wanted.items():
        mine = (_r.cloud == cloud, _r.resource_type == kind)
        for resource_id, number in bulk.select_by(db, (_r.resource_id, _r.id), _r.resource_id, ids, *mine):
            found[Resource(cloud, kind, resource_id)] = number
    return found


def kept(db: Connection, ids: Sequence[int]) -> dict[int, Kept]:
    """The rows of these numbers."""
    columns = (_r.id, _r.cloud, _r.resource_type, _r.resource_id, _r.parent, _r.progress)
    return {
        number: Kept(number, Resource(cloud, kind, resource_id), _progress.decode(progress), parent)
        for number, cloud, kind, resource_id, parent, progress in bulk.select_by(db, columns, _r.id, ids)
    }


def children(db: Connection, parents: Collection[int]) -> list[int]:
    """The numbers of those that end with one of `parents`."""
    return sorted(row[0] for row in bulk.select_by(db, (_r.id,), _r.parent, sorted(parents)))


def save(db: Connection, new: Sequence[Kept], changed: Sequence[Kept]) -> None:
    """Write rows: those that are new, and those that are there."""
    bulk.insert(db, resource_table, _COLUMNS, [(one.id, *one.resource, *_told(one)) for one in new])
    bulk.update(db, resource_table, ("id", *_TOLD), [(one.id, *_told(one)) for one in changed])


def tags(db: Connection, resource: Resource) -> dict[str, str]:
    """The labels that were last told of `resource`; none of one that isn't known."""
    mine = (_r.cloud == resource.cloud, _r.resource_type == resource.resource_type)
    found = db.execute(select(_r.tags).where(*mine, _r.resource_id == resource.resource_id)).scalar()
    return found or {}


def _told(one: Kept) -> tuple[str, str, int | None, str]:
    """The columns `_TOLD`."""
    return one.progress.name, _text(one.progress.tags), one.parent, _text(one.progress)


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
