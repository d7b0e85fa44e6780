"""The fold, gone on with: a statement that comes in order costs the same however long the resource's history is.

`resume` gives what `fold` would give for all statements, or None where that can't be told from the progress alone
(something earlier came, or what was known of start or end changes); then the resource is folded anew.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.services.ledger.model.fold import UNENDED, Usage, end_of, fold, segment_of
from stratiform.services.ledger.model.properties import Held, said, what_counts
from stratiform.services.ledger.model.resources import Resource
from stratiform.services.ledger.model.segments import Segment
from stratiform.services.ledger.model.statements import Statement


class Progress(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far the fold of a resource has come: what the next statement may change. `row` is the last segment's."""

    at: Micros
    message_id: str
    count: int  # of statements
    held: dict[str, Any] = {}
    name: str = ""
    tags: dict[str, str] = {}
    parent: tuple[str, str] | None = None
    start: Micros | None = None
    end: Micros | None = None
    end_kind: int = UNENDED
    last_start: Micros | None = None  # of the last segment
    row: int | None = None
    corrected: bool = False


def begin(
    resource: Resource, statements: Sequence[Statement], parent_end: Micros | None = None
) -> tuple[Progress, Usage]:
    """Fold all statements (at least one) of a resource; `row` is left open."""
    usage = fold(resource, statements, parent_end)
    speaking = [one for one in statements if not one.samples]
    at, message_id = max((one.place for one in speaking), default=(-1, ""))
    progress = Progress(
        at=at,
        message_id=message_id,
        count=len(statements),
        held=usage.held,
        name=usage.name,
        tags=usage.tags,
        parent=usage.parent,
        start=usage.start,
        end=usage.end,
        end_kind=usage.end_kind,
        last_start=usage.segments[-1].start if usage.segments else None,
        corrected=any(one.correction is not None for one in speaking),
    )
    return progress, usage


def resume(
    resource: Resource, progress: Progress, statements: Sequence[Statement]
) -> tuple[Progress, list[Segment]] | None:
    """Go on with `statements`, in any order: the new progress, and the segments that hold instead of the last one
    (none: it holds still). None where the resource is to be folded anew."""
    speaking = [one for one in statements if not one.samples]
    measured = len(statements) - len(speaking)
    progress = msgspec.structs.replace(progress, count=progress.count + measured) if measured else progress
    if not speaking:
        return progress, []
    if progress.corrected:
        return None
    turns: list[tuple[Micros, Held]] = []
    for statement in sorted(speaking, key=lambda one: one.place):
        word = said(statement)
        if not (word.keys() <= progress.held.keys() and _goes_on(progress, statement)):
            return None
        held = progress.held
        if progress.end is None or statement.at < progress.end:
            if progress.end is not None:
                return None
            held = progress.held | word
            if progress.last_start is not None and what_counts(held) != what_counts(progress.held):
                if statement.at <= progress.last_start:
                    return None
                if not turns:
                    turns.append((progress.last_start, progress.held))
                turns.append((statement.at, held))
        progress = _next(progress, statement, held, turns[-1][0] if turns else progress.last_start)
    ends = [*[at for at, _ in turns[1:]], None]
    made = [segment_of(resource, at, end, held) for (at, held), end in zip(turns, ends, strict=False)]
    return progress, made


def _next(progress: Progress, statement: Statement, held: Held, last_start: Micros | None) -> Progress:
    return msgspec.structs.replace(
        progress,
        at=statement.at,
        message_id=statement.message_id,
        count=progress.count + 1,
        held=held,
        name=progress.name if statement.name is None else statement.name,
        tags=progress.tags if statement.tags is None else statement.tags,
        last_start=last_start,
    )


def _goes_on(progress: Progress, statement: Statement) -> bool:
    """Whether all that `statement` may change is what follows."""
    return (
        statement.place > (progress.at, progress.message_id)
        and statement.correction is None
        and (statement.parent is None or statement.parent == progress.parent)
        and _same_start(progress.start, statement.launched)
        and _same_end(progress, statement)
    )


def _same_start(start: Micros | None, told: Micros | None) -> bool:
    return told is None or (start is not None and _confirmed(start, told))


def _same_end(progress: Progress, statement: Statement) -> bool:
    if statement.terminated is None and statement.deleted is None and not statement.gone:
        return True
    told, kind = end_of([statement], None)
    if told is None or kind > progress.end_kind:
        return True
    return kind == progress.end_kind and progress.end is not None and _confirmed(progress.end, told)


def _confirmed(known: Micros, told: Micros) -> bool:
    """Whether the earliest of all moments told stays `known`: see `fold`, which puts a precise one for a cut one."""
    if known % SECOND_US == 0:
        return told == known or told >= known + SECOND_US
    return told >= known or told == known - known % SECOND_US
