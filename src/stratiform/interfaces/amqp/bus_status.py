"""The status of one bus: the connection to its broker, and the storing of its messages."""

import threading
from dataclasses import dataclass, replace

from stratiform.kit.clock import Clock, Micros


@dataclass(frozen=True, slots=True)
class BusState:
    """The state of a bus at an instant.

    `since`: when it was connected, or when it became unreachable, with `error`. `not_stored_since`: when storing began
    to fail, with `storage_error`. `last_sent_at`: the time of the last stored message, which was stored `lag_us` later.
    """

    bus: str
    cloud: str
    is_connected: bool
    since: Micros
    error: str = ""
    stored: int = 0
    last_sent_at: Micros | None = None
    lag_us: Micros | None = None
    not_stored_since: Micros | None = None
    storage_error: str = ""


class BusStatus:
    """Records the changes of a bus. Its threads share it."""

    def __init__(self, bus: str, cloud: str, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._state = BusState(bus, cloud, is_connected=False, since=clock.now())

    @property
    def state(self) -> BusState:
        return self._state

    def set_connected(self) -> None:
        self._update(is_connected=True, since=self._clock.now(), error="")

    def set_disconnected(self, reason: str) -> None:
        """Record that the broker is not reachable; further attempts do not change since when."""
        since = self._clock.now() if self._state.is_connected else self._state.since
        self._update(is_connected=False, since=since, error=reason)

    def add_stored(self, count: int, sent_at: Micros | None) -> None:
        """Record that `count` messages were stored now. `sent_at`: the time of the last one, if it has one."""
        lag_us = None if sent_at is None else self._clock.now() - sent_at
        stored = self._state.stored + count
        self._update(stored=stored, last_sent_at=sent_at, lag_us=lag_us, not_stored_since=None, storage_error="")

    def set_not_stored(self, reason: str) -> None:
        """Record that messages can't be stored; further attempts do not change since when."""
        since = self._state.not_stored_since
        self._update(not_stored_since=self._clock.now() if since is None else since, storage_error=reason)

    def _update(self, **changes: object) -> None:
        with self._lock:
            self._state = replace(self._state, **changes)  # type: ignore[arg-type]
