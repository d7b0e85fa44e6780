"""Corrections, laid over the use that the messages tell. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from stratiform.kit.clock import Micros
from stratiform.services.ledger.model.properties import Held, holding, said, what_counts
from stratiform.services.ledger.model.statements import Correction, Statement


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of use, and what is known of it."""

    start: Micros
    end: Micros | None
    held: Held


@dataclass(frozen=True, slots=True)
class Told:
    """What the messages tell beside the use itself. `first` is what holds before any of them; `start` and `end` may be
    those of no use at all. `end_after` is the end that they tell after an instant: staff who say then that something
    goes on refute every earlier end."""

    messages: Sequence[Statement]
    first: Held
    start: Micros | None
    end: Micros | None
    end_after: Callable[[Micros], Micros | None]


def in_force(statements: Iterable[Statement]) -> list[Statement]:
    """In order, without the corrections that a later one takes back, and each of them once; what took one back can be
    taken back itself."""
    kept: list[Statement] = []
    done: set[str] = set()
    for statement in sorted(statements, key=lambda one: one.place, reverse=True):
        if statement.correction is not None:
            if statement.message_id in done:
                continue
            done |= {statement.message_id, statement.correction.revokes or ""}
        kept.append(statement)
    return kept[::-1]


def corrected(
    pieces: Sequence[Piece], told: Told, corrections: Sequence[Statement]
) -> tuple[list[Piece], Micros | None]:
    """`pieces` after each of `corrections` (statements that have one), in their order; and the end that holds then,
    which is known of what has no use, too."""
    held, start, end, before = list(pieces), told.start, told.end, list[Correction]()
    for statement in corrections:
        correction = statement.correction
        assert correction is not None, "only statements with a correction are given"
        if correction.start is not None:
            start = correction.start
        if correction.end is not None or correction.reopened:
            end = correction.end if correction.end is not None else told.end_after(statement.at)
        if held:
            held = _bounded(held, told, correction, end, before)
        elif start is not None and _revives(correction, before):
            held = list(_more(start, end, _known_at(start, told), told, before))
        held = _windowed(held, correction)
        before.append(correction)
    return list(_joined(held)), held[-1].end if held else end


def _revives(correction: Correction, before: Iterable[Correction]) -> bool:
    """Whether what has no use gets one: its start is told, or an end, unless staff said that there was none."""
    if correction.start is not None:
        return True
    return (correction.end is not None or correction.reopened) and not any(one.absent for one in before)


def _bounded(
    pieces: list[Piece], told: Told, correction: Correction, end: Micros | None, before: Sequence[Correction]
) -> list[Piece]:
    """With the start and the end that `correction` tells: `end` is what is the end by now."""
    ends = correction.end is not None or correction.reopened
    held = list(pieces)
    first, last = held[0], held[-1].end
    start = first.start if correction.start is None else correction.start
    if start < first.start:
        held = [*_overlaid([Piece(start, first.start, first.held)], before), *held]
    if ends and last is not None and (end is None or last < end):
        held = [*held, *_more(last, end, held[-1].held, told, before)]
    return _between(held, start, end if ends else None)


def _known_at(moment: Micros, told: Told) -> Held:
    """What the messages up to then say."""
    held = told.first
    for message in told.messages:
        if message.at < moment:
            held = held | said(message)
    return held


def _more(start: Micros, end: Micros | None, held: Held, told: Told, before: Sequence[Correction]) -> Iterator[Piece]:
    """Use of `[start, end)` that no message tells of: as it was, but for what messages say of it, and for what was
    corrected in it."""
    pieces = []
    at = start
    for message in told.messages:
        if message.at < start or (end is not None and message.at >= end):
            continue
        if message.at > at:
            pieces.append(Piece(at, message.at, held))
        at, held = message.at, held | said(message)
    if end is None or at < end:
        pieces.append(Piece(at, end, held))
    return _overlaid(pieces, before)


def _overlaid(pieces: list[Piece], corrections: Iterable[Correction]) -> Iterator[Piece]:
    for correction in corrections:
        if not correction.absent:
            pieces = _windowed(pieces, correction)
    return iter(pieces)


def _windowed(pieces: list[Piece], correction: Correction) -> list[Piece]:
    """With what `correction` tells of its window; where nothing was used there is nothing to change."""
    told = holding(correction.project_id, correction.state, correction.attributes)
    since, until = correction.since, correction.until
    if not (told or correction.absent) or (since is not None and until is not None and until <= since):
        return pieces
    before = [] if since is None else _between(pieces, None, since)
    after = [] if until is None else _between(pieces, until, None)
    inside = [] if correction.absent else [replace(one, held=one.held | told) for one in _between(pieces, since, until)]
    return before + inside + after


def _between(pieces: Iterable[Piece], since: Micros | None, until: Micros | None) -> list[Piece]:
    """The parts of `pieces` in `[since, until)`."""
    cut = []
    for one in pieces:
        start = one.start if since is None else max(one.start, since)
        end = one.end if until is None else until if one.end is None else min(one.end, until)
        if end is None or start < end:
            cut.append(replace(one, start=start, end=end))
    return cut


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Neighbours that touch and say the same become one."""
    held: Piece | None = None
    for one in pieces:
        if held is not None and held.end == one.start and what_counts(held.held) == what_counts(one.held):
            held = replace(held, end=one.end)
            continue
        if held is not None:
            yield held
        held = one
    if held is not None:
        yield held
