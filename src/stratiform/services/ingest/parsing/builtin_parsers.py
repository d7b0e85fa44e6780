"""Parsers in Python: of services whose notifications are too irregular for meter files, and of our own event types."""

from collections.abc import Callable
from typing import Any

from stratiform.kit.outbox import Event
from stratiform.services.ingest.parsing import almanach, cinder, correction_payloads, nova, usage_events, volume_types
from stratiform.services.ingest.parsing.payload_structs import StructParser
from stratiform.services.ledger.model import ResourceStatement

#: Returns None for an event without a statement. Raises: InvalidMessage.
EventParser = Callable[[Event], ResourceStatement | None]

#: Rule of a meter file to its parser.
PARSERS_BY_RULE: dict[str, EventParser | StructParser[Any]] = {
    "nova": StructParser(nova.UnversionedInstance, nova.parse_unversioned),
    "nova-versioned": StructParser(nova.VersionedInstance, nova.parse_versioned),
    "cinder": StructParser(cinder.Volume, cinder.parse_volume),
    "volume-type": volume_types.parse_volume_type,
}

#: Patterns of our own event types with their parsers; the first match counts.
OWN_EVENT_PARSERS: tuple[tuple[str, EventParser], ...] = (
    *((event_type, usage_events.parse_usage_event) for event_type in usage_events.EVENT_TYPES),
    ("almanach.volume_type.*", volume_types.parse_volume_type),
    ("almanach.*", almanach.parse_update),
    (correction_payloads.EVENT_TYPE, correction_payloads.parse_correction),
)


def is_reserved(event_type: str) -> bool:
    """Return True for event types that messages must not have.

    They are created by operations that authorize the caller: write access to a message bus must not allow corrections.
    """
    return event_type == correction_payloads.EVENT_TYPE or event_type.startswith("almanach.")
