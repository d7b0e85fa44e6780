"""The shapes that notifications have on the bus, taken from the recorded ones."""

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
    """The first recorded message of each kind."""
    found: dict[str, str] = {}
    for message in _recorded_messages():
        found.setdefault(str(json.loads(message)["event_type"]), message)
    return found


def _recorded_messages() -> Iterator[str]:
    for line in recorded():
        yield str(json.loads(line)["body"]["oslo.message"])


def template(event_type: str) -> Payload:
    """A copy of the whole message, to change at will."""
    made: Payload = json.loads(_templates()[event_type])
    return made


def envelope(message: Payload) -> bytes:
    return json.dumps({"oslo.version": "2.0", "oslo.message": json.dumps(message)}).encode()


def random_id(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))


def spaced(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


def naive(at: datetime | None) -> str | None:
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%S.%f")


def offset(at: datetime) -> str:
    return at.isoformat()


def zulu(at: datetime | None) -> str | None:
    """Versioned notifications cut times to seconds."""
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")


def body_of(line: bytes) -> bytes:
    """The message in a recorder's line, as it was on the bus."""
    return json.dumps(json.loads(line)["body"]).encode()


def line_of(body: bytes) -> bytes:
    """`body` in a recorder's line, as `stratiform usage import` and `reference_fold.usage` read it."""
    return json.dumps(
        {"ts": 0.0, "exchange": "nova", "routing_key": "notifications.info", "body": json.loads(body)}
    ).encode()
