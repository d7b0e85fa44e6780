"""What the service is, for anyone."""

import threading
from typing import Any

from stratiform.interfaces.services import Request, Services, get, services_of
from stratiform.kit.clock import SECOND_US, Micros

#: The version of Almanach whose API this is.
VERSION = "4.1.0"

#: Resource types that are entities of Almanach.
_ENTITY_TYPES = ("instance", "volume")

#: Anyone may ask, and counting takes time in a large ledger.
_COUNTED_FOR_US = 10 * SECOND_US

_lock = threading.Lock()


@get("/info", open_to_all=True)
def show_info(request: Request) -> dict[str, Any]:
    every, active = _counts(request, services_of(request))
    return {"info": {"version": VERSION}, "database": {"all_entities": every, "active_entities": active}}


handlers: list[Any] = [show_info]


def _counts(request: Request, services: Services) -> tuple[int, int]:
    """While one counts, the others are told what was counted before: many who ask cost as little as one."""
    kept: tuple[Micros, Services, tuple[int, int]] | None = request.app.state.get("almanach_counts")
    if kept is not None and kept[1] is not services:
        kept = None
    now = services.clock.now()
    if kept is not None and now - kept[0] < _COUNTED_FOR_US:
        return kept[2]
    if not _lock.acquire(blocking=kept is None):
        assert kept is not None, "without it we would have waited"
        return kept[2]
    try:
        with services.database.snapshot() as db:
            counts = services.ledger.segments.count(db, _ENTITY_TYPES)
        request.app.state.almanach_counts = (now, services, counts)
        return counts
    finally:
        _lock.release()
