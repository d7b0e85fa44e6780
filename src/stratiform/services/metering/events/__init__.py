"""Reading: from the bytes of a notification to what it says of resources. Nothing here touches the database."""

from stratiform.services.metering.events.envelope import envelope_of, event_of, without_token
from stratiform.services.metering.events.reader import Heard, Reader

__all__ = ["Heard", "Reader", "envelope_of", "event_of", "without_token"]
