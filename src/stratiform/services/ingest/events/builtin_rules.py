"""Messages that are read by code: those of services with many quirks, and what Stratiform tells itself."""

from collections.abc import Callable

from stratiform.kit.outbox import Event
from stratiform.services.ingest.events import almanach, cinder, cloud_events, corrections, nova
from stratiform.services.ledger.model import ResourceStatement

#: Answers None to what doesn't concern it. Raises InvalidMessage.
ReadEvent = Callable[[Event], ResourceStatement | None]

#: A rule of a meter file → who reads such messages.
BY_RULE: dict[str, ReadEvent] = {
    "nova": nova.read_unversioned,
    "nova-versioned": nova.read_versioned,
    "cinder": cinder.read,
    "volume-type": almanach.read_volume_type,
}

#: Types of events that are our own, with who reads them; one that ends with `*` stands for all that begin so.
OURS: tuple[tuple[str, ReadEvent], ...] = (
    *((event_type, cloud_events.read) for event_type in cloud_events.OWN),
    ("almanach.volume_type.*", almanach.read_volume_type),
    ("almanach.*", almanach.read),
    (corrections.EVENT_TYPE, corrections.read),
)


def only_ours(event_type: str) -> bool:
    """Whether only our own verbs may tell such an event, for they know who it is that tells it: whoever can write to a
    cloud's bus must not be able to correct a bill."""
    return event_type == corrections.EVENT_TYPE or event_type.startswith("almanach.")
