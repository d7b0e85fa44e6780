"""Data types of the ledger, and the fold of events into segments. Pure functions."""

from stratiform.services.ledger.model.correction_application import select_statements_in_force
from stratiform.services.ledger.model.event_records import EventRecord, decode_statement, encode_fact, encode_leaf
from stratiform.services.ledger.model.fold import FoldedUsage, find_parent, fold_statements
from stratiform.services.ledger.model.incremental_fold import FoldProgress, fold_all_statements, fold_next_statements
from stratiform.services.ledger.model.meter_catalog import (
    METER_KINDS,
    AttributeType,
    CatalogAttribute,
    CatalogMeter,
    CatalogResourceType,
    MeterCatalog,
    MeterKind,
)
from stratiform.services.ledger.model.meter_formats import MeterFormat
from stratiform.services.ledger.model.parsed_messages import ParsedMessage
from stratiform.services.ledger.model.resources import Resource
from stratiform.services.ledger.model.segments import (
    RecordedSegment,
    Segment,
    SegmentRow,
    UsageFilter,
    decode_segment_cursor,
    encode_segment_cursor,
)
from stratiform.services.ledger.model.statements import CONTENT_ID_PREFIX, Correction, ResourceStatement, Statement

__all__ = [
    "CONTENT_ID_PREFIX",
    "METER_KINDS",
    "AttributeType",
    "CatalogAttribute",
    "CatalogMeter",
    "CatalogResourceType",
    "Correction",
    "EventRecord",
    "FoldProgress",
    "FoldedUsage",
    "MeterCatalog",
    "MeterFormat",
    "MeterKind",
    "ParsedMessage",
    "RecordedSegment",
    "Resource",
    "ResourceStatement",
    "Segment",
    "SegmentRow",
    "Statement",
    "UsageFilter",
    "decode_segment_cursor",
    "decode_statement",
    "encode_fact",
    "encode_leaf",
    "encode_segment_cursor",
    "find_parent",
    "fold_all_statements",
    "fold_next_statements",
    "fold_statements",
    "select_statements_in_force",
]
