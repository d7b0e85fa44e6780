"""Storing of consumed messages in the ledger: each batch is a transaction."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from queue import Queue

from stratiform.interfaces.amqp.batch_queue import BatchQueue, MessageBatch
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
    """Counts the messages of one source for the log."""

    def __init__(self, source: str, cloud: str) -> None:
        self._source = source
        self._cloud = cloud
        self._lock = threading.Lock()
        self._total = IngestResult()
        self._last_message = b""
        self._last_stored_at: Micros = 0

    def add(self, result: IngestResult, last_message: bytes, now: Micros) -> None:
        """Count a batch that was stored at `now`."""
        with self._lock:
            self._total += result
            self._last_message, self._last_stored_at = last_message, now

    def log(self) -> None:
        """Log the counts since the last call, unless there were no messages."""
        with self._lock:
            total, self._total = self._total, IngestResult()
            last_message, stored_at = self._last_message, self._last_stored_at
        if total == IngestResult():
            return
        logger.info(
            "ingested bus=%s cloud=%s ingested=%d duplicates=%d ignored=%d rejected=%d%s",
            self._source,
            self._cloud,
            total.ingested,
            total.duplicates,
            total.ignored,
            total.rejected,
            self._format_lag(last_message, stored_at),
        )

    def _format_lag(self, message: bytes, stored_at: Micros) -> str:
        try:
            sent_at = parse_event(message, self._cloud).at
        except InvalidMessage:
            return ""
        return f" last_at={format_iso_seconds(sent_at)} lag_s={(stored_at - sent_at) / SECOND_US:.1f}"


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
        self.statistics.add(result, bodies[-1], now)

    def _reject(self, body: bytes, error: Exception, now: Micros) -> IngestResult:
        reason = _describe(error)
        logger.warning("message rejected cloud=%s error=%r", self.cloud, reason)
        with self.services.database.transaction() as db:
            rejected_messages = self.services.ingest.rejected_messages
            return rejected_messages.add(db, self.cloud, body, f"could not be stored: {reason}", now)

    def _log_error(self, count: int, error: Exception) -> None:
        """Log an error, unless it is the same as before."""
        reason = _describe(error)
        if reason != self._last_error:
            logger.warning("messages not stored, retrying cloud=%s count=%d error=%r", self.cloud, count, reason)
            self._last_error = reason


def _describe(error: Exception) -> str:
    return str(error) if isinstance(error, Fault) else type(error).__name__
