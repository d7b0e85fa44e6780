"""The incremental fold: a statement that arrives in order costs the same, however long the history of the resource.

`fold_next_statements` has the result of `fold_statements` for all statements, or None if the stored progress is not
sufficient: an earlier statement arrived, the start or the end changed, or the end is before a statement. Then the
resource is folded from all its statements.
"""

from collections.abc import Sequence

from msgspec import Struct, structs

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.services.ledger.model.fold import NO_END, FoldedUsage, find_end, fold_statements
from stratiform.services.ledger.model.resource_properties import (
    Properties,
    build_segment,
    get_stated_properties,
    is_same,
    update_properties,
)
from stratiform.services.ledger.model.resources import Resource
from stratiform.services.ledger.model.segments import Segment
from stratiform.services.ledger.model.statements import Rank, Statement, get_rank


class FoldProgress(
    Struct,
    frozen=True,
    omit_defaults=True,
    rename={
        "properties": "held",
        "last_segment_start": "last_start",
        "last_segment_id": "row",
        "is_corrected": "corrected",
        "is_repeated": "repeated",
    },
):
    """The state of the fold of a resource: what the next statement may change.

    `at`, `order` and `message_id` are the rank of the last statement; `count` is the number of statements.
    """

    at: Micros
    message_id: str
    count: int
    properties: dict[str, object] = {}
    name: str = ""
    tags: dict[str, str] = {}
    parent: tuple[str, str] | None = None
    start: Micros | None = None
    end: Micros | None = None
    end_kind: int = NO_END
    last_segment_start: Micros | None = None
    last_segment_id: int | None = None
    is_corrected: bool = False
    is_repeated: bool = False
    order: int = 0

    @property
    def rank(self) -> Rank:
        return self.at, self.order, self.message_id


def fold_all_statements(
    resource: Resource, statements: Sequence[Statement], parent_end: Micros | None = None
) -> tuple[FoldProgress, FoldedUsage]:
    """Fold all statements of a resource (at least one). `last_segment_id` is not set."""
    usage = fold_statements(resource, statements, parent_end)
    relevant = [each for each in statements if not each.samples]
    at, order, message_id = max(map(get_rank, relevant), default=(-1, 0, ""))
    progress = FoldProgress(
        at=at,
        order=order,
        message_id=message_id,
        count=len(statements),
        properties=usage.properties,
        name=usage.name,
        tags=usage.tags,
        parent=usage.parent,
        start=usage.start,
        end=usage.end,
        end_kind=usage.end_kind,
        last_segment_start=usage.segments[-1].start if usage.segments else None,
        is_corrected=any(each.correction is not None for each in relevant),
        is_repeated=any(each.repeated_at is not None for each in relevant),
    )
    return progress, usage


def fold_next_statements(
    resource: Resource, progress: FoldProgress, statements: Sequence[Statement]
) -> tuple[FoldProgress, list[Segment]] | None:
    """Fold more statements, in any order.

    Return the new progress and the segments that replace the last one (none: it is unchanged), or None if the resource
    must be folded from all its statements.
    """
    relevant = [each for each in statements if not each.samples]
    with_samples = len(statements) - len(relevant)
    progress = structs.replace(progress, count=progress.count + with_samples) if with_samples else progress
    if not relevant:
        return progress, []
    if progress.is_corrected or progress.is_repeated or any(each.repeated_at is not None for each in relevant):
        return None
    changes: list[tuple[Micros, Properties]] = []  # from the start of the last segment on, if it is replaced
    for statement in sorted(relevant, key=get_rank):
        following = _advance(progress, statement)
        if following is None:
            return None
        start, next_start = progress.last_segment_start, following.last_segment_start
        if start is not None and not changes and (next_start != start or following.end != progress.end):
            changes.append((start, progress.properties))
        if next_start is not None and next_start != start:
            changes.append((next_start, following.properties))
        progress = following
    ends = [*[at for at, _ in changes[1:]], progress.end]
    segments = [build_segment(resource, at, end, values) for (at, values), end in zip(changes, ends, strict=False)]
    return progress, segments


def _advance(progress: FoldProgress, statement: Statement) -> FoldProgress | None:
    """Return the progress after a statement; None if the resource must be folded from all its statements."""
    stated = get_stated_properties(statement)
    if not (stated.keys() <= progress.properties.keys() and _continues(progress, statement)):
        return None
    (end, end_kind), properties = (progress.end, progress.end_kind), progress.properties
    last_segment_start = progress.last_segment_start
    if end is None:
        end, end_kind = find_end([statement], None)
        if end is not None and not _is_last(end, progress):
            return None
        if end is None or statement.at < end:
            properties = update_properties(properties, stated)
    elif statement.at < end:
        return None
    if last_segment_start is not None and not is_same(properties, progress.properties):
        if statement.at <= last_segment_start:
            return None
        last_segment_start = statement.at
    at, order, message_id = get_rank(statement)
    return structs.replace(
        progress,
        at=at,
        order=order,
        message_id=message_id,
        count=progress.count + 1,
        properties=properties,
        name=progress.name if statement.name is None else statement.name,
        tags=progress.tags if statement.tags is None else statement.tags,
        end=end,
        end_kind=end_kind,
        last_segment_start=last_segment_start,
    )


def _continues(progress: FoldProgress, statement: Statement) -> bool:
    """Return True if the statement affects only what follows it."""
    return (
        get_rank(statement) > progress.rank
        and statement.correction is None
        and (statement.parent is None or statement.parent == progress.parent)
        and _keeps_start(progress.start, statement.launched_at)
        and (progress.end is None or _keeps_end(progress, statement))
    )


def _is_last(end: Micros, progress: FoldProgress) -> bool:
    """Return True if an end is after all earlier statements and the start of the last segment."""
    return end > progress.at and (progress.last_segment_start is None or end > progress.last_segment_start)


def _keeps_start(start: Micros | None, launched_at: Micros | None) -> bool:
    return launched_at is None or (start is not None and _keeps_earliest(start, launched_at))


def _keeps_end(progress: FoldProgress, statement: Statement) -> bool:
    if statement.terminated_at is None and statement.deleted_at is None and not statement.is_deleted:
        return True
    end, kind = find_end([statement], None)
    if end is None or kind > progress.end_kind:
        return True
    return kind == progress.end_kind and progress.end is not None and _keeps_earliest(progress.end, end)


def _keeps_earliest(earliest: Micros, moment: Micros) -> bool:
    """Return True if `earliest` stays the earliest time, given that precise times replace truncated ones."""
    if earliest % SECOND_US == 0:
        return moment == earliest or moment >= earliest + SECOND_US
    return moment >= earliest or moment == earliest - earliest % SECOND_US
