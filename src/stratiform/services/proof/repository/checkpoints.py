"""Signed checkpoints."""

from sqlalchemy import delete, func, select

from stratiform.kit import bulk_queries
from stratiform.kit.clock import HOUR_US, Micros
from stratiform.kit.database import Connection, TableGateway, upsert
from stratiform.services.proof.model import SignedCheckpoint
from stratiform.services.proof.tables import checkpoint_table

_c = checkpoint_table.c
_rows = TableGateway(checkpoint_table, SignedCheckpoint, key="size")


def find_newest(db: Connection) -> SignedCheckpoint | None:
    """Return the checkpoint of the largest log."""
    rows = _rows.list_all(db, order=(_c.size.desc(),), limit=1)
    return rows[0] if rows else None


def find(db: Connection, size: int) -> SignedCheckpoint | None:
    """Return the checkpoint of the log of `size` events."""
    return _rows.find(db, size)


def save(db: Connection, checkpoint: SignedCheckpoint) -> None:
    """Insert `checkpoint`, or replace the one of the same size."""
    change = {"made_at": checkpoint.made_at, "note": checkpoint.note}
    upsert(db, checkpoint_table, _rows.to_columns(checkpoint), key=("size",), on_conflict=change)


def prune_checkpoints(db: Connection, before: Micros) -> None:
    """Delete checkpoints before `before`, except for the last one of each hour; they can be signed again."""
    last = select(func.max(_c.size)).where(_c.made_at < before).group_by(_c.made_at - _c.made_at % HOUR_US)
    sizes = db.execute(select(_c.size).where(_c.made_at < before, _c.size.not_in(last))).scalars().all()
    for chunk in bulk_queries.split_into_chunks(sizes):
        db.execute(delete(checkpoint_table).where(_c.size.in_(chunk)))
