"""Random events about a few resources: of meter files, of Stratiform's own types, samples and corrections.

Each has the event and its meaning, from which `support.reference_ledger` computes the expected ledger. There are few
ids, times and values, so that rare cases are frequent: equal times, the same id in two clouds, times that are truncated
to seconds, children that end with their parents, change their parents, or are in a cycle with them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from stratiform.kit.clock import HOUR_US, SECOND_US, format_iso, parse_iso
from stratiform.kit.outbox import Event

T0 = parse_iso("2026-03-01T00:00:00Z")
HOURS = 5

CLOUDS = ("a", "a", "a", "b")
IDS = ("x", "x", "y")

#: Resources of a type end with a parent of the previous type.
TYPES = ("whole", "part", "crumb")

Resource = tuple[str, str, str]
Draw = st.DrawFn

_FILE = """
name = "{name}"
title = "Things"
unit = "thing"
source = "a test"
launched = "launched"
ended = "ended"
deleted_at = "deleted"

[identity]
id = "id"
project = "project"
name = "name"
tags = "tags"
{parent}

[attributes]
size = {{ path = "size", type = "integer", null = true }}
fast = {{ path = "fast", type = "boolean", null = true }}

[state]
path = "state"
map = {{ active = "active", down = "down" }}
deleted = ["deleted", "lost*"]

[[events]]
type = "{name}.begun"
rule = "start"

[[events]]
type = ["{name}.updated", "{name}.exists"]
rule = "update"

[[events]]
type = "{name}.gone"
rule = "stop"
at = "gone_at"

[[events]]
type = "{name}.removed"
rule = "stop"
exact = true
"""


@dataclass(frozen=True)
class StatedCorrection:
    """A correction; see `docs/reference/ledger.md`."""

    start: int | None = None
    end: int | None = None
    reopened: bool = False
    since: int | None = None
    until: int | None = None
    project: str | None = None
    state: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    absent: bool = False
    revokes: str | None = None


@dataclass(frozen=True)
class StatedSample:
    """A sample. `hold` is in microseconds, `value` is a decimal string."""

    kind: str
    hold: int
    value: str


@dataclass(frozen=True, repr=False)
class StatedEvent:
    """An event and its meaning. `is_message`: it has an observation, which corrections may not have."""

    event: Event
    resource: Resource
    project: str | None = None
    name: str | None = None
    state: str | None = None
    launched_at: int | None = None
    terminated_at: int | None = None
    deleted_at: int | None = None
    is_deleted: bool = False
    attributes: dict[str, Any] = field(default_factory=dict)
    parent: Resource | None = None
    values: dict[str, StatedSample] = field(default_factory=dict)
    source: str = ""
    correction: StatedCorrection | None = None
    is_message: bool = True

    def __repr__(self) -> str:
        """Return the event only; the other fields follow from it."""
        event = self.event
        return f"{event.cloud} {event.message_id} {event.event_type} {format_iso(event.at)} {event.payload}"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(repr(self))

    @property
    def rank(self) -> tuple[int, str]:
        return self.event.at, self.event.message_id

    @property
    def key(self) -> tuple[str, str]:
        """Return cloud and message id."""
        return self.event.cloud, self.event.message_id


def write_meters(folder: Path) -> None:
    """Write the meter files of TYPES."""
    folder.mkdir(parents=True, exist_ok=True)
    for parent_type, name in zip((None, *TYPES), TYPES, strict=False):
        parent = "" if parent_type is None else f'parent = {{ type = "{parent_type}", id = "parent" }}'
        (folder / f"{name}.toml").write_text(_FILE.format(name=name, parent=parent))


moments = st.builds(
    lambda hour, second, micros: T0 + hour * HOUR_US + second * SECOND_US + micros,
    st.integers(0, HOURS - 1),
    st.integers(0, 2),
    st.sampled_from((0, 0, 1, 500_000)),
)
_maybe = st.none() | moments
_rarely = st.sampled_from((True, False, False, False, False)).flatmap(lambda fields: moments if fields else st.none())
_projects = st.sampled_from(("p", "p", "q"))
_names = st.sampled_from(("n1", "n2", None))
_states = st.sampled_from(("active", "down", None))
_deleted_states = st.sampled_from((None, None, "deleted", "lost_host"))
_sizes = st.sampled_from((1, 1, 2, None))


@st.composite
def random_events(draw: Draw, max_size: int = 14) -> list[StatedEvent]:
    """Draw up to `max_size` events with different ids."""
    return draw(st.lists(_random_event(), min_size=1, max_size=max_size, unique_by=lambda each: each.key))


@st.composite
def _random_event(draw: Draw) -> StatedEvent:
    cloud, kind, resource_id = draw(st.sampled_from(CLOUDS)), draw(st.sampled_from(TYPES)), draw(st.sampled_from(IDS))
    build = draw(
        st.sampled_from(
            (_meter_file_event, _meter_file_event, _usage_event, _usage_event, _sample_event, _correction_event)
        )
    )
    return build(draw, (cloud, kind, resource_id))


def _event(draw: Draw, resource: Resource, event_type: str, payload: dict[str, Any], prefix: str = "m") -> Event:
    """Draw an event, without the keys of the payload that are None."""
    number = draw(st.integers(0, 30))
    fields = {name: value for name, value in payload.items() if value is not None}
    return Event(f"{prefix}{number:02d}", event_type, "test", draw(moments), resource[0], fields)


def _parent(draw: Draw, resource: Resource, *, any_type: bool) -> Resource | None:
    """Draw a parent of the previous type, or of any type, which makes cycles possible."""
    cloud, kind, _ = resource
    parent_type = TYPES if any_type else TYPES[: TYPES.index(kind)][-1:]
    if not parent_type or not draw(st.booleans()):
        return None
    return cloud, draw(st.sampled_from(parent_type)), draw(st.sampled_from(IDS))


def _attributes(draw: Draw, **choices: st.SearchStrategy[Any]) -> dict[str, Any]:
    return {name: draw(values) for name, values in choices.items() if draw(st.booleans())}


def _meter_file_event(draw: Draw, resource: Resource) -> StatedEvent:
    """Draw an event of a meter file."""
    _, kind, resource_id = resource
    verb = draw(st.sampled_from(("begun", "updated", "updated", "exists", "gone", "removed")))
    is_stop = verb in ("gone", "removed")
    attributes = _attributes(draw, size=_sizes, fast=st.sampled_from((True, False, None)))
    parent, gone_at = _parent(draw, resource, any_type=False), draw(_maybe) if verb == "gone" else None
    launched_at, ended, deleted = draw(_maybe), draw(_rarely), draw(_rarely)
    project = None if is_stop and draw(st.booleans()) else draw(_projects)
    name, state = draw(_names), draw(_states)
    deleted_state = draw(_deleted_states) if state is None else None
    instant = draw(_rarely) if verb != "exists" else None
    period = (T0, T0 + HOUR_US) if verb == "exists" else (instant, instant)
    times = {"launched": launched_at, "ended": ended, "gone_at": gone_at, "deleted": deleted}
    times |= {"audit_period_beginning": period[0], "audit_period_ending": period[1]}
    payload: dict[str, Any] = {
        "id": resource_id,
        "project": project,
        "name": name,
        "state": state or deleted_state or "moving",
        "parent": None if parent is None else parent[2],
        **{name: None if at is None else format_iso(at) for name, at in times.items()},
    }
    event = _event(draw, resource, f"{kind}.{verb}", payload)
    event.payload.update(attributes)  # a null is an answer
    return StatedEvent(
        *(event, resource, project, name, state),
        launched_at=_first(launched_at, instant, event.at) if verb == "begun" and not deleted_state else launched_at,
        terminated_at=ended,
        deleted_at=_deletion(event, gone_at, deleted, instant) if is_stop else deleted if deleted_state else None,
        is_deleted=is_stop or deleted_state is not None,
        attributes=attributes,
        parent=parent,
    )


def _deletion(event: Event, gone_at: int | None, deleted: int | None, instant: int | None) -> int | None:
    """Return when the resource was deleted: only the time of a notification of the type `removed` is exact."""
    moment = _first(gone_at, deleted, instant)
    is_exact = event.event_type.endswith(".removed")
    is_truncated = moment is not None and moment % SECOND_US == 0 and event.at // SECOND_US == moment // SECOND_US
    return event.at if is_exact and (moment is None or is_truncated) else moment


def _first(*moments: int | None) -> int | None:
    return next((each for each in moments if each is not None), None)


def _usage_event(draw: Draw, resource: Resource) -> StatedEvent:
    """Draw `usage.started`, `usage.changed` or `usage.ended`."""
    _, kind, resource_id = resource
    verb = draw(st.sampled_from(("started", "started", "changed", "changed", "ended")))
    project = draw(_projects) if verb == "started" else draw(st.none() | _projects)
    attributes = _attributes(draw, size=_sizes | st.just(True))
    parent, name, state = _parent(draw, resource, any_type=True), draw(_names), draw(_states)
    payload: dict[str, Any] = {
        "resource_type": kind,
        "resource_id": resource_id,
        "project_id": project,
        "name": name,
        "state": state,
        "parent": None if parent is None else {"resource_type": parent[1], "resource_id": parent[2]},
        "attributes": attributes,
    }
    event = _event(draw, resource, f"usage.{verb}", payload)
    return StatedEvent(
        *(event, resource, project, name, state),
        launched_at=event.at if verb == "started" else None,
        terminated_at=event.at if verb == "ended" else None,
        attributes=attributes,
        parent=parent,
    )


def _sample_event(draw: Draw, resource: Resource) -> StatedEvent:
    """Draw `usage.sampled`, which asserts nothing about the resource itself."""
    _, kind, resource_id = resource
    values = {}
    if draw(st.booleans()):
        meter_kind = draw(st.sampled_from(("delta", "cumulative")))
        values["moved"] = StatedSample(
            meter_kind, 0, draw(st.sampled_from(("0", "0.1", "2.5", "7", "1000000000000000000.3")))
        )
    if not values or draw(st.booleans()):
        hold = draw(st.sampled_from((60, 3600, 5400))) * SECOND_US
        values["level"] = StatedSample("gauge", hold, draw(st.sampled_from(("0", "0.3", "4"))))
    project, source = draw(st.none() | _projects), draw(st.sampled_from(("", "", "n")))
    payload = {
        "resource_type": kind,
        "resource_id": resource_id,
        "project_id": project,
        "source": source,
        "samples": {
            name: {"kind": each.kind, "value": each.value, "unit": "B", "hold": each.hold // SECOND_US or None}
            for name, each in values.items()
        },
        "name": "unheard",
        "parent": {"resource_type": "whole", "resource_id": "x"},
    }
    return StatedEvent(
        _event(draw, resource, "usage.sampled", payload), resource, project=project, values=values, source=source
    )


def _correction_event(draw: Draw, resource: Resource) -> StatedEvent:
    """Draw a correction with or without an observation."""
    correction, has_observation = draw(_random_correction()), draw(st.sampled_from((True, False, False)))
    observation: dict[str, Any] = {
        "project": None,
        "name": None,
        "state": None,
        "launched_at": None,
        "is_deleted": False,
    }
    attributes: dict[str, Any] = {}
    if has_observation:
        observation = {
            "project": draw(_projects),
            "name": draw(_names),
            "state": draw(_states),
            "launched_at": draw(_maybe),
        }
        observation["is_deleted"], attributes = draw(st.booleans()), _attributes(draw, size=_sizes)
    launched_at = None if observation["launched_at"] is None else format_iso(observation["launched_at"])
    fields = {
        "project_id": observation["project"],
        "name": observation["name"],
        "state": observation["state"],
        "launched": launched_at,
        "gone": observation["is_deleted"] or None,
        "attributes": attributes,
    }
    payload = {
        "resource_type": resource[1],
        "resource_id": resource[2],
        "author": "staff",
        "reason": "a test",
        **_payload_of(correction),
        "seen": {name: value for name, value in fields.items() if value is not None} if has_observation else None,
    }
    event = _event(draw, resource, "usage.correction", payload, "c")
    return StatedEvent(
        event, resource, **observation, attributes=attributes, correction=correction, is_message=has_observation
    )


def _payload_of(correction: StatedCorrection) -> dict[str, Any]:
    times = {"start": correction.start, "end": correction.end, "since": correction.since, "until": correction.until}
    return {
        **{name: None if at is None else format_iso(at) for name, at in times.items()},
        "reopened": correction.reopened or None,
        "absent": correction.absent or None,
        "revokes": correction.revokes,
        "project_id": correction.project,
        "state": correction.state,
        "attributes": correction.attributes or None,
    }


@st.composite
def _random_correction(draw: Draw) -> StatedCorrection:
    """Draw a valid correction."""
    builders: tuple[Callable[[Draw], StatedCorrection], ...] = (_move, _move, _change, _change, _revoke)
    return draw(st.sampled_from(builders))(draw)


def _move(draw: Draw) -> StatedCorrection:
    end = draw(_maybe)
    start = draw(_maybe.filter(lambda at: at is None or end is None or at < end))
    if end is None and (start is None or draw(st.booleans())):
        return StatedCorrection(start=start, reopened=True, revokes=draw(_maybe_correction_id))
    project, state = draw(st.none() | _projects), draw(_states)
    return StatedCorrection(start=start, end=end, project=project, state=state)


def _change(draw: Draw) -> StatedCorrection:
    since = draw(_maybe)
    until = draw(_maybe.filter(lambda at: at is None or since is None or at > since))
    if draw(st.booleans()):
        return StatedCorrection(
            start=draw(_rarely), since=since, until=until, absent=True, revokes=draw(_maybe_correction_id)
        )
    project, state = draw(st.none() | _projects), draw(_states)
    attributes = _attributes(draw, size=_sizes) or ({"size": 3} if (project, state) == (None, None) else {})
    return StatedCorrection(since=since, until=until, project=project, state=state, attributes=attributes)


def _revoke(draw: Draw) -> StatedCorrection:
    return StatedCorrection(revokes=draw(_correction_ids))


_correction_ids = st.integers(0, 30).map(lambda number: f"c{number:02d}")
_maybe_correction_id = st.none() | st.none() | _correction_ids
