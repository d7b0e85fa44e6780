"""Data types of the ledger, and the fold of events into segments. Pure functions."""

from stratiform.services.ledger.model.catalog import (
    METER_KINDS,
    Attribute,
    AttributeType,
    CatalogMeter,
    MeterCatalog,
    MeterKind,
    ResourceType,
)
from stratiform.services.ledger.model.corrections import in_force
from stratiform.services.ledger.model.fold import Usage, fold, parent_of
from stratiform.services.ledger.model.incremental_fold import Progress, begin, resume
from stratiform.services.ledger.model.messages import ParsedMessage
from stratiform.services.ledger.model.meters import Meter
from stratiform.services.ledger.model.records import Record, fact_of, statement_of
from stratiform.services.ledger.model.resources import Resource
from stratiform.services.ledger.model.segments import (
    RecordedSegment,
    Segment,
    SegmentRow,
    UsageFilter,
    decode_cursor,
    encode_cursor,
)
from stratiform.services.ledger.model.statements import Correction, ResourceStatement, Statement

__all__ = [
    "METER_KINDS",
    "Attribute",
    "AttributeType",
    "CatalogMeter",
    "Correction",
    "Meter",
    "MeterCatalog",
    "MeterKind",
    "ParsedMessage",
    "Progress",
    "Record",
    "RecordedSegment",
    "Resource",
    "ResourceStatement",
    "ResourceType",
    "Segment",
    "SegmentRow",
    "Statement",
    "Usage",
    "UsageFilter",
    "begin",
    "decode_cursor",
    "encode_cursor",
    "fact_of",
    "fold",
    "in_force",
    "parent_of",
    "resume",
    "statement_of",
]
