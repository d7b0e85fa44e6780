"""Rate limits of requests by user. Source: RFC 6585, "429 Too Many Requests"; nova/api/openstack/wsgi.py, overLimit."""

import threading
from dataclasses import dataclass, field

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.errors import Fault

#: Entries of users without recent requests are dropped when there are more than this.
_MAX_ENTRIES = 10_000


class RateLimitExceeded(Fault):
    """The user has sent too many requests; `retry_after_s` seconds later the next one is allowed."""

    status = 429

    def __init__(self, limit: int, interval_us: Micros, retry_after_s: int) -> None:
        super().__init__(
            "This request was rate-limited.",
            hint=f"at most {limit} requests in {interval_us // SECOND_US} seconds; retry after {retry_after_s} seconds",
        )
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class RateLimiter:
    """Allows each user `limit` requests at once, and as many again evenly in each interval. `limit` 0: no limit.

    The times until which the requests of each user are spread are in memory, so each process has its own count.
    """

    limit: int = 0
    interval_us: Micros = 60 * SECOND_US
    _spread_until: dict[str, Micros] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def require(self, user_id: str, now: Micros) -> None:
        """Count one request. Raises RateLimitExceeded."""
        if not self.limit:
            return
        per_request_us = -(-self.interval_us // self.limit)
        with self._lock:
            if len(self._spread_until) > _MAX_ENTRIES:
                self._drop_idle(now)
            next_us = max(self._spread_until.get(user_id, now), now) + per_request_us
            excess_us = next_us - now - per_request_us * self.limit
            if excess_us > 0:
                raise RateLimitExceeded(self.limit, self.interval_us, -(-excess_us // SECOND_US))
            self._spread_until[user_id] = next_us

    def _drop_idle(self, now: Micros) -> None:
        for user_id in [user_id for user_id, until in self._spread_until.items() if until <= now]:
            del self._spread_until[user_id]
