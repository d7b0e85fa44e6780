"""SQL queries of the ledger."""

from stratiform.services.ledger.repository import (
    batches,
    changes,
    corrections,
    current_segments,
    event_histories,
    events,
    exists_events,
    histories,
    name_history,
    name_statements,
    names,
    resources,
    samples,
    segments,
    sums,
    tiles,
)

__all__ = [
    "batches",
    "changes",
    "corrections",
    "current_segments",
    "event_histories",
    "events",
    "exists_events",
    "histories",
    "name_history",
    "name_statements",
    "names",
    "resources",
    "samples",
    "segments",
    "sums",
    "tiles",
]
