"""The state of a resource in the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.services.audit.model.intervals import Interval
from stratiform.services.ledger.model import Correction, Segment


@dataclass(frozen=True, slots=True)
class LedgerState:
    """The use of a resource, the time of its last message (None: there is none), and its corrections in force."""

    segments: Sequence[Segment] = ()
    last_message_at: Micros | None = None
    corrections: Sequence[Correction] = ()

    @property
    def intervals(self) -> list[Interval]:
        """The intervals of use."""
        return [Interval(segment.start, segment.end) for segment in self.segments]

    @property
    def excluded_intervals(self) -> list[Interval]:
        """The intervals without use according to corrections, which outrank all sources."""
        intervals = []
        for correction in self.corrections:
            if correction.start is not None:
                intervals.append(Interval(0, correction.start))
            if correction.end is not None:
                intervals.append(Interval(correction.end, None))
            if correction.absent:
                intervals.append(Interval(correction.since or 0, correction.until))
        return intervals

    def find_segment(self, moment: Micros) -> Segment | None:
        """Return the segment that contains `moment`."""
        return next((each for each in self.segments if each.is_active_at(moment)), None)

    def is_corrected_at(self, moment: Micros) -> bool:
        """Return True if a correction determines project, state or attributes at `moment`."""
        return any(
            (correction.since is None or correction.since <= moment)
            and (correction.until is None or moment < correction.until)
            for correction in self.corrections
            if correction.project_id is not None or correction.state is not None or correction.attributes
        )
