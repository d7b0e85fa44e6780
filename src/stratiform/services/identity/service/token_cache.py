"""In-process cache by token of another Keystone. Its keys are digests."""

import hashlib
import threading
from typing import Generic, TypeVar

from stratiform.kit.clock import MINUTE_US, Micros

#: A validated token is cached for this time at most, so a revoked token is rejected after it.
_TTL_US = MINUTE_US

#: Default of the maximum number of entries; the oldest is evicted first.
_SIZE = 10_000

T = TypeVar("T")


class TokenCache(Generic[T]):
    """Entries by token. Thread-safe."""

    def __init__(self, ttl_us: Micros = _TTL_US, size: int = _SIZE) -> None:
        self._ttl_us, self._size = ttl_us, size
        self._entries: dict[bytes, tuple[Micros, Micros | None, T]] = {}
        self._lock = threading.Lock()

    def find(self, token_id: str, now: Micros, *, grace_us: Micros = 0) -> T | None:
        """Return an entry; `grace_us` extends the time for which it is cached, not the life of the token."""
        cached_until, expiry, entry = self._entries.get(_digest(token_id), (0, None, None))
        is_current = now < cached_until + grace_us and (expiry is None or now < expiry)
        return entry if is_current else None

    def put(self, token_id: str, entry: T, now: Micros, expiry: Micros | None = None) -> None:
        """Keep `entry` for the time of this cache, or until the token expires at `expiry` if that is earlier."""
        key = _digest(token_id)
        with self._lock:
            self._entries.pop(key, None)
            while len(self._entries) >= self._size:
                del self._entries[next(iter(self._entries))]
            self._entries[key] = (now + self._ttl_us, expiry, entry)

    def delete(self, token_id: str) -> None:
        with self._lock:
            self._entries.pop(_digest(token_id), None)


def _digest(token_id: str) -> bytes:
    return hashlib.sha256(token_id.encode()).digest()
