"""Changes of the ledger: segments that are recorded or superseded."""

from typing import NamedTuple

from stratiform.services.ledger.model.segments import SegmentRow

#: Kinds of changes in the order of their keys: at each position, superseded segments come before recorded ones.
SUPERSEDED, RECORDED = 0, 1

#: The sort key of changes: position, kind, id of the segment.
ChangeKey = tuple[int, int, int]

_MAX_ID = 2**62


class SegmentChange(NamedTuple):
    """The segment `row` was recorded or superseded at `position`."""

    position: int
    kind: int
    segment_id: int
    row: SegmentRow

    @property
    def key(self) -> ChangeKey:
        return self[:3]


def get_key_after_position(position: int) -> ChangeKey:
    """Return the key that follows all changes of a position."""
    return position, RECORDED, _MAX_ID
