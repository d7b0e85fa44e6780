"""Messages that are taken into the ledger together, by what is to be done with them. Asks no database."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from stratiform.kit.clock import Micros
from stratiform.kit.outbox import Event
from stratiform.services.metering.errors import Malformed
from stratiform.services.metering.events import Heard, Reader, envelope_of, without_token
from stratiform.services.metering.model import Fact, Rejected

logger = logging.getLogger(__name__)

#: A message may list thousands of things that can't be read, all for the same reason.
_FAULTS_TOLD = 3


class Taken(NamedTuple):
    """A message that was understood: what it says of each resource, nothing where it is of no concern."""

    cloud: str
    body: bytes
    event_type: str
    message_id: str
    facts: Sequence[Fact]


@dataclass(slots=True)
class Batch:
    """`heard`: what was understood. `rejected`: what was not, as cloud, body and reason; of a message of which only
    parts were not, these are there and the others among what was."""

    reader: Reader
    heard: list[Taken] = field(default_factory=list)
    rejected: list[tuple[str, bytes, str]] = field(default_factory=list)

    def take_message(self, cloud: str, body: bytes) -> None:
        self._take(cloud, body, partial(self.reader.hear, body, cloud))

    def take_event(self, event: Event) -> None:
        self._take(event.cloud, envelope_of(event), partial(self._of_event, event))

    def put_aside(self, now: Micros) -> list[Rejected]:
        """What is to be kept aside."""
        return [rejected(*one, now) for one in self.rejected]

    def _take(self, cloud: str, body: bytes, hear: Callable[[], Heard]) -> None:
        """Whatever a message may be, the next one gets its turn."""
        body = without_token(body)
        try:
            event_type, message_id, facts, faults = hear()
            self.heard.append(Taken(cloud, body, event_type, message_id, facts))
            if faults:
                self.rejected.append((cloud, body, "; ".join(faults[:_FAULTS_TOLD])))
        except Malformed as error:
            self.rejected.append((cloud, body, error.message))
        except Exception as error:
            logger.exception("a message of cloud %s is not understood", cloud)
            self.rejected.append((cloud, body, f"not understood: {type(error).__name__}"))

    def _of_event(self, event: Event) -> Heard:
        return Heard(event.event_type, event.message_id, self.reader.read(event))


def rejected(cloud: str, body: bytes, reason: str, now: Micros) -> Rejected:
    """The id follows from the message, so the same one is kept once."""
    return Rejected(hashlib.sha256(cloud.encode() + b"\0" + body).hexdigest(), cloud, reason, now, body)
