"""Every query of the ledger."""

from stratiform.services.metering.repository import (
    audits,
    called,
    changes,
    corrections,
    entities,
    events,
    ledger,
    listing,
    polls,
    rejected,
    resources,
    samples,
    segments,
    sums,
    tiles,
    unknown,
)

__all__ = [
    "audits",
    "called",
    "changes",
    "corrections",
    "entities",
    "events",
    "ledger",
    "listing",
    "polls",
    "rejected",
    "resources",
    "samples",
    "segments",
    "sums",
    "tiles",
    "unknown",
]
