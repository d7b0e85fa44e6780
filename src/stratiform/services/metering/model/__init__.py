"""The words of the ledger, and the fold that makes usage of events. Pure."""

from stratiform.services.metering.model.fold import Statement, Stretch, Usage, fold
from stratiform.services.metering.model.ledger import (
    Fact,
    Filter,
    Ingested,
    Rejected,
    Resource,
    Segment,
    cursor_of,
    place_of,
)

__all__ = [
    "Fact",
    "Filter",
    "Ingested",
    "Rejected",
    "Resource",
    "Segment",
    "Statement",
    "Stretch",
    "Usage",
    "cursor_of",
    "fold",
    "place_of",
]
