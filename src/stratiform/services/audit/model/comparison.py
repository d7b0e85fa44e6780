"""The audit of one resource: what the ledger has of it against what its cloud says. Pure.

A source is a message that says that something is there (`…exists`), or what a cloud lists now. What they say is
compared within a window of time; where they disagree, the correction is proposed that makes the ledger agree, if it can
be known.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from stratiform.kit.clock import HOUR_US, MINUTE_US, SECOND_US, Micros
from stratiform.services.ledger.model import Correction, Segment

#: A stretch of time; `None`: without end.
Span = tuple[Micros, Micros | None]

#: What happened in the last minutes before a cloud was asked may be on its way to the ledger still.
SETTLED_US = 5 * MINUTE_US

#: Services cut times to whole seconds, so less than that tells nothing.
_CUT_US = SECOND_US

#: A machine in these states is on no host, and so in no host's messages on what exists.
_ON_NO_HOST = ("shelved_offloaded",)


class Kind(StrEnum):
    """`missing`: a source says that it was there, the ledger has no use. `surplus`: the other way round. `differs`:
    both have it, with another owner, state or attributes. `doubled`: the ledger has the same thing twice."""

    MISSING = "missing"
    SURPLUS = "surplus"
    DIFFERS = "differs"
    DOUBLED = "doubled"


@dataclass(frozen=True, slots=True)
class Look:
    """How something stood when it was seen. What is empty was not seen."""

    project_id: str = ""
    name: str = ""
    state: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A source's word, told at `at`, that something was in use from `since` (None: it doesn't say) to `until` (None:
    it was there still). `look`: how it stood; None where the ledger knows that from the source already. What a source
    says of less than `settled` microseconds before `at` may be unknown to the ledger still."""

    source: str
    at: Micros
    since: Micros | None
    until: Micros | None = None
    look: Look | None = None
    settled: Micros = 0

    @property
    def last(self) -> Micros:
        """Until when it was certainly in use, as the ledger should know."""
        return self.at - self.settled if self.until is None else self.until


@dataclass(frozen=True, slots=True)
class Absence:
    """A source's word that something was there no more at the instant `at`. One that isn't `firm` may have overlooked
    it; then only staff can decide."""

    source: str
    at: Micros
    firm: bool
    settled: Micros = 0


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger has of a resource: its use, the instant of the last that was heard of it (None: nothing was
    heard), and what staff said of it that holds."""

    resource_type: str
    segments: Sequence[Segment] = ()
    heard_at: Micros | None = None
    staff: Sequence[Correction] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A stretch `[start, end)` of the window on which ledger and sources disagree. `exact`: it is exactly this one;
    else it may be any part of it. `changes`: what differs, as the ledger has it and as the source says."""

    kind: Kind
    start: Micros
    end: Micros
    exact: bool
    evidence: tuple[str, ...]
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A correction that makes the ledger agree: what was seen at the instant `at`. `reopened`: it hadn't ended by
    then; `gone`: it had; `launched`: when its use began."""

    at: Micros
    reason: str
    reopened: bool = False
    gone: bool = False
    launched: Micros | None = None
    look: Look = Look()


def audit(
    known: Known, sightings: Sequence[Sighting], absences: Sequence[Absence], window: tuple[Micros, Micros]
) -> tuple[list[Finding], list[Proposal]]:
    """Where in `window` the ledger and its sources disagree, and what would make them agree."""
    alive = [one for one in sightings if one.until is None]
    taken: list[Span] = [(one.start, one.end) for one in known.segments]
    findings = _missing(known, alive, window, taken)
    proposals = _opening(known, alive) if findings else []
    findings += _missing(known, [one for one in sightings if one.until is not None], window, taken)
    alive_at = max([known.heard_at or 0, *(one.at for one in alive)])
    gone = [one for one in absences if alive_at < one.at - one.settled]
    if gone:
        found = _surplus(known, gone, alive_at, window)
        findings += found
        reopened = any(one.reopened for one in proposals)
        proposals += [_closing(gone)] if (found or reopened) and any(one.firm for one in gone) else []
    elif alive:
        newest = max(alive, key=lambda one: one.at)
        changes = _differing(known, newest)
        found = _differs(known, newest, changes, window)
        findings += found
        proposals += [_telling(newest, changes)] if found and not proposals else []
    return sorted(findings, key=lambda one: (one.start, one.end, one.kind)), proposals


def unmentioned(known: Known, rounds: Iterable[tuple[Micros, Micros]]) -> tuple[Micros, Micros] | None:
    """Of the periods for which a service told of everything that was there, the first one after the last that was
    heard of this resource, while the ledger has it in use."""
    if known.heard_at is None:
        return None
    for begins, ends in sorted(rounds):
        if begins < known.heard_at:
            continue
        held = _standing_at(known.segments, begins)
        return (begins, ends) if held is not None and held.state not in _ON_NO_HOST else None
    return None


def is_round(begins: Micros, ends: Micros) -> bool:
    """Whether a message on what exists is one of a round that tells of everything: these have whole hours, and
    messages on occasion end when they are told."""
    return begins < ends and begins % HOUR_US == 0 and ends % HOUR_US == 0


def doubled(this: Sequence[Segment], other: Sequence[Segment], window: tuple[Micros, Micros]) -> list[Span]:
    """The segments of the window in which both are in use."""
    both = [_common((one.start, one.end), (two.start, two.end)) for one in this for two in other]
    return _united([_common(window, one) for one in both if one is not None])


def _missing(
    known: Known, sightings: Sequence[Sighting], window: tuple[Micros, Micros], taken: list[Span]
) -> list[Finding]:
    """What was there, and is in nothing that is `taken`, which grows by it."""
    findings: list[Finding] = []
    silent = _decided(known.staff)
    for sighting in sorted(sightings, key=lambda one: (-one.at, one.source)):
        gaps = _gaps(known, sighting, taken)
        spans = _left([_common(window, gap) for gap in gaps], silent)
        exact = sighting.since is not None or bool(known.segments)
        findings += [Finding(Kind.MISSING, *_whole(span), exact, (sighting.source,)) for span in spans]
        taken += gaps
    return findings


def _gaps(known: Known, sighting: Sighting, taken: Sequence[Span]) -> list[Span]:
    """The parts of what was seen that nobody has."""
    since = sighting.since
    if since is None:
        if sighting.look is None and not known.segments:
            return []  # a message of something that has never been in use
        since = known.segments[0].start if known.segments else 0
    gaps = _left([(since, sighting.last)] if since < sighting.last else [], taken)
    return [(start, end) for start, end in gaps if end is not None and end - start >= _CUT_US]


def _opening(known: Known, alive: Sequence[Sighting]) -> list[Proposal]:
    """As it was seen last; nothing where it can't be known from when on it was used, or whose it was."""
    newest = max(alive, key=lambda one: one.at)
    since = min((one.since for one in alive if one.since is not None), default=None)
    look = newest.look or Look()
    first = known.segments[0].start if known.segments else None
    launched = since if since is not None and (first is None or since < first) else None
    if first is None and (launched is None or (known.heard_at is None and not look.project_id)):
        return []
    taken = [(one.start, one.end) for one in known.segments]
    begun = since if first is None else first
    over = (
        _left([(newest.last - 1, newest.last)], [*taken, *_decided(known.staff)]) if (begun or 0) < newest.last else []
    )
    reopened = known.heard_at is not None and bool(over)
    if not reopened and launched is None:
        return []
    return [Proposal(newest.at, f"{newest.source} has it", reopened, False, launched, look)]


def _surplus(
    known: Known, absences: Sequence[Absence], alive_at: Micros, window: tuple[Micros, Micros]
) -> list[Finding]:
    """What is in the ledger, and isn't there any more since some time after `alive_at`."""
    by = min(one.at for one in absences)
    if _standing_at(known.segments, by) is None or any(one.end is not None for one in known.staff):
        return []
    until = max(one.at for one in absences) if any(one.firm for one in absences) else window[1]
    used = [_common((alive_at, until), (one.start, one.end)) for one in known.segments]
    evidence = tuple(one.source for one in sorted(absences, key=lambda one: one.at))
    spans = _united([_common(window, span) for span in used if span is not None])
    return [Finding(Kind.SURPLUS, start, end, False, evidence) for start, end in spans if end is not None]


def _closing(absences: Sequence[Absence]) -> Proposal:
    first = min(absences, key=lambda one: one.at)
    reason = " and ".join(f"{one.source} does not have it" for one in sorted(absences, key=lambda one: one.at))
    return Proposal(first.at, reason, gone=True)


def _differing(known: Known, seen: Sighting) -> dict[str, tuple[Any, Any]]:
    """What stands otherwise in the ledger."""
    held = _standing_at(known.segments, seen.at)
    late = known.heard_at is not None and known.heard_at >= seen.at - seen.settled
    if held is None or seen.look is None or late or any(_pins(one, seen.at) for one in known.staff):
        return {}
    look = seen.look
    changes: dict[str, tuple[Any, Any]] = {
        name: (held.attributes[name], value)
        for name, value in sorted(look.attributes.items())
        if name in held.attributes and held.attributes[name] != value
    }
    if look.state and look.state != held.state:
        changes["state"] = (held.state, look.state)
    if look.project_id and look.project_id != held.project_id:
        changes["project_id"] = (held.project_id, look.project_id)
    return changes


def _telling(seen: Sighting, changes: dict[str, tuple[Any, Any]]) -> Proposal:
    """How what differs was seen."""
    told = {name: value for name, (_, value) in changes.items()}
    look = Look(
        project_id=told.pop("project_id", ""),
        state=told.pop("state", ""),
        attributes=told,
    )
    return Proposal(seen.at, f"{seen.source} has it otherwise", look=look)


def _differs(
    known: Known, seen: Sighting, changes: dict[str, tuple[Any, Any]], window: tuple[Micros, Micros]
) -> list[Finding]:
    """Since when is not known: some time after the last that was heard."""
    held = _standing_at(known.segments, seen.at)
    if not changes or held is None:
        return []
    span = _common(window, (max(held.start, known.heard_at or 0), seen.at))
    return (
        []
        if span is None or span[1] is None
        else [Finding(Kind.DIFFERS, *_whole(span), False, (seen.source,), changes)]
    )


def _whole(span: Span) -> tuple[Micros, Micros]:
    assert span[1] is not None, "a window has an end"
    return span[0], span[1]


def _decided(staff: Iterable[Correction]) -> list[Span]:
    """Where staff said that nothing was used, so that no source has a say."""
    spans: list[Span] = []
    for said in staff:
        if said.start is not None:
            spans.append((0, said.start))
        if said.end is not None:
            spans.append((said.end, None))
        if said.absent:
            spans.append((said.since or 0, said.until))
    return spans


def _pins(said: Correction, moment: Micros) -> bool:
    """Whether staff said how it stood at `moment`."""
    if not (said.project_id is not None or said.state is not None or said.attributes):
        return False
    return (said.since is None or said.since <= moment) and (said.until is None or moment < said.until)


def _standing_at(segments: Iterable[Segment], moment: Micros) -> Segment | None:
    return next((one for one in segments if one.start <= moment and (one.end is None or moment < one.end)), None)


def _common(this: Span, other: Span) -> Span | None:
    start = max(this[0], other[0])
    ends = [end for end in (this[1], other[1]) if end is not None]
    end = min(ends, default=None)
    return None if end is not None and end <= start else (start, end)


def _left(spans: Iterable[Span | None], without: Iterable[Span]) -> list[Span]:
    """`spans` without the parts that are in `without`."""
    left = [span for span in spans if span is not None]
    for start, end in without:
        cut: list[Span] = []
        for one in left:
            before = _common(one, (0, start)) if start > 0 else None
            after = None if end is None else _common(one, (end, None))
            cut += [span for span in (before, after) if span is not None]
        left = cut
    return left


def _united(spans: Iterable[Span | None]) -> list[Span]:
    """Those that touch or overlap become one."""
    made: list[Span] = []
    for start, end in sorted((span for span in spans if span is not None), key=lambda span: span[0]):
        if made and (made[-1][1] is None or start <= made[-1][1]):
            last = made[-1][1]
            made[-1] = (made[-1][0], None if last is None or end is None else max(last, end))
        else:
            made.append((start, end))
    return made
