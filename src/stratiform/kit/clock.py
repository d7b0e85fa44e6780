"""Time: integer microseconds since the epoch in UTC internally, ISO 8601 externally."""

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol

Micros = int
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = _EPOCH.replace(tzinfo=None)
_MICROSECOND = timedelta(microseconds=1)

#: The range of times that ISO 8601 can represent.
_MIN_US = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_MAX_US = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


class Clock(Protocol):
    """A source of the current time, injected so that tests are exact."""

    def now(self) -> Micros: ...


class SystemClock:
    """The operating system's clock."""

    def now(self) -> Micros:
        return time.time_ns() // 1000


class ManualClock:
    """A clock for tests that only `advance` moves."""

    def __init__(self, start: Micros = 1_767_225_600 * SECOND_US) -> None:
        self.at = start

    def now(self) -> Micros:
        return self.at

    def advance(self, us: Micros) -> Micros:
        self.at += us
        return self.at


def to_datetime(us: Micros) -> datetime:
    return _EPOCH + timedelta(microseconds=us)


def from_datetime(value: datetime) -> Micros:
    """Convert a datetime; naive ones are UTC, as in OpenStack."""
    return (value - (_NAIVE_EPOCH if value.tzinfo is None else _EPOCH)) // _MICROSECOND


def parse_iso(text: str) -> Micros:
    """Parse an ISO 8601 time: a date, or a date and a time with `T` or a space, and `Z`, an offset, or nothing for UTC.

    Raises: ValueError.
    """
    # Python accepts any separator before the time, dates without hyphens, and dates by week, too.
    if not (text.isascii() and text[4:5] == text[7:8] == "-" and text[10:11] in ("", "T", " ")):
        raise ValueError(f"not an ISO 8601 time: {text}")
    us = from_datetime(datetime.fromisoformat(text))
    if not _MIN_US <= us <= _MAX_US:
        raise ValueError(f"time is outside the years 1 to 9999: {text}")
    return us


def format_iso(us: Micros) -> str:
    """Format a time as `2026-11-20T13:11:22.896443Z`: in UTC, with six decimal places."""
    day, rest = divmod(us, DAY_US)
    minute, rest = divmod(rest, MINUTE_US)
    time_of_day = (minute // 60, minute % 60, rest // SECOND_US, rest % SECOND_US)
    return "%s%02d:%02d:%02d.%06dZ" % (_format_day(day), *time_of_day)  # noqa: UP031 - 50 % faster, for lists of thousands


@lru_cache(maxsize=8192)
def _format_day(number: int) -> str:
    """Return the date part of the times on a day, counted from the epoch."""
    return f"{to_datetime(number * DAY_US).date().isoformat()}T"


def format_iso_seconds(us: Micros) -> str:
    """Format a time as `2026-11-20T13:11:22Z`, as Nova, Glance and Neutron do."""
    return to_datetime(us).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def format_iso_naive(us: Micros) -> str:
    """Format a time as `2026-11-20T13:11:22.896443`, as Cinder does, and Nova in notifications."""
    return to_datetime(us).replace(tzinfo=None).isoformat(timespec="microseconds")
