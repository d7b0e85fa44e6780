"""SQL queries of the ledger."""

from stratiform.services.ledger.repository import (
    batches,
    corrections,
    current_segments,
    event_histories,
    events,
    exists_events,
    known_names,
    log_tiles,
    name_history,
    name_statements,
    resources,
    samples,
    segment_changes,
    segment_histories,
    segments,
    sums,
)

__all__ = [
    "batches",
    "corrections",
    "current_segments",
    "event_histories",
    "events",
    "exists_events",
    "known_names",
    "log_tiles",
    "name_history",
    "name_statements",
    "resources",
    "samples",
    "segment_changes",
    "segment_histories",
    "segments",
    "sums",
]
