"""What the ledger must answer for a set of `support.hearsay`, found slowly: from instant to instant, out of everything.

Shares no line with the product. The rules are those of `docs/reference/ledger.md` and `docs/reference/usage-api.md`.
"""

import itertools
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from support.hearsay import Resource, Ruling, Said

FOREVER = 2**62
SECOND = 1_000_000

Held = dict[str, Any]
Cells = list[Held | None]


class SegmentRow(NamedTuple):
    """A segment. Attributes are JSON with its keys in order, in which true isn't 1."""

    resource: Resource
    start: int
    end: int | None
    project: str
    state: str
    attributes: str
    name: str


class Measured(NamedTuple):
    """A sample, and whose it is."""

    resource: Resource
    project: str | None
    meter: str
    kind: str
    source: str
    at: int
    value: Decimal
    hold: int
    message_id: str


def segments(said: Sequence[Said]) -> list[SegmentRow]:
    """All of them, in the order of lists."""
    by_resource: dict[Resource, list[Said]] = defaultdict(list)
    for one in said:
        if not one.values:
            by_resource[one.resource].append(one)
    found: list[SegmentRow] = []
    for resource in sorted(by_resource, key=lambda one: (one[1], one[2], one[0])):
        found += _Life(resource, by_resource).rows()
    return found


def samples(said: Sequence[Said], used: Sequence[SegmentRow]) -> list[Measured]:
    """All samples, with their owners: those of `used`, where they name none."""
    return [
        Measured(
            *(one.resource, one.project or _owner(one, used), meter, value.kind, one.source, one.event.at),
            *(Decimal(value.value), value.hold, one.event.message_id),
        )
        for one in said
        for meter, value in one.values.items()
    ]


def _owner(one: Said, used: Sequence[SegmentRow]) -> str | None:
    """Whose the resource was at that instant; at its very end still the last one's."""
    at = one.event.at
    there = [row for row in used if row.resource == one.resource and row.start <= at]
    there = [row for row in there if row.end is None or at <= row.end]
    return max(there, key=lambda row: row.start).project if there else None


def durations(used: Sequence[SegmentRow], bounds: Sequence[int]) -> dict[tuple[str, str, str | None, int], int]:
    """Microseconds of use by project, state, size and the beginning of the bucket."""
    found: dict[tuple[str, str, str | None, int], int] = defaultdict(int)
    for row in used:
        size = json.loads(row.attributes).get("size")
        for start, end in itertools.pairwise(bounds):
            both = min(FOREVER if row.end is None else row.end, end) - max(row.start, start)
            if both > 0:
                found[row.project, row.state, None if size is None else json.dumps(size), start] += both
    return dict(found)


def quantities(
    told: Sequence[Measured], meter: str, bounds: Sequence[int]
) -> dict[tuple[str | None, str, int], Decimal]:
    """What a meter's values sum to by project, id of the resource and the beginning of the bucket."""
    counters: dict[Any, list[Measured]] = defaultdict(list)
    for one in told:
        if one.meter == meter:
            counters[one.resource, one.kind, one.source].append(one)
    found: dict[tuple[str | None, str, int], Decimal] = defaultdict(Decimal)
    for readings in counters.values():
        last = {one.at: one for one in sorted(readings, key=lambda one: one.message_id)}
        ordered = [last[at] for at in sorted(last)]
        for place, one in enumerate(ordered):
            before = ordered[place - 1] if place else None
            following = ordered[place + 1].at if place + 1 < len(ordered) else FOREVER
            for start, end in itertools.pairwise(bounds):
                added = _added(one, before, following, start, end)
                if added is not None:
                    found[one.project, one.resource[2], start] += added
    return dict(found)


def _added(one: Measured, before: Measured | None, following: int, start: int, end: int) -> Decimal | None:
    """What a value adds between two instants; None where it says nothing of the time between them."""
    if one.kind == "gauge":
        both = min(one.at + one.hold, following, end) - max(one.at, start)
        return one.value * both / SECOND if both > 0 else None
    if not start < one.at <= end or (one.kind == "cumulative" and before is None):
        return None
    if one.kind == "delta" or before is None or one.value < before.value:
        return one.value
    return one.value - before.value


def _parent(resource: Resource, everything: dict[Resource, list[Said]]) -> Resource | None:
    told = [one.parent for one in in_force(everything.get(resource, [])) if one.parent is not None]
    return told[-1] if told and told[-1] != resource else None


def _round(resource: Resource, everything: dict[Resource, list[Said]]) -> bool:
    """Whether its parents lead back to it."""
    above = _parent(resource, everything)
    for _ in everything:
        if above in (None, resource):
            break
        above = _parent(above, everything)
    return above == resource


class _Life:
    """One resource, with all that is said of it and of the others."""

    def __init__(self, resource: Resource, everything: dict[Resource, list[Said]]) -> None:
        self.resource = resource
        self.valid = in_force(everything[resource])
        self.told = [one for one in self.valid if one.tells]
        parent = _parent(resource, everything)
        self.with_it = (
            _Life(parent, everything).end if parent in everything and not _round(resource, everything) else None
        )
        launches = [one.launched for one in self.told if one.launched is not None]
        self.start = precise(launches) if launches else None
        self.last = self._end_after(-1)
        self.instants = sorted(self._instants())
        self.cells: Cells = [
            self._told_at(at) if self.start is not None and self.start <= at < self.last else None
            for at in self.instants
        ]
        before: list[Ruling] = []
        for one in self.valid:
            if one.ruling is not None:
                self._apply(one.event.at, one.ruling, before)
                before.append(one.ruling)

    def _instants(self) -> set[int]:
        """Whenever something may change."""
        found: set[int | None] = {0, self.with_it}
        for one in self.valid:
            found |= {one.event.at, one.launched, one.terminated, one.deleted}
            if one.ruling is not None:
                found |= {one.ruling.start, one.ruling.end, one.ruling.since, one.ruling.until}
        return {at for at in found if at is not None}

    @property
    def end(self) -> int | None:
        """When it ended, even where it was never used."""
        used = [place for place, held in enumerate(self.cells) if held is not None]
        if not used:
            return None if self.last == FOREVER else self.last
        return self.instants[used[-1] + 1] if used[-1] + 1 < len(self.instants) else None

    def rows(self) -> Iterator[SegmentRow]:
        name = next((one.name for one in reversed(self.valid) if one.name is not None), "")
        open_row: SegmentRow | None = None
        for place, held in enumerate(self.cells):
            at = self.instants[place]
            end = self.instants[place + 1] if place + 1 < len(self.instants) else None
            row = None if held is None else SegmentRow(self.resource, at, end, *_standing(held), name)
            if open_row is not None and row is not None and open_row[3:] == row[3:]:
                open_row = open_row._replace(end=end)
                continue
            if open_row is not None:
                yield open_row
            open_row = row
        if open_row is not None:
            yield open_row

    def _end_after(self, moment: int) -> int:
        """The best word on an end after `moment`; that of the parent is as good as that it is gone."""
        kinds: list[list[int | None]] = [
            [one.terminated for one in self.told],
            [one.deleted for one in self.told],
            [one.event.at if one.gone else None for one in self.told] + [self.with_it],
        ]
        for kind in kinds:
            known = [at for at in kind if at is not None and at > moment]
            if known:
                return precise(known)
        return FOREVER

    def _told_at(self, moment: int) -> Held:
        """The last word on each until `moment`, else the first one after."""
        held: Held = {}
        words = [(one.event.at, _words(one)) for one in self.told]
        for name in {name for _, word in words for name in word}:
            before = [word[name] for at, word in words if name in word and at <= moment]
            after = [word[name] for at, word in words if name in word and at > moment]
            held[name] = before[-1] if before else after[0]
        return held

    def _apply(self, made: int, ruling: Ruling, before: list[Ruling]) -> None:
        ends = ruling.end is not None or ruling.reopened
        self.start = self.start if ruling.start is None else ruling.start
        if ends:
            self.last = self._end_after(made) if ruling.end is None else ruling.end
        used = [place for place, held in enumerate(self.cells) if held is not None]
        revived = ruling.start is not None or (ends and not any(one.absent for one in before))
        was = list(self.cells)
        for place, at in enumerate(self.instants):
            held = was[place]
            if not used:
                if revived and self.start is not None and self.start <= at < self.last:
                    held = self._under(before, at, self._told_at(at))
            elif ruling.start is not None and place < used[0]:
                held = self._under(before, at, was[used[0]] or {})
            elif ends and place > used[-1]:
                held = self._under(before, at, self._later(was[used[-1]] or {}, self.instants[used[-1]], at))
            out = (ruling.start is not None and at < ruling.start) or (ends and at >= self.last)
            if not out and held is not None and _inside(ruling, at):
                held = None if ruling.absent else held | _words(ruling)
            self.cells[place] = None if out else held

    def _under(self, before: Sequence[Ruling], at: int, held: Held) -> Held:
        """With all that was said of that time before."""
        for one in before:
            if _inside(one, at) and not one.absent:
                held = held | _words(one)
        return held

    def _later(self, held: Held, last: int, at: int) -> Held:
        for one in self.told:
            if last < one.event.at <= at:
                held = held | _words(one)
        return held


def in_force(said: Sequence[Said]) -> list[Said]:
    """In order, without the rulings that a later one takes back."""
    left = sorted(said, key=lambda one: one.place)
    for one in reversed(list(left)):
        if one in left and one.ruling is not None and one.ruling.revokes:
            back = one.ruling.revokes
            left = [
                other
                for other in left
                if other.ruling is None or other.event.message_id != back or other.place >= one.place
            ]
    return left


def precise(moments: Sequence[int]) -> int:
    """The earliest; a time in whole seconds stands for one with fractions in the same second."""
    first = min(moments)
    same = [at for at in moments if at // SECOND == first // SECOND and at % SECOND]
    return min(same) if first % SECOND == 0 and same else first


def _words(one: Said | Ruling) -> Held:
    told = {"project": one.project, "state": one.state}
    return {name: word for name, word in told.items() if word is not None} | {
        f".{name}": value for name, value in one.attributes.items()
    }


def _inside(ruling: Ruling, at: int) -> bool:
    return (ruling.since is None or ruling.since <= at) and (ruling.until is None or at < ruling.until)


def _standing(held: Held) -> tuple[str, str, str]:
    attributes = {name[1:]: value for name, value in held.items() if name[0] == "." and value is not None}
    return held.get("project", ""), held.get("state", "active"), json.dumps(attributes, sort_keys=True)
