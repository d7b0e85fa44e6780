"""The usage ledger: `/api/v1/usage`. Does not own: any rule of it."""

from typing import Any

from stratiform.interfaces.rest.usage import (
    changes,
    events,
    meters,
    notifications,
    polls,
    samples,
    segments,
    sums,
    unknown,
)
from stratiform.interfaces.rest.usage.segments import segment_view

__all__ = ["handlers", "segment_view"]

handlers: list[Any] = [
    *changes.handlers,
    *events.handlers,
    *meters.handlers,
    *notifications.handlers,
    *polls.handlers,
    *samples.handlers,
    *segments.handlers,
    *sums.handlers,
    *unknown.handlers,
]
