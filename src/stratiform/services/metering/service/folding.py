"""Folding what a batch brought: which segments hold no longer, and which hold instead."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, pairwise

import msgspec

from stratiform.kit import bulk
from stratiform.kit.db import Connection
from stratiform.services.metering import repository
from stratiform.services.metering.errors import Overlapping
from stratiform.services.metering.model import Fact, Progress, Resource, Statement, Stretch, begin, parent_of, resume
from stratiform.services.metering.model.held import what_counts
from stratiform.services.metering.model.parents import ranked
from stratiform.services.metering.repository.ledger import Numbers
from stratiform.services.metering.repository.resources import Kept
from stratiform.services.metering.repository.segments import New

#: So many resources are folded anew at once: their statements are in memory together.
_FOLDED_AT_ONCE = 200

_NOTHING = Progress(at=-1, message_id="", count=0)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a fold gave: the resource's row as it is to be, the rows of segments that hold no longer, and what holds
    instead. The progress has no row where the last segment is a new one."""

    kept: Kept
    gone: Sequence[int]
    new: Sequence[Stretch]


class Folding:
    """The resources that one batch speaks of, and what becomes of their segments."""

    def __init__(self, db: Connection, numbers: Numbers, facts: Sequence[Fact]) -> None:
        self._db = db
        self._numbers = numbers
        self._known: dict[Resource, int] = {}
        self._kept: dict[int, Kept] = {}
        self._before: dict[int, Progress] = {}
        self._made: set[int] = set()
        self._said: dict[int, list[Statement]] = defaultdict(list)
        self._outcomes: dict[int, _Outcome] = {}
        self._moved: dict[int, list[int]] = defaultdict(list)  # by its parent, what has that since this batch
        self._circling: set[int] = set()  # those in circles of parents: none of them ends with another
        self._number({fact.resource for fact in facts} | {one for fact in facts for one in _parents(fact)})
        self._counts = {number: kept.progress.count for number, kept in self._kept.items()}
        for fact in facts:
            self._said[self._known[fact.resource]].append(fact.statement)

    def counted(self, resource: Resource) -> tuple[int, int]:
        """The resource's number, and that of its next event, from 1."""
        number = self._known[resource]
        self._counts[number] += 1
        return number, self._counts[number]

    def fold(self) -> None:
        """Write what follows from the statements: progress and segments, of children too."""
        anew = {number for number in self._said if not self._resumed(number)}
        anew |= self._moved_in_circles(self._changed_parents(anew))
        self._read_above(anew)
        generations, self._circling = ranked(anew, self._parent)
        waiting: dict[int, set[int]] = defaultdict(set)
        for number in anew:
            waiting[generations[number]].add(number)
        for generation in count():  # who ends with another comes after it, so each is folded once
            if not waiting:
                break
            now = sorted(waiting.pop(generation, ()))
            ended = {number for some in bulk.chunks(now, _FOLDED_AT_ONCE) for number in self._folded_anew(some)}
            if ended and (children := self._children(ended)):
                waiting[generation + 1] |= children
        self._write()

    def _number(self, resources: Iterable[Resource]) -> None:
        """Learn the numbers of `resources`; those that are new get one."""
        wanted = sorted(resource for resource in resources if resource not in self._known)
        stored = repository.resources.numbers(self._db, wanted)
        self._known |= stored
        self._learn(sorted(stored.values()))
        for resource in wanted:
            if resource not in stored:
                number = self._known[resource] = self._numbers.resources
                self._numbers.resources += 1
                self._made.add(number)
                self._kept[number] = Kept(number, resource, _NOTHING)

    def _resumed(self, number: int) -> bool:
        """Whether the new statements could be added to what is known, without reading what was said before."""
        kept = self._kept[number]
        if not kept.progress.count:
            return False
        found = resume(kept.resource.resource_type, kept.progress, self._said[number])
        if found is None:
            return False
        progress, stretches = found
        gone = [kept.progress.row] if stretches and kept.progress.row is not None else []
        if stretches:
            progress = msgspec.structs.replace(progress, row=None)
        self._keep(replace(kept, progress=progress), gone, stretches)
        return True

    def _folded_anew(self, numbers: Sequence[int]) -> set[int]:
        """Fold these from all that was ever said of them; those of which the end is another now."""
        old = [number for number in numbers if number not in self._made]
        said = repository.events.statements(self._db, old)
        for number in numbers:
            said[number] += self._said.get(number, [])
        held = repository.segments.current(self._db, old)
        ended = set()
        for number in numbers:
            before = self._kept[number].progress.end
            self._fold_one(number, said[number], held.get(number, {}))
            if self._kept[number].progress.end != before:
                ended.add(number)
        return ended

    def _fold_one(self, number: int, statements: Sequence[Statement], held: dict[int, Stretch]) -> None:
        """`held` are the segments as the database has them, by the rows' ids."""
        kept = self._kept[number]
        ends_with = None if kept.parent is None or number in self._circling else self._kept[kept.parent]
        progress, usage = begin(
            kept.resource.resource_type, statements, None if ends_with is None else ends_with.progress.end
        )
        _check(kept.resource, usage.stretches)
        wanted = {stretch.start: stretch for stretch in usage.stretches}
        staying = {stretch.start: row for row, stretch in held.items() if _stays(stretch, wanted.get(stretch.start))}
        row = staying.get(usage.stretches[-1].start) if usage.stretches else None
        self._keep(
            replace(kept, progress=msgspec.structs.replace(progress, row=row)),
            [row for row, stretch in held.items() if stretch.start not in staying],
            [stretch for stretch in usage.stretches if stretch.start not in staying],
        )

    def _changed_parents(self, numbers: Iterable[int]) -> dict[int, int | None]:
        """By their numbers, the parents of those of `numbers` that have another by now than the ledger knows."""
        doubtful = sorted(number for number in numbers if self._tells_another(number))
        changed: dict[int, int | None] = {}
        for some in bulk.chunks(doubtful, _FOLDED_AT_ONCE):
            said = repository.events.statements(self._db, [number for number in some if number not in self._made])
            told = {
                number: _parent_of(self._kept[number].resource, said[number] + self._said[number]) for number in some
            }
            self._number({one for parents in told.values() for one in parents})
            changed |= {number: next((self._known[one] for one in parents), None) for number, parents in told.items()}
        return {number: parent for number, parent in changed.items() if parent != self._parent(number)}

    def _tells_another(self, number: int) -> bool:
        """Whether the batch tells another parent: an older word doesn't count, which only all that was said shows."""
        cloud = self._kept[number].resource.cloud
        told = {one.parent for one in self._said[number] if one.parent is not None and not one.samples}
        return any(self._known[Resource(cloud, *parent)] != self._parent(number) for parent in told)

    def _moved_in_circles(self, changed: Mapping[int, int | None]) -> set[int]:
        """Give each of `changed` its new parent. Those in the circles that this breaks or makes."""
        if not changed:
            return set()
        self._read_above(changed)
        broken = ranked(changed, self._parent)[1]
        for number, parent in changed.items():
            self._kept[number] = replace(self._kept[number], parent=parent)
            if parent is not None:
                self._moved[parent].append(number)
        self._read_above(changed)
        return broken | ranked(changed, self._parent)[1]

    def _parent(self, number: int) -> int | None:
        return self._kept[number].parent

    def _read_above(self, numbers: Iterable[int]) -> None:
        """The rows of all above `numbers`."""
        passed, some = set[int](), set(numbers)
        while some:
            passed |= some
            some = {parent for number in some if (parent := self._parent(number)) is not None} - passed
            self._read(some)

    def _read(self, numbers: Iterable[int]) -> None:
        """The rows of resources that the batch doesn't speak of itself."""
        self._learn(sorted(number for number in numbers if number not in self._kept))

    def _learn(self, numbers: Sequence[int]) -> None:
        for number, kept in repository.resources.kept(self._db, numbers).items():
            self._kept[number] = kept
            self._known[kept.resource] = number
            self._before[number] = kept.progress

    def _keep(self, kept: Kept, gone: Sequence[int], new: Sequence[Stretch]) -> None:
        self._kept[kept.id] = kept
        self._outcomes[kept.id] = _Outcome(kept, gone, new)

    def _children(self, ended: set[int]) -> set[int]:
        """The numbers of what ends with one of `ended`."""
        if not ended:
            return set()
        stored = repository.resources.children(self._db, ended)
        self._read(stored)
        moved = {number for parent in ended for number in self._moved.get(parent, ())}
        return {number for number in {*stored, *moved} if self._parent(number) in ended} - self._circling

    def _write(self) -> None:
        gone: list[int] = []
        segments: list[New] = []
        kept = {number: self._kept[number] for number in self._made}
        for number, outcome in sorted(self._outcomes.items()):
            gone += outcome.gone
            segments += self._numbered(outcome)
            progress = outcome.kept.progress
            if progress.row is None and outcome.new:
                progress = msgspec.structs.replace(progress, row=segments[-1].id)
            kept[number] = replace(outcome.kept, progress=progress)
        made = [kept[number] for number in sorted(self._made)]
        changed = [kept[number] for number in sorted(kept.keys() - self._made)]
        repository.resources.save(self._db, made, changed)
        renamed = [one for one in changed if _is_renamed(self._before[one.id], one.progress)]
        repository.called.keep(self._db, self._numbers.position, {one.id: self._before[one.id] for one in renamed})
        repository.segments.change(self._db, self._numbers.position, gone, segments)

    def _numbered(self, outcome: _Outcome) -> list[New]:
        first = self._numbers.segments
        self._numbers.segments += len(outcome.new)
        of = outcome.kept
        return [New(first + place, of.id, of.resource, stretch) for place, stretch in enumerate(outcome.new)]


def _parents(fact: Fact) -> list[Resource]:
    return _parent_of(fact.resource, [fact.statement])


def _parent_of(child: Resource, statements: Sequence[Statement]) -> list[Resource]:
    """The one with which it ends, none where none was told."""
    parent = parent_of(child, statements)
    return [] if parent is None else [parent]


def _is_renamed(before: Progress, now: Progress) -> bool:
    """Whether something that was told is called or labelled otherwise now."""
    return before.count > 0 and (before.name, before.tags) != (now.name, now.tags)


def _stays(held: Stretch, wanted: Stretch | None) -> bool:
    """Whether the segment in the database is what it is to be."""
    return wanted is not None and held == wanted and what_counts(held.attributes) == what_counts(wanted.attributes)


def _check(resource: Resource, stretches: Sequence[Stretch]) -> None:
    """No database that lacks the constraint may take what another would refuse. Raises Overlapping."""
    for this, following in pairwise(stretches):
        if this.end is None or this.end > following.start:
            raise Overlapping(resource)
    if any(one.end is not None and one.end <= one.start for one in stretches):
        raise Overlapping(resource)
