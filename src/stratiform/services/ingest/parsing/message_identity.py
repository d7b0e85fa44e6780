"""ID and time of messages that do not have their own.

Messages of old services, and of programs that publish notifications without oslo.messaging, may lack both. A message
that Almanach published again, to retry it, has a new ID and the time of the repetition instead of the original's.
Source: almanach/collector/notification.py and messaging.py (4.1.0), oslo_messaging/notify/notifier.py.
"""

import hashlib

import msgspec

from stratiform.kit.clock import Micros
from stratiform.services.ingest.parsing.payload_values import parse_time
from stratiform.services.ledger.model import CONTENT_ID_PREFIX

#: The publisher of the repetitions, and the key that they add to the context of the original.
REPETITION_PUBLISHER = "almanach.collector"
REPETITION_KEY = "_context_retry_count"

#: Keys of the time of an event in its payload, by the end of its type.
_TIME_KEYS = {
    ".create.end": ("launched_at", "created_at"),
    ".create": ("created_at",),
    ".delete.end": ("deleted_at", "terminated_at"),
    ".delete": ("deleted_at",),
}


def make_content_id(event_type: str, publisher_id: str, at: Micros, payload: object) -> str:
    """Return the ID of a message without one: equal messages have equal IDs, so they are duplicates."""
    content = msgspec.json.encode((event_type, publisher_id, at, payload), order="deterministic")
    return CONTENT_ID_PREFIX + hashlib.sha256(content).hexdigest()


def find_payload_time(event_type: str, payload: object) -> Micros | None:
    """Return the time of a creation or deletion, from the payload or its only item. Raises: InvalidMessage."""
    keys = next((keys for suffix, keys in _TIME_KEYS.items() if event_type.endswith(suffix)), ())
    if not isinstance(payload, dict):
        return None
    items = [payload]
    if len(payload) == 1:
        items += [item for item in payload.values() if isinstance(item, dict)]
    times = (parse_time(item.get(key), key) for item in items for key in keys)
    return next((at for at in times if at is not None), None)
