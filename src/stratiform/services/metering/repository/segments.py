"""Segments: what is known now of some resources, and the change from it to what holds instead."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import update

from stratiform.kit import bulk
from stratiform.kit.db import Connection
from stratiform.services.metering.model import Resource, Stretch
from stratiform.services.metering.tables import segment_table

_s = segment_table.c

_WRITTEN = (
    "id", "resource", "cloud", "resource_type", "resource_id", "project_id", "start_at", "end_at", "state",
    "attributes", "recorded", "is_open",
)  # fmt: skip


def current(db: Connection, resources: Sequence[int]) -> dict[int, dict[int, Stretch]]:
    """What is known now of these resources: by the resource's number, by the row's."""
    columns = (_s.resource, _s.id, _s.start_at, _s.end_at, _s.project_id, _s.state, _s.attributes, _s.superseded)
    found: dict[int, dict[int, Stretch]] = defaultdict(dict)
    for resource, row, *stretch, superseded in bulk.select_by(db, columns, _s.resource, resources):
        if superseded is None:
            found[resource][row] = Stretch(*stretch)
    return found


@dataclass(frozen=True, slots=True)
class New:
    """A segment to be written."""

    id: int
    number: int  # of its resource
    resource: Resource
    stretch: Stretch


def change(db: Connection, position: int, gone: Sequence[int], new: Sequence[New]) -> None:
    """Put `new` in the place of the rows `gone`, which stay as what was known before `position`."""
    for some in bulk.chunks(gone):
        db.execute(update(segment_table).where(_s.id.in_(some)).values(superseded=position, is_open=None))
    bulk.insert(db, segment_table, _WRITTEN, [_row(one, position) for one in new])


def _row(new: New, position: int) -> tuple[Any, ...]:
    of, stretch = new.resource, new.stretch
    return (
        new.id,
        new.number,
        *of,
        stretch.project_id,
        stretch.start,
        stretch.end,
        stretch.state,
        msgspec.json.encode(stretch.attributes).decode(),
        position,
        1 if stretch.end is None else None,
    )
