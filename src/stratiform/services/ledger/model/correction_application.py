"""Corrections, applied to the usage that messages state. Pure functions."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from stratiform.kit.clock import Micros
from stratiform.services.ledger.model.resource_properties import (
    Properties,
    build_properties,
    get_stated_properties,
    is_same,
    update_properties,
)
from stratiform.services.ledger.model.statements import Correction, Statement, get_rank


@dataclass(frozen=True, slots=True)
class UseInterval:
    """An interval of use with constant properties."""

    start: Micros
    end: Micros | None
    properties: Properties


@dataclass(frozen=True, slots=True)
class MessageAssertions:
    """What messages state besides the intervals of use.

    `initial`: the properties before the first message. `start` and `end` may be known of a resource without use.
    `end_after`: the end if all ends until an instant are refuted, as a correction at that instant does that reopens it.
    """

    messages: Sequence[Statement]
    initial: Properties
    start: Micros | None
    end: Micros | None
    end_after: Callable[[Micros], Micros | None]


def select_statements_in_force(statements: Iterable[Statement]) -> list[Statement]:
    """Return statements by rank, without duplicate corrections and those that a later one in force revokes."""
    ranked = sorted(statements, key=get_rank)
    if all(statement.correction is None for statement in ranked):
        return ranked
    in_force: list[Statement] = []
    excluded: set[str] = set()
    for statement in reversed(ranked):
        if statement.correction is not None:
            if statement.message_id in excluded:
                continue
            excluded |= {statement.message_id, statement.correction.revokes or ""}
        in_force.append(statement)
    return in_force[::-1]


def apply_corrections(
    intervals: Sequence[UseInterval], observations: MessageAssertions, corrections: Sequence[Statement]
) -> tuple[list[UseInterval], Micros | None]:
    """Apply corrections in order; return the intervals and the end, which a resource without use may have too."""
    current, start, end = list(intervals), observations.start, observations.end
    applied: list[Correction] = []
    for statement in corrections:
        correction = statement.correction
        assert correction is not None, "every statement has a correction"
        if correction.start is not None:
            start = correction.start
        if correction.end is not None or correction.reopened:
            end = correction.end if correction.end is not None else observations.end_after(statement.at)
        if current:
            current = _apply_bounds(current, observations, correction, end, applied)
        elif start is not None and _restores_use(correction, applied):
            properties = _properties_at(start, observations)
            current = _continue_use(start, end, properties, observations, applied)
        current = _apply_window(current, correction)
        applied.append(correction)
    return list(_merge_adjacent(current)), current[-1].end if current else end


def _restores_use(correction: Correction, applied: Iterable[Correction]) -> bool:
    """Return True if a resource without use gets some.

    This is the case if the correction has a start, or an end unless a correction stated that there was no use.
    """
    if correction.start is not None:
        return True
    return (correction.end is not None or correction.reopened) and not any(each.absent for each in applied)


def _apply_bounds(
    intervals: list[UseInterval],
    observations: MessageAssertions,
    correction: Correction,
    end: Micros | None,
    applied: Sequence[Correction],
) -> list[UseInterval]:
    """Apply start and end of a correction. `end` is the end after the correction."""
    changes_end = correction.end is not None or correction.reopened
    first, last_end = intervals[0], intervals[-1].end
    start = first.start if correction.start is None else correction.start
    if start < first.start:
        intervals = [*_overlay([UseInterval(start, first.start, first.properties)], applied), *intervals]
    if changes_end and last_end is not None and (end is None or last_end < end):
        properties = intervals[-1].properties
        intervals = [*intervals, *_continue_use(last_end, end, properties, observations, applied)]
    return _cut(intervals, start, end if changes_end else None)


def _properties_at(moment: Micros, observations: MessageAssertions) -> Properties:
    """Return the properties that the messages before `moment` state."""
    properties = observations.initial
    for message in observations.messages:
        if message.at < moment:
            properties = update_properties(properties, get_stated_properties(message))
    return properties


def _continue_use(
    start: Micros,
    end: Micros | None,
    properties: Properties,
    observations: MessageAssertions,
    applied: Sequence[Correction],
) -> list[UseInterval]:
    """Return use in `[start, end)` with these properties and those that messages and corrections state there."""
    intervals = []
    at = start
    for message in observations.messages:
        if message.at < start or (end is not None and message.at >= end):
            continue
        if message.at > at:
            intervals.append(UseInterval(at, message.at, properties))
        at, properties = message.at, update_properties(properties, get_stated_properties(message))
    if end is None or at < end:
        intervals.append(UseInterval(at, end, properties))
    return _overlay(intervals, applied)


def _overlay(intervals: list[UseInterval], corrections: Iterable[Correction]) -> list[UseInterval]:
    for correction in corrections:
        if not correction.absent:
            intervals = _apply_window(intervals, correction)
    return intervals


def _apply_window(intervals: list[UseInterval], correction: Correction) -> list[UseInterval]:
    """Apply the properties or the absence in the window of a correction, where there is use."""
    properties = build_properties(correction.project_id, correction.state, correction.attributes)
    since, until = correction.since, correction.until
    is_empty = since is not None and until is not None and until <= since
    if not (properties or correction.absent) or is_empty:
        return intervals
    before = [] if since is None else _cut(intervals, None, since)
    after = [] if until is None else _cut(intervals, until, None)
    if correction.absent:
        return before + after
    inside = [
        replace(each, properties=update_properties(each.properties, properties))
        for each in _cut(intervals, since, until)
    ]
    return before + inside + after


def _cut(intervals: Iterable[UseInterval], since: Micros | None, until: Micros | None) -> list[UseInterval]:
    """Return the parts of the intervals in `[since, until)`."""
    clipped = []
    for interval in intervals:
        start = interval.start if since is None else max(interval.start, since)
        end = interval.end if until is None else until if interval.end is None else min(interval.end, until)
        if end is None or start < end:
            clipped.append(replace(interval, start=start, end=end))
    return clipped


def _merge_adjacent(intervals: Iterable[UseInterval]) -> Iterator[UseInterval]:
    """Merge adjacent intervals with equal properties."""
    pending: UseInterval | None = None
    for interval in intervals:
        if pending is not None and pending.end == interval.start and is_same(pending.properties, interval.properties):
            pending = replace(pending, end=interval.end)
            continue
        if pending is not None:
            yield pending
        pending = interval
    if pending is not None:
        yield pending
