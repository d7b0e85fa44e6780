"""Polls of meters, and their schedule."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from stratiform.contract.usage import parse_poll_parameters
from stratiform.kit.clock import DAY_US, MINUTE_US, SECOND_US, Micros
from stratiform.services.ledger.model import MeterKind

#: The delay after a failure doubles from the first to the last value.
_FIRST_RETRY_US, _LAST_RETRY_US = 15 * SECOND_US, 15 * MINUTE_US

#: The length of one request. A longer time is read in parts, so that a failure does not lose those before it.
_WINDOW_US = DAY_US

_Seconds = Annotated[int, Meta(ge=0, le=30 * 86_400)]


@dataclass(frozen=True, slots=True)
class Poll:
    """One meter of one cloud. Everything in `[since_at, until_at)` has been read.

    `polled_at`: time of the last success; 0 if there is none. `fault`: text of the last of `failures` errors since.
    """

    id: str
    cloud_id: str
    cloud: str
    resource_type: str
    meter: str
    since_at: Micros
    until_at: Micros
    polled_at: Micros
    fault: str = ""
    failures: int = 0

    @property
    def retry_delay_us(self) -> Micros:
        """The delay before the next attempt after a failure."""
        return min(_FIRST_RETRY_US << min(self.failures - 1, 16), _LAST_RETRY_US)


class PollSchedule(msgspec.Struct, frozen=True):
    """The schedule of a poll.

    Periods of `period_s` are read `delay_s` after their end, and again until `overlap_s` after that, because clouds
    report some values late. `kind`: how this cloud counts, if not as the meter.
    """

    period_s: Annotated[int, Meta(ge=1, le=86_400)]
    every_s: Annotated[int, Meta(ge=1, le=86_400)] = 300
    delay_s: _Seconds = 120
    overlap_s: _Seconds = 3600
    kind: MeterKind | None = None

    def list_windows(self, poll: Poll, now: Micros) -> list[tuple[Micros, Micros]]:
        """Return the windows to read now, the oldest first; none if no period has ended since the last success."""
        period = self.period_s * SECOND_US
        end = (now - self.delay_s * SECOND_US) // period * period
        if end <= poll.until_at:
            return []
        start = max(poll.since_at, poll.until_at - self.overlap_s * SECOND_US)
        return [(at, min(at + _WINDOW_US, end)) for at in range(start, end, _WINDOW_US)]


#: The keys of a poll table that the connector does not get. `period_s` is for both.
_SCHEDULE_KEYS = {"every_s", "delay_s", "overlap_s", "kind"}


def split_poll_table(table: Mapping[str, object]) -> tuple[PollSchedule, dict[str, object]]:
    """Split a poll table of a meter file into the schedule and the table for the connector.

    Raises: Invalid, with the key.
    """
    connector_table = {key: value for key, value in table.items() if key not in _SCHEDULE_KEYS}
    return parse_poll_parameters(table, PollSchedule), connector_table
