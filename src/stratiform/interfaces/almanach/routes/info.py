"""`/info`: the version and the number of entities, without authentication."""

import threading
from dataclasses import dataclass
from typing import Any

import msgspec

from stratiform.interfaces.almanach.routes.context import RESOURCE_TYPES
from stratiform.interfaces.services import Request, Services, get, services_of
from stratiform.kit.clock import SECOND_US, Micros

#: The version of Almanach with the same API.
VERSION = "4.1.0"

#: Counting is slow in a large ledger, and no client needs a token for it.
_CACHE_TTL_US = 10 * SECOND_US

_counting = threading.Lock()


class VersionView(msgspec.Struct):
    version: str


class DatabaseView(msgspec.Struct):
    all_entities: int
    active_entities: int


class InfoView(msgspec.Struct):
    """Body of GET /info."""

    info: VersionView
    database: DatabaseView


@dataclass(frozen=True, slots=True)
class _CachedCounts:
    services: Services
    counted_at: Micros
    counts: DatabaseView


@get("/info", open_to_all=True)
def show_info(request: Request) -> InfoView:
    return InfoView(VersionView(VERSION), _count_entities(request))


handlers: list[Any] = [show_info]


def _count_entities(request: Request) -> DatabaseView:
    """Count the entities, at most once at a time; meanwhile other requests get the cached counts."""
    services = services_of(request)
    cached: _CachedCounts | None = request.app.state.get("almanach_counts")
    if cached is not None and cached.services is not services:
        cached = None
    now = services.clock.now()
    if cached is not None and now - cached.counted_at < _CACHE_TTL_US:
        return cached.counts
    if not _counting.acquire(blocking=cached is None):
        assert cached is not None, "a blocking acquire returns True"
        return cached.counts
    try:
        with services.database.snapshot() as db:
            counts = DatabaseView(*services.ledger.segments.count(db, RESOURCE_TYPES))
        request.app.state.almanach_counts = _CachedCounts(services, now, counts)
        return counts
    finally:
        _counting.release()
