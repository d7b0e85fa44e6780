"""The fold: all statements about one resource become its usage. The rules are told in docs/reference/ledger.md.

A statement says what a row of Nova's or Cinder's database was at an instant. What it leaves open is as the
statement before said, or, where none did, as the first one after says. So the result depends on the set of
statements alone: not on the order in which they came, not on how often.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from stratiform.kit.clock import SECOND_US, Micros

#: In what state a resource is from its launch on, where no statement says another.
LAUNCH_STATES = {"instance": "active", "volume": "available"}


@dataclass(frozen=True, slots=True)
class Statement:
    """What one event says of its resource at the instant `at`. None, and a missing attribute: it doesn't say.

    `launched`: when use began. `terminated`: when it ended; `deleted`: when the row went, which counts where
    nothing says `terminated`. `gone`: it is no more by now, which counts where nothing says when.
    """

    at: Micros
    message_id: str
    project_id: str | None = None
    name: str | None = None
    state: str | None = None
    launched: Micros | None = None
    terminated: Micros | None = None
    deleted: Micros | None = None
    gone: bool = False
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A segment without the name of its resource."""

    start: Micros
    end: Micros | None
    project_id: str
    state: str
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Usage:
    """All use of one resource, in order, and the name that it had last."""

    name: str
    stretches: tuple[Stretch, ...]


#: Owner, state, attributes: a change of these begins a new segment.
_Standing = tuple[str, str, dict[str, Any]]


def fold(resource_type: str, statements: Iterable[Statement]) -> Usage:
    """The usage of one resource of `resource_type`. Statements may come in any order and more than once."""
    ordered = sorted(statements, key=lambda said: (said.at, said.message_id))
    name = next((said.name for said in reversed(ordered) if said.name is not None), "")
    start, end = _bounds(ordered)
    if start is None or (end is not None and end <= start):
        return Usage(name, ())
    turns = _turns(resource_type, ordered, start, end)
    ends = [at for at, _ in turns[1:]]
    stretches = (Stretch(at, until, *standing) for (at, standing), until in zip(turns, [*ends, end], strict=True))
    return Usage(name, tuple(stretches))


def _bounds(statements: list[Statement]) -> tuple[Micros | None, Micros | None]:
    start = _earliest([said.launched for said in statements if said.launched is not None])
    ends = (
        [said.terminated for said in statements if said.terminated is not None],
        [said.deleted for said in statements if said.deleted is not None],
        [said.at for said in statements if said.gone],
    )
    return start, _earliest(next((known for known in ends if known), []))


def _earliest(moments: list[Micros]) -> Micros | None:
    """The earliest; one cut to whole seconds stands for the precise one of the same second, where that is known."""
    if not moments:
        return None
    first = min(moments)
    if first % SECOND_US:
        return first
    return min((other for other in moments if first < other < first + SECOND_US), default=first)


def _turns(
    resource_type: str, statements: list[Statement], start: Micros, end: Micros | None
) -> list[tuple[Micros, _Standing]]:
    """The instants at which something that counts changes, the first being `start`."""
    held = _first_said(resource_type, statements)
    turns = [(start, _standing(held))]
    for said in statements:
        if end is not None and said.at >= end:
            break
        held |= _said(said)
        at, standing = max(said.at, start), _standing(held)
        if at == turns[-1][0]:
            turns[-1] = (at, standing)
        elif standing != turns[-1][1]:
            turns.append((at, standing))
    return [next(same) for _, same in groupby(turns, key=lambda turn: turn[1])]


#: What is known, by name; attributes have a name that begins with a dot.
_Held = dict[str, Any]


def _said(statement: Statement) -> _Held:
    said = {f".{name}": value for name, value in statement.attributes.items()}
    if statement.project_id is not None:
        said["project_id"] = statement.project_id
    if statement.state is not None:
        said["state"] = statement.state
    return said


def _first_said(resource_type: str, statements: list[Statement]) -> _Held:
    """What holds before any statement: what the first one says that says it."""
    held: _Held = {}
    for statement in statements:
        held = _said(statement) | held
    return {"project_id": "", "state": LAUNCH_STATES[resource_type]} | held


def _standing(held: _Held) -> _Standing:
    attributes = {name[1:]: held[name] for name in sorted(held) if name[0] == "." and held[name] is not None}
    return held["project_id"], held["state"], attributes
