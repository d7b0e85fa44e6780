"""The lines of an exported part of the ledger, one JSON document each. The form is that of `docs/reference/proof.md`.

First what the export is, then each resource with its events and segments, last the signed sum of all lines.
"""

import hashlib
import re
from array import array
from collections.abc import Iterable
from itertools import groupby, pairwise

import msgspec

from stratiform.kit.clock import Micros, iso, parse_iso
from stratiform.kit.errors import Invalid
from stratiform.services.ledger.model import Resource, Segment

FORMAT = 1

#: The first line of the signed sum, so that it is never taken for a checkpoint.
_HEADING = f"stratiform usage export v{FORMAT}"

_RANGE = re.compile(r"(0|[1-9][0-9]{0,17})(?:-([1-9][0-9]{0,17}))?")


class Line(msgspec.Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True):
    """One line. Hashes are base64 in it."""


class Opening(Line, tag="export", frozen=True):
    """What the export is. `since`, `until` (ISO 8601; None: without limit) and `project_id` (None: all) say what was
    asked for; `position` is the ledger's, and `checkpoint` the signed note on its log as it was there. `keys` are the
    notes that tell of the signing keys. `consistency` shows that the log goes on from `consistent_with` events."""

    format: int
    made_by: str
    position: int
    since: str | None
    until: str | None
    project_id: str | None
    checkpoint: str
    keys: list[str]
    consistent_with: int | None = None
    consistency: list[bytes] = []


class Heading(Line, tag="resource", frozen=True):
    """Whose events and segments follow. `events`: how many the ledger has of it."""

    cloud: str
    resource_type: str
    resource_id: str
    events: int

    @property
    def resource(self) -> Resource:
        return Resource(self.cloud, self.resource_type, self.resource_id)


class Proved(Line, tag="event", frozen=True):
    """One event: its number in the log, the very text of its record, and the proof that the log has it there."""

    index: int
    record: str
    proof: list[bytes]


class HeldBack(Line, tag="held_back", frozen=True):
    """An event that only shows that it is there: it is of another project than the one that reads this."""

    index: int
    leaf: bytes
    proof: list[bytes]


class Used(Line, tag="segment", frozen=True):
    """A segment that follows from the events of its resource."""

    project_id: str
    start: str
    end: str | None
    state: str
    attributes: dict[str, object]

    @classmethod
    def of(cls, segment: Segment) -> "Used":
        end = None if segment.end is None else iso(segment.end)
        return cls(segment.project_id, iso(segment.start), end, segment.state, dict(sorted(segment.attributes.items())))

    def __str__(self) -> str:
        return f"{self.start} to {self.end or 'now'}, {self.state}"


class Closing(Line, tag="end", frozen=True):
    """The last line: the signed note on all lines before it."""

    note: str


AnyLine = Opening | Heading | Proved | HeldBack | Used | Closing

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyLine] = msgspec.json.Decoder(AnyLine)


def encoded(line: AnyLine) -> bytes:
    return _encoder.encode(line) + b"\n"


def decoded(line: bytes) -> AnyLine:
    """Raises Invalid where it is no line of an export."""
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Invalid(str(error)) from error


class Sum:
    """What the signature at the end is about: every byte before it, and which events there are."""

    def __init__(self, origin: str, size: int) -> None:
        self._log = f"{origin}\n{size}\n"
        self._bytes = hashlib.sha256()
        self._indexes = array("q")

    def add(self, line: bytes, index: int | None = None) -> bytes:
        """Count `line` in; the event `index`, where it is one's."""
        self._bytes.update(line)
        if index is not None:
            self._indexes.append(index)
        return line

    def __str__(self) -> str:
        """The text of the note."""
        return f"{_HEADING}\n{self._log}{_ranges(self._indexes)}\n{self._bytes.hexdigest()}\n"


def summed(text: str, origin: str, size: int) -> tuple[set[int], str]:
    """Out of the text of the last line's note: which events there are, and the SHA-256 of the lines before.

    Raises Invalid where it isn't the sum of an export of this log at this size.
    """
    begins = f"{_HEADING}\n{origin}\n{size}\n"
    lines = text.removeprefix(begins).split("\n")
    if not text.startswith(begins) or len(lines) != 3:
        raise Invalid("the last line is of another export")
    found = [_RANGE.fullmatch(part) for part in lines[0].split(",") if part]
    ranges = [range(int(one[1]), int(one[2] or one[1]) + 1) for one in found if one is not None]
    if len(ranges) != len(found) or any(one.stop > size for one in ranges):
        raise Invalid("the last line can't be understood")
    return {index for some in ranges for index in some}, lines[1]


def period(opening: Opening) -> tuple[Micros | None, Micros | None]:
    """The period that was asked for. Raises Invalid."""
    try:
        since = None if opening.since is None else parse_iso(opening.since)
        return since, None if opening.until is None else parse_iso(opening.until)
    except (ValueError, OverflowError) as error:
        raise Invalid("the period of the export can't be understood") from error


def left_out(there: Iterable[int], size: int) -> str:
    """The numbers below `size` that aren't `there`, as ranges; "" where all are."""
    ends = [-1, *sorted(set(there)), size]
    gaps = [(before + 1, after - 1) for before, after in pairwise(ends) if after - before > 1]
    return _written(gaps)


def _ranges(indexes: Iterable[int]) -> str:
    """`0-5,7`: numbers, in order, with those that follow each other drawn together."""
    runs = groupby(enumerate(sorted(set(indexes))), lambda pair: pair[1] - pair[0])
    return _written((run[0][1], run[-1][1]) for run in (list(group) for _, group in runs))


def _written(ranges: Iterable[tuple[int, int]]) -> str:
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)
