"""Messages that were heard and are not stored yet: what two threads share, one that hears and one that stores."""

import threading
from collections import deque
from dataclasses import dataclass

#: So much is one batch at most, however few messages it has.
_BATCH_BYTES = 16 * 1024 * 1024

#: Above this nothing more is taken from the bus.
_HELD_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages that are stored together, in the order in which they came."""

    life: int  # of the connection they came over
    tag: int  # of the last of them
    bodies: list[bytes]


class Inbox:
    """Gives batches of at most `limit` messages. A connection counts its tags anew, so what came over an earlier one
    can't be acknowledged any more: it comes again, and the ledger knows it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._changed = threading.Condition()
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._bytes = 0
        self._life = 0
        self._stored: int | None = None
        self._closed = False

    def put(self, tag: int, body: bytes) -> None:
        with self._changed:
            self._waiting.append((tag, body))
            self._bytes += len(body)
            if len(self._waiting) in (1, self._limit) or self.full():  # who takes need not wake up for each
                self._changed.notify()

    def full(self) -> bool:
        """Whether so much is held that no more should be put in."""
        return self._bytes > _HELD_BYTES

    def take(self, linger_s: float) -> Batch | None:
        """A batch: as soon as it is as large as can be, or `linger_s` after its first message. None once closed."""
        with self._changed:
            while not self._closed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                self._changed.wait_for(self._worth_taking, linger_s)
                if self._waiting and not self._closed:
                    return self._batch()
            return None

    def _worth_taking(self) -> bool:
        return self._closed or not self._waiting or len(self._waiting) >= self._limit or self.full()

    def _batch(self) -> Batch:
        tag, bodies, size = 0, list[bytes](), 0
        while self._waiting and len(bodies) < self._limit and size < _BATCH_BYTES:
            tag, body = self._waiting.popleft()
            bodies.append(body)
            size += len(body)
        self._bytes -= size
        return Batch(self._life, tag, bodies)

    def done(self, batch: Batch) -> None:
        """`batch` is stored."""
        with self._changed:
            if batch.life == self._life:
                self._stored = batch.tag

    def stored(self) -> int | None:
        """The tag up to which the broker may forget everything; told once."""
        if self._stored is None:  # asked for after every message
            return None
        with self._changed:
            tag, self._stored = self._stored, None
            return tag

    def renew(self) -> None:
        """The connection is lost."""
        with self._changed:
            self._waiting.clear()
            self._bytes, self._stored = 0, None
            self._life += 1
            self._changed.notify()

    def close(self) -> None:
        """Give no more batches."""
        with self._changed:
            self._closed = True
            self._changed.notify()
