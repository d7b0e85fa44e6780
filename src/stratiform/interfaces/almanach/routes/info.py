"""`/` and `/info`: versions and the number of entities, without authentication."""

import threading
from dataclasses import dataclass

import msgspec

from stratiform.interfaces.almanach.api import api
from stratiform.interfaces.almanach.context import RESOURCE_TYPES
from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.services import Services
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


class VersionLink(msgspec.Struct):
    rel: str
    href: str


class VersionEntry(msgspec.Struct):
    id: str
    status: str
    links: list[VersionLink]


class VersionsView(msgspec.Struct):
    """A version document as clients of OpenStack discover it."""

    versions: list[VersionEntry]


@api.get("", None)
def show_versions(request: ApiRequest) -> VersionsView:
    """Show the version of the API. Almanach itself has no such document."""
    return VersionsView([VersionEntry("v1.0", "CURRENT", [VersionLink("self", request.view.build_url("v1/"))])])


@api.get("/info", None)
def show_info(request: ApiRequest) -> InfoView:
    return InfoView(VersionView(VERSION), _count_entities(request))


def _count_entities(request: ApiRequest) -> DatabaseView:
    """Count the entities, at most once at a time; meanwhile other requests get the cached counts."""
    services, state = request.services, request.http.app.state
    cached: _CachedCounts | None = state.get("almanach_counts")
    if cached is not None and cached.services is not services:
        cached = None
    now = services.clock.now()
    if cached is not None and now - cached.counted_at < _CACHE_TTL_US:
        return cached.counts
    if not _counting.acquire(blocking=cached is None):
        assert cached is not None, "a blocking acquire returns True"
        return cached.counts
    try:
        with services.database.read_transaction() as db:
            counts = DatabaseView(*services.ledger.segments.count(db, RESOURCE_TYPES))
        state.almanach_counts = _CachedCounts(services, now, counts)
        return counts
    finally:
        _counting.release()
