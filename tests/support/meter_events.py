"""Events that the built-in meter files parse."""

from typing import Any

from stratiform.kit.clock import parse_iso
from stratiform.kit.outbox import Event
from stratiform.services.ingest.parsing import MessageParser
from stratiform.services.ledger.model import ResourceStatement

PARSER = MessageParser.load()
AT = "2026-03-01 07:00:00.500000"
PORT = {
    "id": "o1",
    "project_id": "p1",
    "name": "",
    "network_id": "n1",
    "created_at": "2026-03-01T06:59:59Z",
    "tags": ["a"],
}


def event(event_type: str, payload: dict[str, Any], at: str = AT) -> Event:
    return Event("m1", event_type, "x", parse_iso(at), "cloud", payload)


def list_statements(
    event_type: str, payload: dict[str, Any], parser: MessageParser = PARSER
) -> list[ResourceStatement]:
    return list(parser.parse_event(event(event_type, payload)))
