"""Changes of the ledger: a segment came to be known, or holds no longer."""

from typing import NamedTuple

from stratiform.services.ledger.model.segments import SegmentRow

#: At each position what holds no longer is told before what holds instead.
SUPERSEDED, RECORDED = 0, 1

#: How far a reader has come: position, kind of change, number of the segment.
Reached = tuple[int, int, int]

_BEHIND_ALL = 2**62


class Change(NamedTuple):
    """At `position` the segment `row`, with this `number`, was recorded or superseded."""

    position: int
    kind: int
    number: int
    row: SegmentRow

    @property
    def place(self) -> Reached:
        return self[:3]


def behind(position: int) -> Reached:
    """Where all of `position` has been told."""
    return position, RECORDED, _BEHIND_ALL
