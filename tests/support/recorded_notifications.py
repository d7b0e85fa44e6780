"""The payloads that a real Glance and a real Keystone have published, to compare with ours."""

from functools import cache
from typing import Any

import msgspec

from support.ledger import recorded


@cache
def load_payloads(event_type: str) -> tuple[Any, ...]:
    """Return the recorded payloads of an event type, in order."""
    return tuple(message["payload"] for message in _load_messages() if message["event_type"] == event_type)


@cache
def _load_messages() -> tuple[dict[str, Any], ...]:
    bodies = (msgspec.json.decode(line)["body"] for line in recorded() if b'"glance"' in line or b'"keystone"' in line)
    return tuple(msgspec.json.decode(body["oslo.message"]) for body in bodies)
