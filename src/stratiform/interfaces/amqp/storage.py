"""Putting into the ledger what was heard: a batch is one transaction."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from queue import Queue

from stratiform.interfaces.amqp.inbox import Batch, Inbox
from stratiform.interfaces.services import Services
from stratiform.kit.clock import SECOND_US, iso_seconds
from stratiform.kit.db import ProgrammingError
from stratiform.kit.errors import Fault, Unavailable
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.events import parse_event
from stratiform.services.ingest.model import IngestResult
from stratiform.services.ingest.service import ParsedBatch

logger = logging.getLogger(__name__)

#: A batch that is not full is stored so long after its first message came.
_LINGER_S = 0.2

_RETRY_S = 2.0

#: What no message is to blame for: the database is gone, full or not up to date, the machine has no memory left.
_PASSING = (Unavailable, ProgrammingError, OSError, MemoryError)


class Tally:
    """What became of the messages of one source since it was told last."""

    def __init__(self, source: str, cloud: str) -> None:
        self._source = source
        self._cloud = cloud
        self._lock = threading.Lock()
        self._sum = IngestResult()
        self._last = b""
        self._at = 0

    def add(self, ingested: IngestResult, last: bytes, now: int) -> None:
        """Count a batch that was stored at `now`; `last` is its last message."""
        with self._lock:
            self._sum += ingested
            self._last, self._at = last, now

    def tell(self) -> None:
        """One line in the log, where something came."""
        with self._lock:
            told, self._sum = self._sum, IngestResult()
            last, at = self._last, self._at
        if told == IngestResult():
            return
        logger.info(
            "heard at %s of cloud %s: %d accepted, %d repeated, %d ignored, %d rejected%s",
            self._source,
            self._cloud,
            told.accepted,
            told.repeated,
            told.ignored,
            told.rejected,
            self._lag(last, at),
        )

    def _lag(self, last: bytes, now: int) -> str:
        try:
            said = parse_event(last, self._cloud).at
        except InvalidMessage:
            return ""
        return f"; the last is of {iso_seconds(said)}, stored {(now - said) / SECOND_US:.1f} s later"


@dataclass(slots=True)
class Storing:
    """Takes batches out of `inbox` and stores them, one after the other and in order. Two threads: while the database
    is at work on one batch, the next is read."""

    services: Services
    cloud: str
    inbox: Inbox
    tally: Tally
    _told: str = field(default="", init=False)
    _ready: "Queue[tuple[Batch, ParsedBatch] | None]" = field(default_factory=partial(Queue, 1), init=False)

    def read(self) -> None:
        """Until the inbox is closed."""
        while (batch := self.inbox.take(_LINGER_S)) is not None:
            self._ready.put((batch, self.services.ingest.messages.parse(self.cloud, batch.bodies)))
        self._ready.put(None)

    def store(self, stop: threading.Event) -> None:
        """Until the inbox is closed. While nothing can be stored, the messages stay with the broker, too; after `stop`
        what follows a batch that could not be stored stays there with it, as who acknowledges acknowledges all before.
        """
        storing = True
        while (ready := self._ready.get()) is not None:
            batch, read = ready
            storing = storing and self._stored_at_last(batch.bodies, read, stop)
            if storing:
                self.inbox.done(batch)

    def _stored_at_last(self, bodies: Sequence[bytes], read: ParsedBatch, stop: threading.Event) -> bool:
        """Whether `bodies` were stored before `stop`."""
        while True:
            try:
                self._store(bodies, read)
            except Exception as error:
                self._tell(len(bodies), error)
            else:
                self._told = ""
                return True
            if stop.wait(_RETRY_S):
                return False

    def _store(self, bodies: Sequence[bytes], read: ParsedBatch) -> None:
        """Store all of them together; where that fails for one of them, that one is kept aside."""
        now = self.services.clock.now()
        try:
            with self.services.database.transaction() as db:
                ingested = self.services.ingest.messages.store(db, read, now)
        except _PASSING:
            raise
        except Exception as error:
            if len(bodies) > 1:
                middle = len(bodies) // 2
                for half in (bodies[:middle], bodies[middle:]):
                    self._store(half, self.services.ingest.messages.parse(self.cloud, half))
                return
            ingested = self._put_aside(bodies[0], error, now)
        self.tally.add(ingested, bodies[-1], now)

    def _put_aside(self, body: bytes, error: Exception, now: int) -> IngestResult:
        reason = error.message if isinstance(error, Fault) else type(error).__name__
        logger.warning("a message of cloud %s is kept aside: %s", self.cloud, reason)
        with self.services.database.transaction() as db:
            return self.services.ingest.rejected_messages.add(db, self.cloud, body, f"not stored: {reason}", now)

    def _tell(self, count: int, error: Exception) -> None:
        """Say what is wrong, once for as long as it is the same."""
        reason = error.message if isinstance(error, Fault) else type(error).__name__
        if reason != self._told:
            logger.warning("%d notifications stay with the broker for now: %s", count, reason)
            self._told = reason
