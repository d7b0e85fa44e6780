"""The audit: what the ledger has, held against messages on what exists and against the clouds' own inventories.

Both sides are read in the order of their resources and merged, so that it takes the same memory however many there are.
Clouds are asked first, with no transaction open; each few resources are read in a transaction of their own.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import merge
from itertools import combinations, groupby, islice

from stratiform.contract.usage import InventoryItem
from stratiform.kit.clock import Clock, Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.errors import Fault, Invalid
from stratiform.kit.outbox import Event
from stratiform.kit.policy import Caller
from stratiform.services.clouds.service import CloudsService
from stratiform.services.metering import repository
from stratiform.services.metering.events.corrections import Seen
from stratiform.services.metering.model import Correction, Resource, in_force
from stratiform.services.metering.model.audit import (
    Absence,
    Finding,
    Kind,
    Known,
    Proposal,
    Sighting,
    audit,
    doubled,
    is_round,
    unmentioned,
)
from stratiform.services.metering.model.fold import messages_of
from stratiform.services.metering.policy import policy
from stratiform.services.metering.service import sources
from stratiform.services.metering.service.correcting import Correcting, author_of, id_of, seen_event
from stratiform.services.metering.service.inventories import Inventories, inventories
from stratiform.services.metering.service.naming import near_to

#: Resources that are compared in one transaction, and those that are read ahead.
_TOGETHER, _PAGE = 50, 1000

#: It is told how far the audit has come whenever so many were compared.
_TOLD_EVERY = 5000

#: An id like this is never given twice, so in two clouds it is the same thing, known under two names of one cloud.
_UNIQUE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Audit:
    """What is to be audited: `[start, end)`, under this name; only these clouds (none: all), only this project.
    `apply`: make the corrections that are proposed."""

    name: str
    start: Micros
    end: Micros
    clouds: tuple[str, ...] = ()
    project_id: str | None = None
    apply: bool = False


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far it has come: so many things listed by a cloud, or so many resources compared ("")."""

    cloud: str
    count: int


@dataclass(frozen=True, slots=True)
class Proposed:
    """A correction, by the message id that it has or would have. `made`: it is in the ledger now."""

    message_id: str
    proposal: Proposal
    made: bool = False


@dataclass(frozen=True, slots=True)
class Audited:
    """A resource on which the ledger and its sources disagree."""

    resource: Resource
    name: str
    findings: Sequence[Finding]
    proposed: Sequence[Proposed]


@dataclass(slots=True)
class Summary:
    """All of it. `asked`: what each cloud listed, `unasked`: why another could not tell; `found`: microseconds and
    stretches by kind."""

    audit: Audit
    resources: int = 0
    found: dict[Kind, tuple[Micros, int]] = field(default_factory=dict)
    proposed: int = 0
    made: int = 0
    asked: dict[str, int] = field(default_factory=dict)
    unasked: dict[str, str] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        return not self.found and not self.unasked

    def add(self, one: Audited) -> None:
        for finding in one.findings:
            us, count = self.found.get(finding.kind, (0, 0))
            self.found[finding.kind] = (us + finding.end - finding.start, count + 1)
        self.proposed += len(one.proposed)
        self.made += sum(proposed.made for proposed in one.proposed)


Told = Progressed | Audited | Summary


class Auditing(Correcting):
    """Verbs on audits."""

    __slots__ = ()

    def allow_auditing(self, ctx: RequestContext) -> None:
        """Raises Forbidden: a stranger is told that before anything of what was sent."""
        policy.require(ctx.caller, "usage:audits:create", None)

    def audit(self, ctx: RequestContext, asked: Audit, clouds: CloudsService, clock: Clock) -> Iterator[Told]:
        """Compare, and tell as it goes; the summary comes last. What is given is to be read after the transaction of
        `call` has ended. Raises Forbidden, Invalid (the period has not begun, no such cloud)."""
        self.allow_auditing(ctx)
        if ctx.now <= asked.start:
            raise Invalid(f"{asked.name} has not begun yet", hint="audit a month that has")
        names = {cloud.name: cloud.id for cloud in clouds.accounts.list_all(ctx.db)}
        known = set(repository.audits.clouds(ctx.db))
        for name in asked.clouds:
            if name not in names and name not in known:
                hint = near_to(name, known.union(names))
                raise Invalid(f"neither connected nor in the ledger: cloud '{name}'", hint=hint)
        wanted = {name: names[name] for name in sorted(names) if not asked.clouds or name in asked.clouds}
        return self._audit(ctx.caller, asked, wanted, clouds, clock)

    def _audit(
        self, caller: Caller, asked: Audit, wanted: Mapping[str, str], clouds: CloudsService, clock: Clock
    ) -> Iterator[Told]:
        summary = Summary(asked)
        with inventories() as listed:
            yield from _ask(listed, wanted, clouds, clock, summary)
            yield from _Run(self, caller, asked, listed, clock, summary).run()
        yield summary


def _ask(
    listed: Inventories, wanted: Mapping[str, str], clouds: CloudsService, clock: Clock, summary: Summary
) -> Iterator[Told]:
    """Ask every cloud that can tell what there is."""
    for name, cloud_id in wanted.items():
        try:
            connected = clouds.connections.get(cloud_id)
            if connected.usage is None:
                continue
            told = 0
            yield Progressed(name, told)
            for told in listed.take(name, connected, clock.now()):
                yield Progressed(name, told)
        except Fault as error:
            summary.unasked[name] = error.message
            continue
        summary.asked[name] = listed.asked[name].items
        if told != listed.asked[name].items:
            yield Progressed(name, listed.asked[name].items)


@dataclass(frozen=True, slots=True)
class _Side:
    """One resource as both sides have it. `events`: how many the ledger has of it."""

    resource: Resource
    known: Known
    name: str
    events: int
    item: InventoryItem | None
    exists: Sequence[Sighting]


class _Run:
    """One audit at work."""

    def __init__(
        self, service: Auditing, caller: Caller, asked: Audit, listed: Inventories, clock: Clock, summary: Summary
    ) -> None:
        self._service = service
        self._caller = caller
        self._asked = asked
        self._listed = listed
        self._clock = clock
        self._summary = summary
        self._window = (asked.start, min(asked.end, clock.now()))
        self._rounds: dict[tuple[str, str], list[tuple[Micros, Micros]]] = defaultdict(list)

    def run(self) -> Iterator[Told]:
        with self._service.database.snapshot() as db:
            for cloud, kind, begins, ends in sorted(repository.audits.periods(db, self._window[0])):
                if is_round(begins, ends) and begins < self._window[1]:
                    self._rounds[cloud, kind].append((begins, ends))
        told = 0
        same = groupby(self._pairs(), key=lambda pair: (pair[0].resource_id, pair[0].resource_type))
        groups = ([*pairs] for _, pairs in same)
        while group := [pair for pairs in islice(groups, _TOGETHER) for pair in pairs]:
            yield from self._compared(group)
            if self._summary.resources - told >= _TOLD_EVERY:
                told = self._summary.resources
                yield Progressed("", told)

    def _pairs(self) -> Iterator[tuple[Resource, InventoryItem | None]]:
        """Every resource that matters, in order, with what its cloud listed."""
        held: Iterable[tuple[Resource, InventoryItem | None]] = ((resource, None) for resource in self._resources())
        both = merge(held, self._listed.items(), key=lambda pair: _key(pair[0]))
        for resource, pairs in groupby(both, key=lambda pair: pair[0]):
            yield resource, next((item for _, item in pairs if item is not None), None)

    def _resources(self) -> Iterator[Resource]:
        """Those of the ledger of which something may be known in the window or later."""
        after = None
        while True:
            with self._service.database.snapshot() as db:
                page = repository.audits.resources(db, _PAGE, after)
            for resource, progress in page:
                over = progress.end is not None and progress.end <= self._window[0] and progress.at < self._window[0]
                if not over and self._is_wanted(resource.cloud):
                    yield resource
            if len(page) < _PAGE:
                return
            after = _key(page[-1][0])

    def _is_wanted(self, cloud: str) -> bool:
        return not self._asked.clouds or cloud in self._asked.clouds

    def _compared(self, pairs: Sequence[tuple[Resource, InventoryItem | None]]) -> list[Audited]:
        with self._service.database.snapshot() as db:
            sides = [side for side in self._sides(db, pairs) if self._is_meant(side)]
        self._summary.resources += len(sides)
        twice = self._doubled(sides)
        found = []
        for side in sides:
            findings, proposals = audit(side.known, self._sightings(side), self._absences(side), self._window)
            findings += twice.get(side.resource, [])
            proposed = [self._proposed(side, proposal) for proposal in proposals]
            if findings:
                found.append((side, Audited(side.resource, side.name, findings, proposed)))
        made = self._made(found) if self._asked.apply else [one for _, one in found]
        for one in made:
            self._summary.add(one)
        return made

    def _is_meant(self, side: _Side) -> bool:
        """Whether it is metered at all, and of the project that is asked for."""
        kind = side.resource.resource_type
        if not side.events and kind not in self._service.reader.meters:
            return False
        projects = {one.project_id for one in side.known.stretches} | ({side.item.project_id} if side.item else set())
        return self._asked.project_id is None or self._asked.project_id in projects

    def _sides(self, db: Connection, pairs: Sequence[tuple[Resource, InventoryItem | None]]) -> list[_Side]:
        numbers = repository.resources.numbers(db, [resource for resource, _ in pairs])
        kept = repository.resources.kept(db, sorted(numbers.values()))
        current = repository.segments.current(db, sorted(numbers.values()))
        corrected = [number for number, one in kept.items() if one.progress.corrected]
        said = repository.events.statements(db, corrected)
        exists: dict[int, list[Sighting]] = defaultdict(list)
        for one in repository.audits.exists(db, sorted(numbers.values()), self._window[0]):
            exists[one.resource] = sources.newest(exists[one.resource], sources.seen_in_message(one))
        sides = []
        for resource, item in pairs:
            number = numbers.get(resource)
            if number is None:
                sides.append(_Side(resource, Known(resource.resource_type), item.name if item else "", 0, item, ()))
                continue
            progress = kept[number].progress
            heard_at, staff = progress.at, list[Correction]()
            if number in said:
                valid = in_force(said[number])
                heard_at = max((one.at for one in messages_of(valid)), default=0)
                staff = [one.correction for one in valid if one.correction is not None]
            stretches = sorted(current.get(number, {}).values(), key=lambda one: one.start)
            known = Known(resource.resource_type, stretches, heard_at, staff)
            sides.append(_Side(resource, known, progress.name, progress.count, item, exists.get(number, ())))
        return sides

    def _sightings(self, side: _Side) -> list[Sighting]:
        asked = self._listed.asked.get(side.resource.cloud)
        if side.item is None or asked is None:
            return list(side.exists)
        seen = sources.seen_in_list(side.item, side.resource.cloud, asked.at, side.known, self._service.reader.meters)
        return [*side.exists, *([] if seen is None else [seen])]

    def _absences(self, side: _Side) -> list[Absence]:
        cloud, kind = side.resource.cloud, side.resource.resource_type
        asked = self._listed.asked.get(cloud)
        if side.item is not None:
            return []
        missed = unmentioned(side.known, self._rounds[cloud, kind])
        absences = [] if missed is None else [sources.not_in_round(missed)]
        if asked is not None and kind in asked.kinds:
            absences.append(sources.not_in_list(cloud, asked.at))
        return absences

    def _doubled(self, sides: Sequence[_Side]) -> dict[Resource, list[Finding]]:
        """What the ledger has in two clouds that can only be one thing."""
        found: dict[Resource, list[Finding]] = defaultdict(list)
        for this, other in combinations(sides, 2):
            same = this.resource[1:] == other.resource[1:]
            if not same or not _UNIQUE.fullmatch(this.resource.resource_id):
                continue
            evidence = (f"cloud {this.resource.cloud} has the same id in use",)
            for start, end in doubled(this.known.stretches, other.known.stretches, self._window):
                assert end is not None, "a window has an end"
                found[other.resource].append(Finding(Kind.DOUBLED, start, end, True, evidence))
        return found

    def _proposed(self, side: _Side, proposal: Proposal) -> Proposed:
        """The id depends on how much the ledger knows of the resource: the same again is the same correction."""
        reason = f"audit {self._asked.name}: {proposal.reason}"
        return Proposed(id_of(side.resource, proposal, side.events), replace(proposal, reason=reason))

    def _made(self, found: Sequence[tuple[_Side, Audited]]) -> list[Audited]:
        """Make what is proposed, but of a resource of which something new was heard since it was compared."""
        if not any(one.proposed for _, one in found):
            return [one for _, one in found]
        with self._service.database.transaction() as db:
            repository.ledger.take(db)
            numbers = repository.resources.numbers(db, [side.resource for side, _ in found])
            kept = repository.resources.kept(db, sorted(numbers.values()))
            events, made = [], []
            for side, one in found:
                number = numbers.get(side.resource)
                if (0 if number is None else kept[number].progress.count) != side.events:
                    made.append(one)
                    continue
                events += [self._event(side.resource, proposed) for proposed in one.proposed]
                made.append(replace(one, proposed=[replace(proposed, made=True) for proposed in one.proposed]))
            self._service.ingest(db, events, self._clock.now())
        return made

    def _event(self, resource: Resource, proposed: Proposed) -> Event:
        proposal = proposed.proposal
        said = Correction(author_of(self._caller), proposal.reason, reopened=proposal.reopened, told=True)
        look = proposal.look
        seen = Seen(
            launched=proposal.launched,
            gone=proposal.gone,
            name=look.name or None,
            project_id=look.project_id or None,
            state=look.state or None,
            attributes=look.attributes,
        )
        return seen_event(resource, proposed.message_id, proposal.at, said, seen)


def _key(resource: Resource) -> tuple[str, str, str]:
    return resource.resource_id, resource.resource_type, resource.cloud
