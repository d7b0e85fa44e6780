"""Segments of usage, and filters and cursors for listing them."""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
from msgspec import structs

from stratiform.kit.clock import Micros
from stratiform.kit.errors import Invalid
from stratiform.kit.json_errors import NOT_JSON
from stratiform.services.ledger.model.resources import Resource


class Segment(msgspec.Struct, frozen=True):
    """A half-open interval `[start, end)` of use with one project, state and set of attributes.

    Times are microseconds UTC; `end` is None while the use continues. `name` is the last known name of the resource; it
    does not affect the price and does not start a new segment.
    """

    cloud: str
    resource_type: str
    resource_id: str
    project_id: str
    start: Micros
    end: Micros | None
    state: str
    attributes: dict[str, Any]
    name: str = ""

    @property
    def resource(self) -> Resource:
        return Resource(self.cloud, self.resource_type, self.resource_id)

    def clip(self, start: Micros, end: Micros) -> "Segment":
        """Return the part of the segment within `[start, end)`, with an end."""
        return structs.replace(self, start=max(self.start, start), end=min(self.end or end, end))

    def is_active_at(self, moment: Micros) -> bool:
        """Return True if `moment` is within the segment."""
        return self.start <= moment and (self.end is None or moment < self.end)


class RecordedSegment(Segment, frozen=True, gc=False, kw_only=True):
    """A segment with the last tags of its resource and the time at which the ledger recorded it.

    Equal `attributes` and `tags` share one dictionary, which must not be modified.
    """

    tags: dict[str, str]
    recorded_at: Micros


class SegmentRow(NamedTuple):
    """A segment in a long list. `attributes` is the text of a JSON object with sorted keys."""

    resource_type: str
    resource_id: str
    name: str
    project_id: str
    cloud: str
    start: Micros
    end: Micros | None
    state: str
    attributes: str


@dataclass(frozen=True, slots=True)
class UsageFilter:
    """Conditions on segments and samples; None matches everything.

    `since` and `until` select segments that overlap `[since, until)`. `as_of` is a position of the ledger: it selects
    what was known there. `tag` is a key and a value among the last tags of the resource.
    """

    cloud: str | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    project_id: str | None = None
    since: Micros | None = None
    until: Micros | None = None
    as_of: int | None = None
    tag: tuple[str, str] | None = None


#: The sort key of segment lists: resource type, resource id, cloud, start.
SegmentKey = tuple[str, str, str, Micros]


def encode_segment_cursor(segment: Segment | SegmentRow) -> str:
    """Return an opaque cursor for the position of `segment` in a list; it stays valid while the ledger grows."""
    key = (segment.resource_type, segment.resource_id, segment.cloud, segment.start)
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode()


def decode_segment_cursor(cursor: str) -> SegmentKey:
    """Return the sort key in a cursor. Raises Invalid."""
    try:
        key: SegmentKey = msgspec.json.decode(base64.urlsafe_b64decode(cursor.encode()), type=SegmentKey)
    except (*NOT_JSON, ValueError) as error:
        raise Invalid(
            "`marker` is not a valid cursor", hint="use the value of `next` from the previous page"
        ) from error
    return key


def select_overlapping(
    segments: Iterable[Segment], since: Micros | None, until: Micros | None, project_id: str | None
) -> Iterator[Segment]:
    """Yield the segments of the project (None: of any) that overlap `[since, until)`."""
    for segment in segments:
        is_after = until is not None and segment.start >= until
        is_before = since is not None and segment.end is not None and segment.end <= since
        if not is_after and not is_before and project_id in (None, segment.project_id):
            yield segment
