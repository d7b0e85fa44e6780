"""The lines of an export, one JSON document each. The format is described in `docs/reference/proof.md`.

First the header, then each resource with its events and segments, at last the signed digest of all lines.
"""

import msgspec

from stratiform.kit.clock import Micros, format_iso, parse_iso
from stratiform.kit.errors import Invalid
from stratiform.kit.json_errors import NOT_JSON
from stratiform.services.ledger.model import Resource, Segment

FORMAT = 1


class ExportLineBase(msgspec.Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True):
    """One line; field names are the keys of the format. Hashes are base64 in JSON."""


class HeaderLine(ExportLineBase, tag="export", frozen=True):
    """The first line.

    `since` and `until` (ISO 8601) and `project_id` are the filter; None: unlimited. `checkpoint` is the signed note on
    the log at the `position` of the ledger; `keys` are the notes on the signing keys. `consistency` proves that the log
    continues the one of `consistent_with` events.
    """

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


class ResourceLine(ExportLineBase, tag="resource", frozen=True):
    """The resource of the following events and segments. `events`: the number of its events in the ledger."""

    cloud: str
    resource_type: str
    resource_id: str
    events: int

    @property
    def resource(self) -> Resource:
        return Resource(self.cloud, self.resource_type, self.resource_id)


class EventLine(ExportLineBase, tag="event", frozen=True):
    """An event: its number in the log, the exact text of its record, and its inclusion proof."""

    index: int
    record: str
    proof: list[bytes]


class WithheldEventLine(ExportLineBase, tag="held_back", frozen=True):
    """An event of another project: only its leaf and inclusion proof."""

    index: int
    leaf: bytes
    proof: list[bytes]


class SegmentLine(ExportLineBase, tag="segment", frozen=True):
    """A segment, as computed from the events of the resource."""

    project_id: str
    start: str
    end: str | None
    state: str
    attributes: dict[str, object]

    @classmethod
    def from_segment(cls, segment: Segment) -> "SegmentLine":
        """Return the line of a segment."""
        end = None if segment.end is None else format_iso(segment.end)
        return cls(
            segment.project_id, format_iso(segment.start), end, segment.state, dict(sorted(segment.attributes.items()))
        )

    def __str__(self) -> str:
        return f"{self.start} to {self.end or 'now'}, {self.state}"


class EndLine(ExportLineBase, tag="end", frozen=True):
    """The last line: the signed note on all lines before it."""

    note: str


ExportLine = HeaderLine | ResourceLine | EventLine | WithheldEventLine | SegmentLine | EndLine

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[ExportLine] = msgspec.json.Decoder(ExportLine)


def encode_line(line: ExportLine) -> bytes:
    """Return the JSON text of a line with its newline."""
    return _encoder.encode(line) + b"\n"


def decode_line(text: bytes) -> ExportLine:
    """Decode a line. Raises: Invalid."""
    try:
        return _decoder.decode(text)
    except NOT_JSON as error:
        raise Invalid(str(error)) from error


def parse_period(header: HeaderLine) -> tuple[Micros | None, Micros | None]:
    """Return `since` and `until` of an export. Raises: Invalid."""
    try:
        since = None if header.since is None else parse_iso(header.since)
        return since, None if header.until is None else parse_iso(header.until)
    except (ValueError, OverflowError) as error:
        raise Invalid("invalid period") from error
