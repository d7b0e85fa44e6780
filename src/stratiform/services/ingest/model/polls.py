"""When clouds are asked what was used, and how far they have told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from stratiform.contract.usage import parse_poll
from stratiform.kit.clock import DAY_US, MINUTE_US, SECOND_US, Micros
from stratiform.services.ledger.model import MeterKind

#: A cloud that failed is asked again after so long, then twice as long, and so on.
_AGAIN_FIRST_US, _AGAIN_LAST_US = 15 * SECOND_US, 15 * MINUTE_US

#: So much time is read at once; of a longer one what was read stays read if the next part fails.
_AT_ONCE_US = DAY_US

_Seconds = Annotated[int, Meta(ge=0, le=30 * 86_400)]


@dataclass(frozen=True, slots=True)
class Poll:
    """One meter of one cloud. Everything before `until_at` was read; nothing before `since_at` is. `asked_at`: when it
    was last read without a fault, 0 for never; `fault`: what has failed `failures` times since then."""

    id: str
    cloud_id: str
    cloud: str
    resource_type: str
    meter: str
    since_at: Micros
    until_at: Micros
    asked_at: Micros
    fault: str = ""
    failures: int = 0

    @property
    def again_us(self) -> Micros:
        """How long to wait after the last failure."""
        return min(_AGAIN_FIRST_US << min(self.failures - 1, 16), _AGAIN_LAST_US)


class Schedule(msgspec.Struct, frozen=True):
    """What a `poll` table says of when. A value is asked for `delay_s` after its period is over, and again until
    `overlap_s` after that, as clouds learn of some late. `kind`: how this cloud counts, where not as the meter says."""

    period_s: Annotated[int, Meta(ge=1, le=86_400)]
    every_s: Annotated[int, Meta(ge=1, le=86_400)] = 300
    delay_s: _Seconds = 120
    overlap_s: _Seconds = 3600
    kind: MeterKind | None = None

    def windows(self, poll: Poll, now: Micros) -> list[tuple[Micros, Micros]]:
        """What is to be read now, oldest first; nothing where no period is over since the last time."""
        period = self.period_s * SECOND_US
        end = (now - self.delay_s * SECOND_US) // period * period
        if end <= poll.until_at:
            return []
        start = max(poll.since_at, poll.until_at - self.overlap_s * SECOND_US)
        return [(at, min(at + _AT_ONCE_US, end)) for at in range(start, end, _AT_ONCE_US)]


_OURS = {"every_s", "delay_s", "overlap_s", "kind"}


def split(table: Mapping[str, Any]) -> tuple[Schedule, dict[str, Any]]:
    """A `poll` table as what is for us, and what the connector is asked. Raises Invalid, naming the key."""
    return parse_poll(table, Schedule), {key: value for key, value in table.items() if key not in _OURS}
