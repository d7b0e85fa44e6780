"""How far clouds were read, and what is known of readings already."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

from stratiform.kit import bulk
from stratiform.kit.db import Connection, Rows, upsert
from stratiform.services.metering.model.polls import Poll
from stratiform.services.metering.tables import event_table, poll_table, resource_table, sample_table

polls = Rows(poll_table, Poll)

_p, _e, _v, _r = poll_table.c, event_table.c, sample_table.c, resource_table.c


class Known(NamedTuple):
    """A reading that the ledger has."""

    resource_id: str
    value: str


def listed(db: Connection) -> list[Poll]:
    """All, by cloud, type and meter."""
    return polls.all(db, order=(_p.cloud, _p.resource_type, _p.meter, _p.id))


def begin(db: Connection, poll: Poll) -> None:
    """Add one; where it is there already, nothing."""
    upsert(db, poll_table, asdict(poll), key=("id",), on_conflict={})


def forget(db: Connection, ids: Collection[str]) -> None:
    for some in bulk.chunks(sorted(ids)):
        db.execute(poll_table.delete().where(_p.id.in_(some)))


def change(db: Connection, poll_id: str, **values: Any) -> bool:
    """Set columns; whether it is there."""
    return bool(db.execute(poll_table.update().where(_p.id == poll_id).values(**values)).rowcount)


def read_up_to(db: Connection, before: Poll, until: int, now: int) -> None:
    """Everything up to `until` was read, unless somebody asked for something older meanwhile."""
    same = (_p.id == before.id, _p.until_at == before.until_at)
    values = {"until_at": until, "asked_at": now, "fault": "", "failures": 0}
    db.execute(poll_table.update().where(*same).values(**values))


def known(db: Connection, cloud: str, meter: str, message_ids: Collection[str]) -> Mapping[str, Known]:
    """Those of the events that the ledger has, by their ids."""
    ids = sorted(message_ids)
    found = {
        seq: one for one, seq in bulk.select_by(db, (_e.message_id, _e.seq), _e.message_id, ids, _e.cloud == cloud)
    }
    columns = (_v.seq, _v.value, _r.resource_id)
    joined = (_v.meter == meter, _r.id == _v.resource)
    values = bulk.select_by(db, columns, _v.seq, sorted(found), *joined)
    return {found[seq]: Known(resource_id, value) for seq, value, resource_id in values}
