"""The queue of batches: received messages that are not stored yet, shared by the consuming and the storing thread."""

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

#: The size limit of a batch, whatever its number of messages.
_MAX_BATCH_BYTES = 16 * 1024 * 1024

#: The limit of messages in the first batch. It doubles after each full batch, and halves after each other one. So the
#: first transaction of a burst starts early, and with a backlog transactions are large.
_FIRST_LIMIT = 500

#: A batch is complete if no message arrives for this time.
_QUIET_S = 0.05

#: Above this size no more messages are received.
_MAX_PENDING_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class MessageBatch:
    """Messages that are stored together, in order of arrival.

    `connection` is the number of the connection that received them, and `tag` the delivery tag of the last of them.
    """

    connection: int
    tag: int
    bodies: list[bytes]


class BatchQueue:
    """A queue that returns batches of at most `limit` messages; fewer at the beginning of a burst.

    Delivery tags are valid for one connection only. Messages of an earlier connection can't be acknowledged; they are
    delivered again and are duplicates then.
    """

    def __init__(self, limit: int) -> None:
        self._max_limit = limit
        self._limit = self._first_limit = min(limit, _FIRST_LIMIT)
        self._changed = threading.Condition()
        self._pending: deque[tuple[int, bytes]] = deque()
        self._pending_bytes = 0
        self._connection = 0
        self._stored_tag: int | None = None
        self._is_closed = False

    def put(self, messages: Sequence[tuple[int, bytes]]) -> None:
        """Add messages with their delivery tags, in order."""
        with self._changed:
            before = len(self._pending)
            self._pending.extend(messages)
            self._pending_bytes += sum(len(body) for _, body in messages)
            if not before or before < self._limit <= len(self._pending) or self.is_full():
                self._changed.notify()  # the reader need not wake up each time

    def is_full(self) -> bool:
        """Return True if no more messages should be added."""
        return self._pending_bytes > _MAX_PENDING_BYTES

    def get_batch(self, linger_s: float) -> MessageBatch | None:
        """Wait for a batch: until it is full, no more messages arrive, or `linger_s` after its first message.

        Return None if the queue is closed.
        """
        with self._changed:
            while not self._is_closed:
                self._changed.wait_for(lambda: self._pending or self._is_closed)
                self._wait_for_more(time.monotonic() + linger_s)
                if self._pending and not self._is_closed:
                    return self._pop_batch()
            return None

    def _wait_for_more(self, deadline: float) -> None:
        while not self._is_ready() and (remaining_s := deadline - time.monotonic()) > 0:
            count = len(self._pending)
            if not self._changed.wait_for(self._is_ready, min(_QUIET_S, remaining_s)) and len(self._pending) == count:
                return

    def _is_ready(self) -> bool:
        return self._is_closed or not self._pending or len(self._pending) >= self._limit or self.is_full()

    def _pop_batch(self) -> MessageBatch:
        tag, bodies, size = 0, list[bytes](), 0
        while self._pending and len(bodies) < self._limit and size < _MAX_BATCH_BYTES:
            tag, body = self._pending.popleft()
            bodies.append(body)
            size += len(body)
        self._pending_bytes -= size
        is_full = len(bodies) == self._limit
        self._limit = min(2 * self._limit, self._max_limit) if is_full else max(self._limit // 2, self._first_limit)
        return MessageBatch(self._connection, tag, bodies)

    def mark_stored(self, batch: MessageBatch) -> None:
        """Mark a batch as stored, so that it can be acknowledged."""
        with self._changed:
            if batch.connection == self._connection:
                self._stored_tag = batch.tag

    def pop_acknowledgeable_tag(self) -> int | None:
        """Return the tag up to which messages can be acknowledged, once."""
        if self._stored_tag is None:  # without the lock, as this is called after every message
            return None
        with self._changed:
            tag, self._stored_tag = self._stored_tag, None
            return tag

    def clear(self) -> None:
        """Discard all messages, because the connection is lost."""
        with self._changed:
            self._pending.clear()
            self._pending_bytes, self._stored_tag = 0, None
            self._connection += 1
            self._changed.notify()

    def close(self) -> None:
        """Return no more batches."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
