"""The fold: all statements about one resource become its usage. The rules are told in docs/reference/ledger.md.

A statement says what a row of Nova's or Cinder's database was at an instant. What it leaves open is as the
statement before said, or, where none did, as the first one after says. So the result depends on the set of
statements alone: not on the order in which they came, not on how often.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

from msgspec.structs import replace

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.services.ledger.model.corrections import Piece, Told, corrected, in_force
from stratiform.services.ledger.model.properties import Held, first_said, said, standing, what_counts
from stratiform.services.ledger.model.resources import Resource
from stratiform.services.ledger.model.segments import Segment
from stratiform.services.ledger.model.statements import Statement


@dataclass(frozen=True, slots=True)
class Usage:
    """All use of one resource, in order, and what was last told of it. `end` is known of one never launched, too.

    What messages alone tell, without corrections: `start`; `end_kind`, of which kind the word on the end is; `held`,
    what holds before that end.
    """

    name: str
    segments: tuple[Segment, ...]
    tags: dict[str, str] = field(default_factory=dict)
    parent: tuple[str, str] | None = None
    end: Micros | None = None
    start: Micros | None = field(default=None, compare=False)
    end_kind: int = field(default=0, compare=False)
    held: Held = field(default_factory=dict, compare=False)


def fold(resource: Resource, statements: Iterable[Statement], parent_end: Micros | None = None) -> Usage:
    """The usage of one resource. Statements may come in any order and more than once.

    `parent_end` is the end of the resource with which this one ends, where there is one and it has ended. What was
    measured says nothing of the resource itself.
    """
    ordered = in_force(one for one in statements if not one.samples)
    messages = messages_of(ordered)
    words = [(one.at, said(one)) for one in messages]
    first = first_said([word for _, word in words])
    start, (end, end_kind) = start_of(messages), end_of(messages, parent_end)
    known = _known(words, first, end)
    turns = [Piece(*turn) for turn in _turns(known, start, end)]
    corrections = [one for one in ordered if one.correction is not None]
    last_end = end
    if corrections:
        # Staff may say that it was in the very state in which it is where nobody says any: that changes nothing.
        unsaid: Held = {"state": standing(resource.resource_type, {})[1]}
        turns = [Piece(one.start, one.end, unsaid | one.held) for one in turns]
        told = Told(messages, unsaid | first, start, end, partial(_end_after, messages, parent_end))
        turns, last_end = corrected(turns, told, corrections)
    return Usage(
        name=next((one.name for one in reversed(ordered) if one.name is not None), ""),
        segments=tuple(segment_of(resource, one.start, one.end, one.held) for one in turns),
        tags=next((one.tags for one in reversed(ordered) if one.tags is not None), {}),
        parent=next((one.parent for one in reversed(ordered) if one.parent is not None), None),
        end=last_end,
        start=start,
        end_kind=end_kind,
        held=known[-1][1],
    )


def segment_of(resource: Resource, start: Micros, end: Micros | None, held: Held) -> Segment:
    """Return the segment of `resource` with these properties."""
    project_id, state, attributes = standing(resource.resource_type, held)
    return Segment(*resource, project_id, start, end, state, attributes)


def parent_of(child: Resource, statements: Iterable[Statement]) -> Resource | None:
    """The one with which `child` ends: the one told last, but never itself. What was measured tells none."""
    told = [one for one in statements if one.parent is not None and not one.samples]
    last = max(told, key=lambda one: one.place).parent if told else None
    parent = None if last is None else Resource(child.cloud, *last)
    return None if parent == child else parent


def messages_of(statements: Iterable[Statement]) -> list[Statement]:
    """Those that speak as a message does: staff may tell what was seen, too."""
    return [one for one in statements if one.correction is None or one.correction.told]


def start_of(statements: Iterable[Statement]) -> Micros | None:
    """The earliest launch that is told."""
    return _earliest([said.launched for said in statements if said.launched is not None])


#: Kinds of words on the end, the best first; the last means that there is none.
TERMINATED, DELETED, GONE, UNENDED = range(4)


def end_of(statements: Sequence[Statement], parent_end: Micros | None) -> tuple[Micros | None, int]:
    """The earliest end of the best kind of word on it, and that kind."""
    gone = [said.at for said in statements if said.gone]
    kinds = (
        [said.terminated for said in statements if said.terminated is not None],
        [said.deleted for said in statements if said.deleted is not None],
        gone if parent_end is None else [*gone, parent_end],
    )
    for kind, moments in enumerate(kinds):
        if moments:
            return _earliest(moments), kind
    return None, UNENDED


def _end_after(statements: Sequence[Statement], parent_end: Micros | None, moment: Micros) -> Micros | None:
    """The end, where none up to `moment` counts."""

    def later(end: Micros | None) -> Micros | None:
        return end if end is not None and end > moment else None

    left = [
        replace(one, terminated=later(one.terminated), deleted=later(one.deleted), gone=one.gone and one.at > moment)
        for one in statements
    ]
    return end_of(left, later(parent_end))[0]


def _earliest(moments: list[Micros]) -> Micros | None:
    """The earliest; one cut to whole seconds stands for the precise one of the same second, where that is known."""
    if not moments:
        return None
    first = min(moments)
    if first % SECOND_US:
        return first
    return min((other for other in moments if first < other < first + SECOND_US), default=first)


def _known(words: Iterable[tuple[Micros, Held]], first: Held, end: Micros | None) -> list[tuple[Micros, Held]]:
    """What is known from when on: `first` at first, and then after each message before `end`."""
    known = [(-1, first)]
    for at, word in words:
        if end is not None and at >= end:
            break
        known.append((at, known[-1][1] | word))
    return known


def _turns(
    known: Iterable[tuple[Micros, Held]], start: Micros | None, end: Micros | None
) -> list[tuple[Micros, Micros | None, Held]]:
    """From when until when it stood how; each differs from the one before."""
    if start is None or (end is not None and end <= start):
        return []
    turns: list[tuple[Micros, Held]] = []
    for moment, held in known:
        at = max(moment, start)
        if turns and at == turns[-1][0]:
            turns[-1] = (at, held)
        else:
            turns.append((at, held))
    turns = [next(same) for _, same in groupby(turns, key=lambda turn: what_counts(turn[1]))]
    ends = [at for at, _ in turns[1:]]
    return [(at, until, held) for (at, held), until in zip(turns, [*ends, end], strict=True)]
