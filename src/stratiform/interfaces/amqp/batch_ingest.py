"""Storing of consumed messages in the ledger: each batch is a transaction."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from queue import Queue

from stratiform.interfaces.amqp.batch_queue import BatchQueue, MessageBatch
from stratiform.interfaces.amqp.bus_status import BusState, BusStatus
from stratiform.interfaces.services import Services
from stratiform.kit.clock import SECOND_US, Micros, format_iso_seconds
from stratiform.kit.database import ProgrammingError
from stratiform.kit.errors import Fault, Unavailable
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.model import IngestResult
from stratiform.services.ingest.parsing import parse_event
from stratiform.services.ingest.service import ParsedBatch

logger = logging.getLogger(__name__)

#: A batch that is not full is stored this long after its first message arrived.
_LINGER_S = 0.2

_RETRY_S = 2.0

#: Errors that are not caused by a message: the database is not reachable, full or not migrated; no memory is left.
_TRANSIENT_ERRORS = (Unavailable, ProgrammingError, OSError, MemoryError)


class IngestStatistics:
    """Counts the messages of one source for the log and for `status`."""

    def __init__(self, status: BusStatus) -> None:
        self.status = status
        self._lock = threading.Lock()
        self._total = IngestResult()

    def add(self, result: IngestResult, count: int, last_message: bytes) -> None:
        """Count a batch of `count` messages that was stored now."""
        with self._lock:
            self._total += result
        self.status.add_stored(count, self._find_time(last_message))

    def log(self) -> None:
        """Log the counts since the last call, unless there were no messages."""
        with self._lock:
            total, self._total = self._total, IngestResult()
        if total == IngestResult():
            return
        state = self.status.state
        logger.info(
            "messages ingested bus=%s cloud=%s ingested=%d duplicates=%d ignored=%d rejected=%d%s",
            state.bus,
            state.cloud,
            total.ingested,
            total.duplicates,
            total.ignored,
            total.rejected,
            _format_lag(state),
        )

    def _find_time(self, message: bytes) -> Micros | None:
        try:
            return parse_event(message, self.status.state.cloud).at
        except InvalidMessage:
            return None


def _format_lag(state: BusState) -> str:
    if state.last_sent_at is None or state.lag_us is None:
        return ""
    return f" last_at={format_iso_seconds(state.last_sent_at)} lag_s={state.lag_us / SECOND_US:.1f}"


@dataclass(slots=True)
class BatchIngest:
    """Stores the batches of `batch_queue` in order.

    Two threads call `parse_batches` and `store_batches`: the next batch is parsed while the database stores one.
    """

    services: Services
    cloud: str
    batch_queue: BatchQueue
    statistics: IngestStatistics
    _last_error: str = field(default="", init=False)
    _parsed: "Queue[tuple[MessageBatch, ParsedBatch] | None]" = field(default_factory=partial(Queue, 1), init=False)

    def parse_batches(self) -> None:
        """Parse batches until the queue is closed."""
        while (batch := self.batch_queue.get_batch(_LINGER_S)) is not None:
            self._parsed.put((batch, self.services.ingest.messages.parse(self.cloud, batch.bodies)))
        self._parsed.put(None)

    def store_batches(self, stop: threading.Event) -> None:
        """Store batches until the queue is closed.

        Messages that can't be stored stay with the broker. After `stop` the batches behind a batch that was not stored
        are not stored either, as an acknowledgement includes all earlier messages.
        """
        is_storing = True
        while (item := self._parsed.get()) is not None:
            batch, parsed = item
            is_storing = is_storing and self._store_with_retries(batch.bodies, parsed, stop)
            if is_storing:
                self.batch_queue.mark_stored(batch)

    def _store_with_retries(self, bodies: Sequence[bytes], parsed: ParsedBatch, stop: threading.Event) -> bool:
        """Return True if the messages were stored before `stop`."""
        while True:
            try:
                self._store(bodies, parsed)
            except Exception as error:
                self._log_error(len(bodies), error)
            else:
                self._last_error = ""
                return True
            if stop.wait(_RETRY_S):
                return False

    def _store(self, bodies: Sequence[bytes], parsed: ParsedBatch) -> None:
        """Store messages together. If one of them fails, bisect, and store that one as rejected."""
        now = self.services.clock.now()
        try:
            with self.services.database.transaction() as db:
                result = self.services.ingest.messages.store(db, parsed, now)
        except _TRANSIENT_ERRORS:
            raise
        except Exception as error:
            if len(bodies) > 1:
                middle = len(bodies) // 2
                for half in (bodies[:middle], bodies[middle:]):
                    self._store(half, self.services.ingest.messages.parse(self.cloud, half))
                return
            result = self._reject(bodies[0], error, now)
        self.statistics.add(result, len(bodies), bodies[-1])

    def _reject(self, body: bytes, error: Exception, now: Micros) -> IngestResult:
        reason = _describe(error)
        logger.warning("message rejected cloud=%s error=%r", self.cloud, reason)
        with self.services.database.transaction() as db:
            rejected_messages = self.services.ingest.rejected_messages
            return rejected_messages.add(db, self.cloud, body, f"could not be stored: {reason}", now)

    def _log_error(self, count: int, error: Exception) -> None:
        """Record an error, and log it unless it is the same as before."""
        reason = _describe(error)
        self.statistics.status.set_not_stored(reason)
        if reason != self._last_error:
            logger.warning("failed to store messages, retrying cloud=%s count=%d error=%r", self.cloud, count, reason)
            self._last_error = reason


def _describe(error: Exception) -> str:
    return str(error) if isinstance(error, Fault) else type(error).__name__
