"""Reading: from the bytes of a notification to what it says of a resource. Nothing here touches the database."""

from collections.abc import Callable

from stratiform.kit.outbox import Event
from stratiform.services.metering.events import cinder, nova
from stratiform.services.metering.events.envelope import envelope_of, event_of, without_token
from stratiform.services.metering.model import Fact

__all__ = ["envelope_of", "event_of", "read", "without_token"]

#: Who understands an event, by the beginning of its type. A reader answers None to what doesn't concern it.
_READERS: tuple[tuple[str, Callable[[Event], Fact | None]], ...] = (
    ("compute.instance.", nova.read_unversioned),
    ("instance.", nova.read_versioned),
    ("volume.", cinder.read),
)


def read(event: Event) -> Fact | None:
    """What `event` says, or None where it says nothing of use. Raises Malformed."""
    for beginning, reader in _READERS:
        if event.event_type.startswith(beginning):
            return reader(event)
    return None
