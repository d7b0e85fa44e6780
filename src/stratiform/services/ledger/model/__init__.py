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
from stratiform.services.ledger.model.corrections import select_in_force
from stratiform.services.ledger.model.fold import Usage, find_parent, fold
from stratiform.services.ledger.model.incremental_fold import Progress, fold_all, fold_next
from stratiform.services.ledger.model.messages import ParsedMessage
from stratiform.services.ledger.model.meters import MeterFormat
from stratiform.services.ledger.model.records import Record, decode_statement, encode_fact, encode_leaf
from stratiform.services.ledger.model.resources import Resource
from stratiform.services.ledger.model.segments import (
    RecordedSegment,
    Segment,
    SegmentRow,
    UsageFilter,
    decode_cursor,
    encode_cursor,
)
from stratiform.services.ledger.model.statements import CONTENT_ID_PREFIX, Correction, ResourceStatement, Statement

__all__ = [
    "CONTENT_ID_PREFIX",
    "METER_KINDS",
    "Attribute",
    "AttributeType",
    "CatalogMeter",
    "Correction",
    "MeterCatalog",
    "MeterFormat",
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
    "decode_cursor",
    "decode_statement",
    "encode_cursor",
    "encode_fact",
    "encode_leaf",
    "find_parent",
    "fold",
    "fold_all",
    "fold_next",
    "select_in_force",
]
