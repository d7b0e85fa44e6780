"""Templates and formats of notifications, from the recorded ones."""

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from random import Random
from typing import Any
from uuid import UUID

from support.ledger import recorded

Payload = dict[str, Any]


@cache
def _templates() -> dict[str, str]:
    """Return the first recorded message of each event type."""
    templates: dict[str, str] = {}
    for message in _recorded_messages():
        templates.setdefault(str(json.loads(message)["event_type"]), message)
    return templates


def _recorded_messages() -> Iterator[str]:
    for line in recorded():
        yield str(json.loads(line)["body"]["oslo.message"])


def get_template(event_type: str) -> Payload:
    """Return a new copy of the complete message."""
    message: Payload = json.loads(_templates()[event_type])
    return message


def wrap_in_envelope(message: Payload) -> bytes:
    return json.dumps({"oslo.version": "2.0", "oslo.message": json.dumps(message)}).encode()


def random_id(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))


def format_spaced(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


def format_naive(at: datetime | None) -> str | None:
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%S.%f")


def format_offset(at: datetime) -> str:
    return at.isoformat()


def format_zulu(at: datetime | None) -> str | None:
    """Format a time as in versioned notifications, which have no fractions of seconds."""
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")


def extract_body(line: bytes) -> bytes:
    """Return the body of a recorded message."""
    return json.dumps(json.loads(line)["body"]).encode()


def make_line(body: bytes) -> bytes:
    """Return a recorded message, as for `stratiform usage import` and `reference_fold.usage`."""
    return json.dumps(
        {"ts": 0.0, "exchange": "nova", "routing_key": "notifications.info", "body": json.loads(body)}
    ).encode()
