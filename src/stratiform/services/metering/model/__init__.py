"""The words of the ledger, and the fold that makes usage of events. Pure."""

from stratiform.services.metering.model.correct import in_force
from stratiform.services.metering.model.fold import Usage, fold, parent_of
from stratiform.services.metering.model.ledger import (
    Fact,
    Filter,
    Ingested,
    Rejected,
    Resource,
    Row,
    Segment,
    cursor_of,
    place_of,
)
from stratiform.services.metering.model.meter import KINDS, Meter
from stratiform.services.metering.model.record import Record, fact_of, statement_of
from stratiform.services.metering.model.resume import Progress, begin, resume
from stratiform.services.metering.model.statement import Correction, Statement, Stretch

__all__ = [
    "KINDS",
    "Correction",
    "Fact",
    "Filter",
    "Ingested",
    "Meter",
    "Progress",
    "Record",
    "Rejected",
    "Resource",
    "Row",
    "Segment",
    "Statement",
    "Stretch",
    "Usage",
    "begin",
    "cursor_of",
    "fact_of",
    "fold",
    "in_force",
    "parent_of",
    "place_of",
    "resume",
    "statement_of",
]
