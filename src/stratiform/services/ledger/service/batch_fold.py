"""The fold of the resources in one batch: which segments are superseded, and which replace them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, pairwise

import msgspec

from stratiform.kit import bulk_queries
from stratiform.kit.database import Connection
from stratiform.services.ledger import repository
from stratiform.services.ledger.errors import OverlappingSegments
from stratiform.services.ledger.model import (
    FoldProgress,
    Resource,
    ResourceStatement,
    Segment,
    Statement,
    find_parent,
    fold_all_statements,
    fold_next_statements,
)
from stratiform.services.ledger.model.parent_levels import compute_parent_levels
from stratiform.services.ledger.model.resource_properties import is_same
from stratiform.services.ledger.repository.batches import LedgerCounters
from stratiform.services.ledger.repository.resources import ResourceRow
from stratiform.services.ledger.repository.segment_replacement import NewSegment

#: Resources that are folded from all their statements at once; the statements are in memory together.
_FOLDED_AT_ONCE = 200

_NO_PROGRESS = FoldProgress(at=-1, message_id="", count=0)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The result for one resource: its new row, the ids of its superseded segments, and the segments that replace them.

    The progress has no segment id if the last segment is a new one.
    """

    row: ResourceRow
    superseded: Sequence[int]
    new: Sequence[Segment]


class BatchFold:
    """Folds the statements of one batch. `counters` is advanced for new resources and segments."""

    def __init__(self, db: Connection, counters: LedgerCounters, statements: Sequence[ResourceStatement]) -> None:
        self._db = db
        self._counters = counters
        self._ids: dict[Resource, int] = {}
        self._rows: dict[int, ResourceRow] = {}
        self._progress_before: dict[int, FoldProgress] = {}
        self._new_ids: set[int] = set()
        self._statements: dict[int, list[Statement]] = defaultdict(list)
        self._outcomes: dict[int, _Outcome] = {}
        self._ended: set[int] = set()  # resources that were not folded again, and have an end since this batch
        self._new_children: dict[int, list[int]] = defaultdict(list)  # parent id -> ids of children since this batch
        self._cyclic: set[int] = set()  # resources in cycles of parents: none of them ends with another
        children = [each for each in statements if each.statement.parent is not None]
        parents = {parent for each in children for parent in _parents(each.resource, [each.statement])}
        self._load({each.resource for each in statements} | parents)
        self._counts = {resource_id: row.progress.count for resource_id, row in self._rows.items()}
        for each in statements:
            self._statements[self._ids[each.resource]].append(each.statement)

    def next_event_number(self, resource: Resource) -> tuple[int, int]:
        """Return the id of the resource and the number of its next event, from 1."""
        resource_id = self._ids[resource]
        self._counts[resource_id] += 1
        return resource_id, self._counts[resource_id]

    def run(self) -> None:
        """Fold, and write progress and segments of the resources and their children."""
        refolded = {resource_id for resource_id in self._statements if not self._resume(resource_id)}
        refolded |= self._move(self._find_changed_parents(refolded))
        if self._ended:
            refolded |= self._list_children(self._ended)
        self._load_ancestors(refolded)
        levels, self._cyclic = compute_parent_levels(refolded, self._parent)
        pending: dict[int, set[int]] = defaultdict(set)
        for resource_id in refolded:
            pending[levels[resource_id]].add(resource_id)
        for level in count():  # children come after their parents, so each resource is folded once
            if not pending:
                break
            ids = sorted(pending.pop(level, ()))
            ended = {
                each for chunk in bulk_queries.split_into_chunks(ids, _FOLDED_AT_ONCE) for each in self._refold(chunk)
            }
            if ended and (children := self._list_children(ended)):
                pending[level + 1] |= children
        self._save()

    def _load(self, resources: Iterable[Resource]) -> None:
        """Read the rows of `resources`; new resources get an id."""
        missing = {resource for resource in resources if resource not in self._ids}
        self._add_rows(repository.resources.list_rows_of_resources(self._db, missing))
        for resource in sorted(missing):
            if resource not in self._ids:
                resource_id = self._ids[resource] = self._counters.resources
                self._counters.resources += 1
                self._new_ids.add(resource_id)
                self._rows[resource_id] = ResourceRow(resource_id, resource, _NO_PROGRESS)

    def _resume(self, resource_id: int) -> bool:
        """Apply the new statements to the stored progress; return False if older statements are needed."""
        row = self._rows[resource_id]
        if not row.progress.count:
            return False
        result = fold_next_statements(row.resource, row.progress, self._statements[resource_id])
        if result is None:
            return False
        progress, segments = result
        superseded = [row.progress.last_segment_id] if segments and row.progress.last_segment_id is not None else []
        if segments:
            progress = msgspec.structs.replace(progress, last_segment_id=None)
        if progress.end != row.progress.end:
            self._ended.add(resource_id)
        self._set_outcome(replace(row, progress=progress), superseded, segments)
        return True

    def _refold(self, ids: Sequence[int]) -> set[int]:
        """Fold resources from all their statements; return the ids of those whose end changed."""
        stored = [resource_id for resource_id in ids if resource_id not in self._new_ids]
        statements = repository.events.list_statements(self._db, stored)
        for resource_id in ids:
            statements[resource_id] += self._statements.get(resource_id, [])
        current = repository.segment_replacement.list_current(self._db, stored)
        ended = set()
        for resource_id in ids:
            end_before = self._rows[resource_id].progress.end
            self._refold_resource(resource_id, statements[resource_id], current.get(resource_id, {}))
            if self._rows[resource_id].progress.end != end_before:
                ended.add(resource_id)
        return ended

    def _refold_resource(
        self, resource_id: int, statements: Sequence[Statement], current: Mapping[int, Segment]
    ) -> None:
        row = self._rows[resource_id]
        parent = None if row.parent is None or resource_id in self._cyclic else self._rows[row.parent]
        progress, usage = fold_all_statements(row.resource, statements, None if parent is None else parent.progress.end)
        _check_order(row.resource, usage.segments)
        by_start = {segment.start: segment for segment in usage.segments}
        unchanged = {
            segment.start: segment_id
            for segment_id, segment in current.items()
            if _is_same(segment, by_start.get(segment.start))
        }
        last_id = unchanged.get(usage.segments[-1].start) if usage.segments else None
        self._set_outcome(
            replace(row, progress=msgspec.structs.replace(progress, last_segment_id=last_id)),
            [segment_id for segment_id, segment in current.items() if segment.start not in unchanged],
            [segment for segment in usage.segments if segment.start not in unchanged],
        )

    def _find_changed_parents(self, ids: Iterable[int]) -> dict[int, int | None]:
        """Return the new parents of those of `ids` whose parent changed, by their ids."""
        candidates = sorted(resource_id for resource_id in ids if self._states_other_parent(resource_id))
        changed: dict[int, int | None] = {}
        for chunk in bulk_queries.split_into_chunks(candidates, _FOLDED_AT_ONCE):
            statements = repository.events.list_statements(
                self._db, [each for each in chunk if each not in self._new_ids]
            )
            parents = {
                each: _parents(self._rows[each].resource, statements[each] + self._statements[each]) for each in chunk
            }
            self._load({resource for resources in parents.values() for resource in resources})
            for resource_id, resources in parents.items():
                changed[resource_id] = next((self._ids[resource] for resource in resources), None)
        return {child: parent for child, parent in changed.items() if parent != self._parent(child)}

    def _states_other_parent(self, resource_id: int) -> bool:
        """Return True if the batch states another parent; it may still be outranked by a later statement."""
        cloud = self._rows[resource_id].resource.cloud
        parents = {
            each.parent for each in self._statements[resource_id] if each.parent is not None and not each.samples
        }
        return any(self._ids[Resource(cloud, *parent)] != self._parent(resource_id) for parent in parents)

    def _move(self, parents: Mapping[int, int | None]) -> set[int]:
        """Set new parents; return the ids of the resources in cycles that this breaks or creates."""
        if not parents:
            return set()
        self._load_ancestors(parents)
        broken = compute_parent_levels(parents, self._parent)[1]
        for child, parent in parents.items():
            self._rows[child] = replace(self._rows[child], parent=parent)
            if parent is not None:
                self._new_children[parent].append(child)
        self._load_ancestors(parents)
        return broken | compute_parent_levels(parents, self._parent)[1]

    def _parent(self, resource_id: int) -> int | None:
        return self._rows[resource_id].parent

    def _load_ancestors(self, ids: Iterable[int]) -> None:
        visited, current = set[int](), set(ids)
        while current:
            visited |= current
            current = {parent for each in current if (parent := self._parent(each)) is not None} - visited
            self._load_missing_rows(current)

    def _load_missing_rows(self, ids: Iterable[int]) -> None:
        missing = sorted(resource_id for resource_id in ids if resource_id not in self._rows)
        self._add_rows(repository.resources.list_rows(self._db, missing))

    def _add_rows(self, rows: Iterable[ResourceRow]) -> None:
        for row in rows:
            self._rows[row.id] = row
            self._ids[row.resource] = row.id
            self._progress_before[row.id] = row.progress

    def _set_outcome(self, row: ResourceRow, superseded: Sequence[int], new: Sequence[Segment]) -> None:
        self._rows[row.id] = row
        self._outcomes[row.id] = _Outcome(row, superseded, new)

    def _list_children(self, ended: set[int]) -> set[int]:
        """Return the ids of the resources that end with one of `ended`."""
        stored = repository.resources.list_children(self._db, ended)
        self._load_missing_rows(stored)
        moved = {child for parent in ended for child in self._new_children.get(parent, ())}
        return {child for child in {*stored, *moved} if self._parent(child) in ended} - self._cyclic

    def _save(self) -> None:
        superseded: list[int] = []
        segments: list[NewSegment] = []
        rows = {resource_id: self._rows[resource_id] for resource_id in self._new_ids}
        for resource_id, outcome in sorted(self._outcomes.items()):
            superseded += outcome.superseded
            segments += self._assign_ids(outcome)
            progress = outcome.row.progress
            if progress.last_segment_id is None and outcome.new:
                progress = msgspec.structs.replace(progress, last_segment_id=segments[-1].id)
            rows[resource_id] = replace(outcome.row, progress=progress)
        new = [rows[resource_id] for resource_id in sorted(self._new_ids)]
        changed = [rows[resource_id] for resource_id in sorted(rows.keys() - self._new_ids)]
        repository.resources.save(self._db, new, changed)
        renamed = [row for row in changed if _is_renamed(self._progress_before[row.id], row.progress)]
        position = self._counters.position
        repository.name_history.add(self._db, position, {row.id: self._progress_before[row.id] for row in renamed})
        repository.segment_replacement.replace_segments(self._db, position, superseded, segments)

    def _assign_ids(self, outcome: _Outcome) -> list[NewSegment]:
        first = self._counters.segments
        self._counters.segments += len(outcome.new)
        return [NewSegment(first + offset, outcome.row.id, segment) for offset, segment in enumerate(outcome.new)]


def _parents(child: Resource, statements: Sequence[Statement]) -> list[Resource]:
    """Return the resource with which `child` ends, as a list of at most one."""
    parent = find_parent(child, statements)
    return [] if parent is None else [parent]


def _is_renamed(before: FoldProgress, after: FoldProgress) -> bool:
    """Return True if the name or the tags of a known resource changed."""
    return before.count > 0 and (before.name, before.tags) != (after.name, after.tags)


def _is_same(stored: Segment, computed: Segment | None) -> bool:
    return computed is not None and stored == computed and is_same(stored.attributes, computed.attributes)


def _check_order(resource: Resource, segments: Sequence[Segment]) -> None:
    """Check what MariaDB has no constraint for. Raises OverlappingSegments."""
    for segment, following in pairwise(segments):
        if segment.end is None or segment.end > following.start:
            raise OverlappingSegments(resource)
    if any(segment.end is not None and segment.end <= segment.start for segment in segments):
        raise OverlappingSegments(resource)
