"""The fold: all statements about one resource become its segments. Rules: `docs/reference/ledger.md`.

A statement describes a row of Nova's or Cinder's database at an instant. A property that it does not assert has the
value of the previous statement, or else that of the first one that asserts it. So the result depends on the set of
statements only: not on their order of arrival, and not on duplicates.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

from msgspec import structs

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.services.ledger.model.correction_application import (
    MessageAssertions,
    UseInterval,
    apply_corrections,
    select_statements_in_force,
)
from stratiform.services.ledger.model.repeated_statements import drop_repeated_statements
from stratiform.services.ledger.model.resource_properties import (
    STATE,
    Properties,
    build_segment,
    compute_initial_properties,
    get_default_state,
    get_stated_properties,
    is_same,
    update_properties,
)
from stratiform.services.ledger.model.resources import Resource
from stratiform.services.ledger.model.segments import Segment
from stratiform.services.ledger.model.statements import Statement, get_rank

#: Kinds of ends, the most reliable first: a time of termination, a time of deletion, or the time of the first statement
#: that the resource is deleted.
END_TERMINATED, END_DELETED, END_OBSERVED, NO_END = range(4)


@dataclass(frozen=True, slots=True)
class FoldedUsage:
    """All segments of one resource in order, and what was stated of it last.

    `end` is known of a resource that was never launched too. `start`, `end_kind` and `properties` (those before the
    end) are what messages state, without corrections.
    """

    name: str
    segments: tuple[Segment, ...]
    tags: dict[str, str] = field(default_factory=dict)
    parent: tuple[str, str] | None = None
    end: Micros | None = None
    start: Micros | None = field(default=None, compare=False)
    end_kind: int = field(default=NO_END, compare=False)
    properties: Properties = field(default_factory=dict, compare=False)


def fold_statements(
    resource: Resource, statements: Iterable[Statement], parent_end: Micros | None = None
) -> FoldedUsage:
    """Return the usage of one resource. Order and duplicates of statements do not matter.

    `parent_end` is the end of the resource with which this one ends, if there is one and it has ended. Statements with
    samples assert nothing about the resource itself.
    """
    in_force = select_statements_in_force(drop_repeated_statements([each for each in statements if not each.samples]))
    messages = select_messages(in_force)
    stated = [(message.at, get_stated_properties(message)) for message in messages]
    initial = compute_initial_properties([properties for _, properties in stated])
    start, (end, end_kind) = find_start(messages), find_end(messages, parent_end)
    timeline = _accumulate(stated, initial, end)
    intervals = _build_intervals(timeline, start, end)
    corrections = [each for each in in_force if each.correction is not None]
    last_end = end
    if corrections:
        # A correction to the default state changes nothing while no message has stated another.
        default: Properties = {STATE: get_default_state(resource.resource_type)}
        intervals = [UseInterval(each.start, each.end, default | each.properties) for each in intervals]
        end_after = partial(_find_end_after, messages, parent_end)
        observations = MessageAssertions(messages, default | initial, start, end, end_after)
        intervals, last_end = apply_corrections(intervals, observations, corrections)
    return FoldedUsage(
        name=next((each.name for each in reversed(in_force) if each.name is not None), ""),
        segments=tuple(build_segment(resource, each.start, each.end, each.properties) for each in intervals),
        tags=next((each.tags for each in reversed(in_force) if each.tags is not None), {}),
        parent=next((each.parent for each in reversed(in_force) if each.parent is not None), None),
        end=last_end,
        start=start,
        end_kind=end_kind,
        properties=timeline[-1][1],
    )


def find_parent(child: Resource, statements: Iterable[Statement]) -> Resource | None:
    """Return the resource with which `child` ends, by the last statement that has one; never `child` itself."""
    candidates = [each for each in statements if each.parent is not None and not each.samples]
    last = sorted(candidates, key=get_rank)[-1].parent if candidates else None
    parent = None if last is None else Resource(child.cloud, *last)
    return None if parent == child else parent


def select_messages(statements: Iterable[Statement]) -> list[Statement]:
    """Return the statements of messages, and of corrections that have an observation."""
    return [each for each in statements if each.correction is None or each.correction.has_observation]


def find_start(statements: Iterable[Statement]) -> Micros | None:
    """Return the earliest launch."""
    return _find_earliest([each.launched_at for each in statements if each.launched_at is not None])


def find_end(statements: Sequence[Statement], parent_end: Micros | None) -> tuple[Micros | None, int]:
    """Return the earliest end of the most reliable kind, and that kind."""
    observed = [each.at for each in statements if each.is_deleted]
    by_kind = (
        [each.terminated_at for each in statements if each.terminated_at is not None],
        [each.deleted_at for each in statements if each.deleted_at is not None],
        observed if parent_end is None else [*observed, parent_end],
    )
    for kind, ends in enumerate(by_kind):
        if ends:
            return _find_earliest(ends), kind
    return None, NO_END


def _find_end_after(statements: Sequence[Statement], parent_end: Micros | None, moment: Micros) -> Micros | None:
    """Return the end if all ends until `moment` are ignored."""

    def after(end: Micros | None) -> Micros | None:
        return end if end is not None and end > moment else None

    remaining = [
        structs.replace(
            each,
            terminated_at=after(each.terminated_at),
            deleted_at=after(each.deleted_at),
            is_deleted=each.is_deleted and each.at > moment,
        )
        for each in statements
    ]
    return find_end(remaining, after(parent_end))[0]


def _find_earliest(moments: list[Micros]) -> Micros | None:
    """Return the earliest time; a precise time of the same second replaces one that was truncated to whole seconds."""
    if not moments:
        return None
    earliest = min(moments)
    if earliest % SECOND_US:
        return earliest
    return min((each for each in moments if earliest < each < earliest + SECOND_US), default=earliest)


def _accumulate(
    stated: Iterable[tuple[Micros, Properties]], initial: Properties, end: Micros | None
) -> list[tuple[Micros, Properties]]:
    """Return the known properties and since when: `initial`, and those after each message before `end`."""
    timeline = [(-1, initial)]
    for at, properties in stated:
        if end is not None and at >= end:
            break
        timeline.append((at, update_properties(timeline[-1][1], properties)))
    return timeline


def _build_intervals(
    timeline: Iterable[tuple[Micros, Properties]], start: Micros | None, end: Micros | None
) -> list[UseInterval]:
    """Return the intervals of use in `[start, end)`, each with other properties than the one before."""
    if start is None or (end is not None and end <= start):
        return []
    changes: list[tuple[Micros, Properties]] = []
    for since, properties in timeline:
        at = max(since, start)
        if changes and at == changes[-1][0]:
            changes[-1] = (at, properties)
        else:
            changes.append((at, properties))
    distinct = changes[:1]
    distinct += [change for previous, change in pairwise(changes) if not is_same(previous[1], change[1])]
    ends = [at for at, _ in distinct[1:]]
    return [UseInterval(at, until, properties) for (at, properties), until in zip(distinct, [*ends, end], strict=True)]
