"""The expected ledger for `support.random_events`, computed slowly for each moment from all events.

It shares no code with the product. The rules are those of `docs/reference/ledger.md` and `docs/reference/usage-api.md`.
"""

import itertools
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from support.random_events import Resource, StatedCorrection, StatedEvent

FOREVER = 2**62
SECOND = 1_000_000

Properties = dict[str, Any]
Cells = list[Properties | None]


class ExpectedSegment(NamedTuple):
    """A segment. Attributes are JSON with sorted keys, in which true differs from 1."""

    resource: Resource
    start: int
    end: int | None
    project: str
    state: str
    attributes: str
    name: str


class ExpectedSample(NamedTuple):
    """A sample with its project."""

    resource: Resource
    project: str | None
    meter: str
    kind: str
    source: str
    at: int
    value: Decimal
    hold: int
    message_id: str


def list_segments(events: Sequence[StatedEvent]) -> list[ExpectedSegment]:
    """Return all segments in the order of lists."""
    by_resource: dict[Resource, list[StatedEvent]] = defaultdict(list)
    for each in events:
        if not each.values:
            by_resource[each.resource].append(each)
    result: list[ExpectedSegment] = []
    for resource in sorted(by_resource, key=lambda each: (each[1], each[2], each[0])):
        result += _ResourceHistory(resource, by_resource).segments()
    return result


def list_samples(events: Sequence[StatedEvent], segments_: Sequence[ExpectedSegment]) -> list[ExpectedSample]:
    """Return all samples; those without project belong to the project in `segments_`."""
    return [
        ExpectedSample(
            *(each.resource, each.project or _owner(each, segments_), meter, value.kind, each.source, each.event.at),
            *(Decimal(value.value), value.hold, each.event.message_id),
        )
        for each in events
        for meter, value in each.values.items()
    ]


def _owner(each: StatedEvent, segments_: Sequence[ExpectedSegment]) -> str | None:
    """Return the project that used the resource at that time; at the end of use it is the last one."""
    at = each.event.at
    candidates = [row for row in segments_ if row.resource == each.resource and row.start <= at]
    candidates = [row for row in candidates if row.end is None or at <= row.end]
    return max(candidates, key=lambda row: row.start).project if candidates else None


def sum_durations(
    segments_: Sequence[ExpectedSegment], bounds: Sequence[int]
) -> dict[tuple[str, str, str | None, int], int]:
    """Return microseconds of use by project, state, size and start of the bucket."""
    result: dict[tuple[str, str, str | None, int], int] = defaultdict(int)
    for row in segments_:
        size = json.loads(row.attributes).get("size")
        for start, end in itertools.pairwise(bounds):
            duration = min(FOREVER if row.end is None else row.end, end) - max(row.start, start)
            if duration > 0:
                result[row.project, row.state, None if size is None else json.dumps(size), start] += duration
    return dict(result)


def sum_samples(
    expected_samples: Sequence[ExpectedSample], meter: str, bounds: Sequence[int]
) -> dict[tuple[str | None, str, int], Decimal]:
    """Return the sums of a meter by project, resource id and start of the bucket."""
    counters: dict[Any, list[ExpectedSample]] = defaultdict(list)
    for each in expected_samples:
        if each.meter == meter:
            counters[each.resource, each.kind, each.source].append(each)
    result: dict[tuple[str | None, str, int], Decimal] = defaultdict(Decimal)
    for counter in counters.values():
        last = {each.at: each for each in sorted(counter, key=lambda each: each.message_id)}
        ordered = [last[at] for at in sorted(last)]
        for index, each in enumerate(ordered):
            earlier = ordered[index - 1] if index else None
            following = ordered[index + 1].at if index + 1 < len(ordered) else FOREVER
            for start, end in itertools.pairwise(bounds):
                added = _contribution(each, earlier, following, start, end)
                if added is not None:
                    result[each.project, each.resource[2], start] += added
    return dict(result)


def _contribution(
    each: ExpectedSample, earlier: ExpectedSample | None, following: int, start: int, end: int
) -> Decimal | None:
    """Return what a sample adds between two times; None if it does not count there."""
    if each.kind == "gauge":
        duration = min(each.at + each.hold, following, end) - max(each.at, start)
        return each.value * duration / SECOND if duration > 0 else None
    if not start < each.at <= end or (each.kind == "cumulative" and earlier is None):
        return None
    if each.kind == "delta" or earlier is None or each.value < earlier.value:
        return each.value
    return each.value - earlier.value


def _parent(resource: Resource, by_resource: dict[Resource, list[StatedEvent]]) -> Resource | None:
    expected_samples = [
        each.parent for each in select_in_force(by_resource.get(resource, [])) if each.parent is not None
    ]
    return expected_samples[-1] if expected_samples and expected_samples[-1] != resource else None


def _is_in_cycle(resource: Resource, by_resource: dict[Resource, list[StatedEvent]]) -> bool:
    """Return True if the resource is its own ancestor."""
    parent = _parent(resource, by_resource)
    for _ in by_resource:
        if parent in (None, resource):
            break
        parent = _parent(parent, by_resource)
    return parent == resource


class _ResourceHistory:
    """One resource, with the events about it and all others."""

    def __init__(self, resource: Resource, by_resource: dict[Resource, list[StatedEvent]]) -> None:
        self.resource = resource
        self.in_force = select_in_force(by_resource[resource])
        self.expected_samples = [each for each in self.in_force if each.is_message]
        parent = _parent(resource, by_resource)
        self.parent_end = (
            _ResourceHistory(parent, by_resource).end
            if parent in by_resource and not _is_in_cycle(resource, by_resource)
            else None
        )
        launches = [each.launched_at for each in self.expected_samples if each.launched_at is not None]
        self.start = find_earliest(launches) if launches else None
        self.last = self._end_after(-1)
        self.times = sorted(self._list_times())
        self.cells: Cells = [
            self._properties_at(at) if self.start is not None and self.start <= at < self.last else None
            for at in self.times
        ]
        earlier: list[StatedCorrection] = []
        for each in self.in_force:
            if each.correction is not None:
                self._apply(each.event.at, each.correction, earlier)
                earlier.append(each.correction)

    def _list_times(self) -> set[int]:
        """Return all times at which something may change."""
        result: set[int | None] = {0, self.parent_end}
        for each in self.in_force:
            result |= {each.event.at, each.launched_at, each.terminated_at, each.deleted_at}
            if each.correction is not None:
                result |= {each.correction.start, each.correction.end, each.correction.since, each.correction.until}
        return {at for at in result if at is not None}

    @property
    def end(self) -> int | None:
        """The end, also of a resource without use."""
        segments_ = [index for index, properties in enumerate(self.cells) if properties is not None]
        if not segments_:
            return None if self.last == FOREVER else self.last
        return self.times[segments_[-1] + 1] if segments_[-1] + 1 < len(self.times) else None

    def segments(self) -> Iterator[ExpectedSegment]:
        name = next((each.name for each in reversed(self.in_force) if each.name is not None), "")
        open_row: ExpectedSegment | None = None
        for index, properties in enumerate(self.cells):
            at = self.times[index]
            end = self.times[index + 1] if index + 1 < len(self.times) else None
            row = (
                None
                if properties is None
                else ExpectedSegment(self.resource, at, end, *_segment_values(properties), name)
            )
            if open_row is not None and row is not None and open_row[3:] == row[3:]:
                open_row = open_row._replace(end=end)
                continue
            if open_row is not None:
                yield open_row
            open_row = row
        if open_row is not None:
            yield open_row

    def _end_after(self, moment: int) -> int:
        """Return the most reliable end after `moment`; that of the parent counts as an observed deletion."""
        kinds: list[list[int | None]] = [
            [each.terminated_at for each in self.expected_samples],
            [each.deleted_at for each in self.expected_samples],
            [each.event.at if each.is_deleted else None for each in self.expected_samples] + [self.parent_end],
        ]
        for kind in kinds:
            ends = [at for at in kind if at is not None and at > moment]
            if ends:
                return find_earliest(ends)
        return FOREVER

    def _properties_at(self, moment: int) -> Properties:
        """Return the last value of each property until `moment`, or else the first one after it."""
        properties: Properties = {}
        statements = [(each.event.at, _properties(each)) for each in self.expected_samples]
        for name in {name for _, value in statements for name in value}:
            earlier = [value[name] for at, value in statements if name in value and at <= moment]
            after = [value[name] for at, value in statements if name in value and at > moment]
            properties[name] = earlier[-1] if earlier else after[0]
        return properties

    def _apply(self, created_at: int, correction: StatedCorrection, earlier: list[StatedCorrection]) -> None:
        ends = correction.end is not None or correction.reopened
        self.start = self.start if correction.start is None else correction.start
        if ends:
            self.last = self._end_after(created_at) if correction.end is None else correction.end
        segments_ = [index for index, properties in enumerate(self.cells) if properties is not None]
        is_restored = correction.start is not None or (ends and not any(each.absent for each in earlier))
        previous = list(self.cells)
        for index, at in enumerate(self.times):
            properties = previous[index]
            if not segments_:
                if is_restored and self.start is not None and self.start <= at < self.last:
                    properties = self._apply_earlier(earlier, at, self._properties_at(at))
            elif correction.start is not None and index < segments_[0]:
                properties = self._apply_earlier(earlier, at, previous[segments_[0]] or {})
            elif ends and index > segments_[-1]:
                properties = self._apply_earlier(
                    earlier,
                    at,
                    self._apply_later_messages(previous[segments_[-1]] or {}, self.times[segments_[-1]], at),
                )
            is_outside = (correction.start is not None and at < correction.start) or (ends and at >= self.last)
            if not is_outside and properties is not None and _inside(correction, at):
                properties = None if correction.absent else properties | _properties(correction)
            self.cells[index] = None if is_outside else properties

    def _apply_earlier(self, earlier: Sequence[StatedCorrection], at: int, properties: Properties) -> Properties:
        """Apply the earlier corrections of that time."""
        for each in earlier:
            if _inside(each, at) and not each.absent:
                properties = properties | _properties(each)
        return properties

    def _apply_later_messages(self, properties: Properties, last: int, at: int) -> Properties:
        for each in self.expected_samples:
            if last < each.event.at <= at:
                properties = properties | _properties(each)
        return properties


def select_in_force(events: Sequence[StatedEvent]) -> list[StatedEvent]:
    """Return events by rank, without corrections that a later one revokes."""
    remaining = sorted(events, key=lambda each: each.rank)
    for each in reversed(list(remaining)):
        if each in remaining and each.correction is not None and each.correction.revokes:
            revoked = each.correction.revokes
            remaining = [
                other
                for other in remaining
                if other.correction is None or other.event.message_id != revoked or other.rank >= each.rank
            ]
    return remaining


def find_earliest(moments: Sequence[int]) -> int:
    """Return the earliest time; a precise time replaces one truncated to seconds in the same second."""
    first = min(moments)
    precise_times = [at for at in moments if at // SECOND == first // SECOND and at % SECOND]
    return min(precise_times) if first % SECOND == 0 and precise_times else first


def _properties(each: StatedEvent | StatedCorrection) -> Properties:
    expected_samples = {"project": each.project, "state": each.state}
    return {name: value for name, value in expected_samples.items() if value is not None} | {
        f".{name}": value for name, value in each.attributes.items()
    }


def _inside(correction: StatedCorrection, at: int) -> bool:
    return (correction.since is None or correction.since <= at) and (correction.until is None or at < correction.until)


def _segment_values(properties: Properties) -> tuple[str, str, str]:
    attributes = {name[1:]: value for name, value in properties.items() if name[0] == "." and value is not None}
    return properties.get("project", ""), properties.get("state", "active"), json.dumps(attributes, sort_keys=True)
