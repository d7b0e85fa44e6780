"""What is said of a few resources: messages of meter files, events of our own types, samples and corrections by staff.

Each comes as the event that tells it and, beside that, in plain words, which `support.slow_ledger` reads. So few ids,
instants and values are drawn that things meet which hardly ever do: equal instants, ids known in two clouds, what is
told cut to seconds and precisely, children that end with their parents, change them, or are in a circle with them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from stratiform.kit.clock import HOUR_US, SECOND_US, iso, parse_iso
from stratiform.kit.outbox import Event

T0 = parse_iso("2026-03-01T00:00:00Z")
HOURS = 5

CLOUDS = ("a", "a", "a", "b")
IDS = ("x", "x", "y")

#: Each ends with one of the type before it.
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

[identity]
id = "id"
project = "project"
name = "name"
tags = "tags"
{parent}

[attributes]
size = {{ path = "size", type = "whole", null = true }}
fast = {{ path = "fast", type = "flag", null = true }}

[state]
path = "state"
map = {{ active = "active", down = "down" }}

[[events]]
type = "{name}.begun"
rule = "start"

[[events]]
type = ["{name}.told", "{name}.exists"]
rule = "update"

[[events]]
type = "{name}.gone"
rule = "stop"
at = "gone_at"
"""


@dataclass(frozen=True)
class Ruling:
    """What staff says against the messages; see `docs/reference/ledger.md`."""

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
class Value:
    """A sample: how it is counted, for how long it holds (microseconds), and how much it is, in decimal digits."""

    kind: str
    hold: int
    value: str


@dataclass(frozen=True, repr=False)
class Said:
    """An event, and what it says. `tells`: it has a word as messages have it; a correction may have none."""

    event: Event
    resource: Resource
    project: str | None = None
    name: str | None = None
    state: str | None = None
    launched: int | None = None
    terminated: int | None = None
    deleted: int | None = None
    gone: bool = False
    attributes: dict[str, Any] = field(default_factory=dict)
    parent: Resource | None = None
    values: dict[str, Value] = field(default_factory=dict)
    source: str = ""
    ruling: Ruling | None = None
    tells: bool = True

    def __repr__(self) -> str:
        """The event alone, from which all else follows."""
        event = self.event
        return f"{event.cloud} {event.message_id} {event.event_type} {iso(event.at)} {event.payload}"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(repr(self))

    @property
    def place(self) -> tuple[int, str]:
        return self.event.at, self.event.message_id

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by."""
        return self.event.cloud, self.event.message_id


def write_meters(folder: Path) -> None:
    """The files of TYPES, for a reader that is to understand what is said."""
    folder.mkdir(parents=True, exist_ok=True)
    for above, name in zip((None, *TYPES), TYPES, strict=False):
        parent = "" if above is None else f'parent = {{ type = "{above}", id = "parent" }}'
        (folder / f"{name}.toml").write_text(_FILE.format(name=name, parent=parent))


moments = st.builds(
    lambda hour, second, micros: T0 + hour * HOUR_US + second * SECOND_US + micros,
    st.integers(0, HOURS - 1),
    st.integers(0, 2),
    st.sampled_from((0, 0, 1, 500_000)),
)
_maybe = st.none() | moments
_rarely = st.sampled_from((True, False, False, False, False)).flatmap(lambda told: moments if told else st.none())
_projects = st.sampled_from(("p", "p", "q"))
_names = st.sampled_from(("n1", "n2", None))
_states = st.sampled_from(("active", "down", None))
_sizes = st.sampled_from((1, 1, 2, None))


@st.composite
def hearsay(draw: Draw, most: int = 14) -> list[Said]:
    """Up to `most` events, each with an id of its own."""
    return draw(st.lists(_said(), min_size=1, max_size=most, unique_by=lambda one: one.key))


@st.composite
def _said(draw: Draw) -> Said:
    cloud, kind, resource_id = draw(st.sampled_from(CLOUDS)), draw(st.sampled_from(TYPES)), draw(st.sampled_from(IDS))
    tell = draw(st.sampled_from((_by_file, _by_file, _of_our_own, _of_our_own, _measured, _ruled)))
    return tell(draw, (cloud, kind, resource_id))


def _event(draw: Draw, resource: Resource, event_type: str, payload: dict[str, Any], letter: str = "m") -> Event:
    """What is None in `payload` is left out of it."""
    number = draw(st.integers(0, 30))
    told = {name: value for name, value in payload.items() if value is not None}
    return Event(f"{letter}{number:02d}", event_type, "test", draw(moments), resource[0], told)


def _parent(draw: Draw, resource: Resource, *, anyone: bool) -> Resource | None:
    """One that may be told: one of the type above, or anyone, so that circles come to be, too."""
    cloud, kind, _ = resource
    above = TYPES if anyone else TYPES[: TYPES.index(kind)][-1:]
    if not above or not draw(st.booleans()):
        return None
    return cloud, draw(st.sampled_from(above)), draw(st.sampled_from(IDS))


def _attributes(draw: Draw, **choices: st.SearchStrategy[Any]) -> dict[str, Any]:
    return {name: draw(values) for name, values in choices.items() if draw(st.booleans())}


def _by_file(draw: Draw, resource: Resource) -> Said:
    """What a meter file reads."""
    _, kind, resource_id = resource
    verb = draw(st.sampled_from(("begun", "told", "told", "exists", "gone")))
    attributes = _attributes(draw, size=_sizes, fast=st.sampled_from((True, False, None)))
    parent, gone_at = _parent(draw, resource, anyone=False), draw(_maybe) if verb == "gone" else None
    launched, ended = draw(_maybe), draw(_rarely)
    project = None if verb == "gone" and draw(st.booleans()) else draw(_projects)
    name, state = draw(_names), draw(_states)
    times = {"launched": launched, "ended": ended, "gone_at": gone_at}
    if verb == "exists":
        times |= {"audit_period_beginning": T0, "audit_period_ending": T0 + HOUR_US}
    payload: dict[str, Any] = {
        "id": resource_id,
        "project": project,
        "name": name,
        "state": state or "moving",
        "parent": None if parent is None else parent[2],
        **{which: None if at is None else iso(at) for which, at in times.items()},
    }
    event = _event(draw, resource, f"{kind}.{verb}", payload)
    event.payload.update(attributes)  # a null is an answer
    return Said(
        *(event, resource, project, name, state),
        launched=event.at if verb == "begun" and launched is None else launched,
        terminated=ended,
        deleted=gone_at,
        gone=verb == "gone",
        attributes=attributes,
        parent=parent,
    )


def _of_our_own(draw: Draw, resource: Resource) -> Said:
    """`usage.started`, `usage.changed` and `usage.ended`."""
    _, kind, resource_id = resource
    verb = draw(st.sampled_from(("started", "started", "changed", "changed", "ended")))
    project = draw(_projects) if verb == "started" else draw(st.none() | _projects)
    attributes = _attributes(draw, size=_sizes | st.just(True))
    parent, name, state = _parent(draw, resource, anyone=True), draw(_names), draw(_states)
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
    return Said(
        *(event, resource, project, name, state),
        launched=event.at if verb == "started" else None,
        terminated=event.at if verb == "ended" else None,
        attributes=attributes,
        parent=parent,
    )


def _measured(draw: Draw, resource: Resource) -> Said:
    """`usage.sampled`. It says nothing of the resource itself."""
    _, kind, resource_id = resource
    values = {}
    if draw(st.booleans()):
        counted = draw(st.sampled_from(("delta", "cumulative")))
        values["moved"] = Value(counted, 0, draw(st.sampled_from(("0", "0.1", "2.5", "7", "1000000000000000000.3"))))
    if not values or draw(st.booleans()):
        hold = draw(st.sampled_from((60, 3600, 5400))) * SECOND_US
        values["level"] = Value("gauge", hold, draw(st.sampled_from(("0", "0.3", "4"))))
    project, source = draw(st.none() | _projects), draw(st.sampled_from(("", "", "n")))
    payload = {
        "resource_type": kind,
        "resource_id": resource_id,
        "project_id": project,
        "source": source,
        "samples": {
            name: {"kind": one.kind, "value": one.value, "unit": "B", "hold": one.hold // SECOND_US or None}
            for name, one in values.items()
        },
        "name": "unheard",
        "parent": {"resource_type": "whole", "resource_id": "x"},
    }
    return Said(
        _event(draw, resource, "usage.sampled", payload), resource, project=project, values=values, source=source
    )


def _ruled(draw: Draw, resource: Resource) -> Said:
    """A correction by staff, with what they saw or without."""
    ruling, seen = draw(_rulings()), draw(st.sampled_from((True, False, False)))
    word: dict[str, Any] = {"project": None, "name": None, "state": None, "launched": None, "gone": False}
    attributes: dict[str, Any] = {}
    if seen:
        word = {"project": draw(_projects), "name": draw(_names), "state": draw(_states), "launched": draw(_maybe)}
        word["gone"], attributes = draw(st.booleans()), _attributes(draw, size=_sizes)
    launched = None if word["launched"] is None else iso(word["launched"])
    told = {
        "project_id": word["project"],
        "name": word["name"],
        "state": word["state"],
        "launched": launched,
        "gone": word["gone"] or None,
        "attributes": attributes,
    }
    payload = {
        "resource_type": resource[1],
        "resource_id": resource[2],
        "author": "staff",
        "reason": "a test",
        **_payload_of(ruling),
        "seen": {name: value for name, value in told.items() if value is not None} if seen else None,
    }
    event = _event(draw, resource, "usage.correction", payload, "c")
    return Said(event, resource, **word, attributes=attributes, ruling=ruling, tells=seen)


def _payload_of(ruling: Ruling) -> dict[str, Any]:
    times = {"start": ruling.start, "end": ruling.end, "since": ruling.since, "until": ruling.until}
    return {
        **{name: None if at is None else iso(at) for name, at in times.items()},
        "reopened": ruling.reopened or None,
        "absent": ruling.absent or None,
        "revokes": ruling.revokes,
        "project_id": ruling.project,
        "state": ruling.state,
        "attributes": ruling.attributes or None,
    }


@st.composite
def _rulings(draw: Draw) -> Ruling:
    """Only such as are taken."""
    kinds: tuple[Callable[[Draw], Ruling], ...] = (_moves, _moves, _changes, _changes, _takes_back)
    return draw(st.sampled_from(kinds))(draw)


def _moves(draw: Draw) -> Ruling:
    end = draw(_maybe)
    start = draw(_maybe.filter(lambda at: at is None or end is None or at < end))
    if end is None and (start is None or draw(st.booleans())):
        return Ruling(start=start, reopened=True, revokes=draw(_revoked))
    project, state = draw(st.none() | _projects), draw(_states)
    return Ruling(start=start, end=end, project=project, state=state)


def _changes(draw: Draw) -> Ruling:
    since = draw(_maybe)
    until = draw(_maybe.filter(lambda at: at is None or since is None or at > since))
    if draw(st.booleans()):
        return Ruling(start=draw(_rarely), since=since, until=until, absent=True, revokes=draw(_revoked))
    project, state = draw(st.none() | _projects), draw(_states)
    attributes = _attributes(draw, size=_sizes) or ({"size": 3} if (project, state) == (None, None) else {})
    return Ruling(since=since, until=until, project=project, state=state, attributes=attributes)


def _takes_back(draw: Draw) -> Ruling:
    return Ruling(revokes=draw(_ids_of_rulings))


_ids_of_rulings = st.integers(0, 30).map(lambda number: f"c{number:02d}")
_revoked = st.none() | st.none() | _ids_of_rulings
