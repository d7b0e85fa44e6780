"""Audits: the ledger is compared with `.exists` notifications and with the inventories of clouds.

Both sides are read in the order of their resources and merged, in constant memory. Inventories are read first, with no
transaction open; each group of resources is read in a transaction of its own.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge
from itertools import combinations, groupby, islice

from stratiform.contract.usage import InventoryItem
from stratiform.kit.clock import Clock, Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.db import Database
from stratiform.kit.errors import Fault, Invalid
from stratiform.kit.policy import Caller
from stratiform.services.audit import policy
from stratiform.services.audit.model import AuditEvent, AuditRequest, AuditSummary, Progress, ResourceResult
from stratiform.services.audit.model.comparison import (
    Absence,
    Finding,
    Kind,
    Sighting,
    audit,
    doubled,
    is_round,
    unmentioned,
)
from stratiform.services.audit.service import sources
from stratiform.services.audit.service.corrections import apply_corrections, propose
from stratiform.services.audit.service.inventories import Inventories, inventories
from stratiform.services.audit.service.sides import Side, read_sides
from stratiform.services.clouds.service import CloudsService
from stratiform.services.ingest.service import IngestService
from stratiform.services.ledger.model import Resource
from stratiform.services.ledger.service import LedgerService

#: Resources that are compared in one transaction, and that are read ahead.
_COMPARED_AT_ONCE, _READ_AT_ONCE = 50, 1000

#: Compared resources between two reports of progress.
_PROGRESS_EVERY = 5000

#: The form of ids that are globally unique: the same id in two clouds is one resource in a cloud with two names.
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Audits:
    """Runs audits."""

    database: Database
    clock: Clock
    ledger: LedgerService
    ingest: IngestService
    clouds: CloudsService

    def require_run(self, ctx: RequestContext) -> None:
        """Raises Forbidden if the caller may not run audits."""
        policy.AUDITS_CREATE.require(ctx.caller, None)

    def run(self, ctx: RequestContext, request: AuditRequest) -> Iterator[AuditEvent]:
        """Return the events of an audit, the summary last; they must be read after the transaction of `ctx` has ended.

        Raises Forbidden, and Invalid if the period is in the future or a cloud is unknown.
        """
        self.require_run(ctx)
        if ctx.now <= request.start:
            raise Invalid(f"The period {request.name} is in the future.", hint="audit a month that has begun")
        connected = {cloud.name: cloud.id for cloud in self.clouds.accounts.list_all(ctx.db)}
        for name in request.clouds:
            self.ledger.names.check_cloud(ctx.db, name)
        clouds = {name: connected[name] for name in sorted(connected) if not request.clouds or name in request.clouds}
        return self._run(ctx.caller, request, clouds)

    def _run(self, caller: Caller, request: AuditRequest, clouds: Mapping[str, str]) -> Iterator[AuditEvent]:
        summary = AuditSummary(request)
        with inventories() as listed:
            yield from self._read_inventories(listed, clouds, summary)
            window = (request.start, min(request.end, self.clock.now()))
            yield from _Run(self, caller, request, window, listed, summary).compare()
        yield summary

    def _read_inventories(
        self, listed: Inventories, clouds: Mapping[str, str], summary: AuditSummary
    ) -> Iterator[AuditEvent]:
        """Read the inventory of every cloud that has one."""
        for name, cloud_id in clouds.items():
            try:
                connection = self.clouds.connections.get(cloud_id)
                if connection.usage is None:
                    continue
                count = 0
                yield Progress(name, count)
                for count in listed.take(name, connection, self.clock.now()):
                    yield Progress(name, count)
            except Fault as error:
                summary.failed[name] = error.message
                continue
            total = summary.inventories[name] = listed.asked[name].items
            if count != total:
                yield Progress(name, total)


@dataclass(slots=True)
class _Run:
    """One audit while it runs. `rounds`: the periods of `.exists` notifications by cloud and resource type."""

    audits: Audits
    caller: Caller
    request: AuditRequest
    window: tuple[Micros, Micros]
    listed: Inventories
    summary: AuditSummary
    rounds: dict[tuple[str, str], list[tuple[Micros, Micros]]] = field(default_factory=lambda: defaultdict(list))

    def compare(self) -> Iterator[AuditEvent]:
        """Compare all resources, those with the same id together."""
        self._read_rounds()
        reported = 0
        by_id = groupby(self._pairs(), key=lambda pair: (pair[0].resource_id, pair[0].resource_type))
        groups = ([*pairs] for _, pairs in by_id)
        while chunk := [pair for pairs in islice(groups, _COMPARED_AT_ONCE) for pair in pairs]:
            yield from self._compare_chunk(chunk)
            if self.summary.resources - reported >= _PROGRESS_EVERY:
                reported = self.summary.resources
                yield Progress("", reported)

    def _read_rounds(self) -> None:
        with self.audits.database.snapshot() as db:
            periods = self.audits.ledger.events.list_exists_periods(db, self.window[0])
        for cloud, resource_type, start, end in sorted(periods):
            if is_round(start, end) and start < self.window[1]:
                self.rounds[cloud, resource_type].append((start, end))

    def _pairs(self) -> Iterator[tuple[Resource, InventoryItem | None]]:
        """Yield the resources on either side in order, with their item in the inventory."""
        in_ledger: Iterable[tuple[Resource, InventoryItem | None]] = (
            (resource, None) for resource in self._ledger_resources()
        )
        merged = merge(in_ledger, self.listed.items(), key=lambda pair: _sort_key(pair[0]))
        for resource, pairs in groupby(merged, key=lambda pair: pair[0]):
            yield resource, next((item for _, item in pairs if item is not None), None)

    def _ledger_resources(self) -> Iterator[Resource]:
        """Yield the resources of the ledger that may have been used in the window or later."""
        after = None
        while True:
            with self.audits.database.snapshot() as db:
                page = self.audits.ledger.resources.list_page(db, _READ_AT_ONCE, after)
            for resource, progress in page:
                is_over = progress.end is not None and progress.end <= self.window[0] and progress.at < self.window[0]
                if not is_over and (not self.request.clouds or resource.cloud in self.request.clouds):
                    yield resource
            if len(page) < _READ_AT_ONCE:
                return
            after = _sort_key(page[-1][0])

    def _compare_chunk(self, pairs: Sequence[tuple[Resource, InventoryItem | None]]) -> list[ResourceResult]:
        with self.audits.database.snapshot() as db:
            sides = [
                side for side in read_sides(db, self.audits.ledger, pairs, self.window[0]) if self._is_included(side)
            ]
        self.summary.resources += len(sides)
        duplicates = self._find_duplicates(sides)
        results = []
        for side in sides:
            findings, proposals = audit(side.known, self._sightings(side), self._absences(side), self.window)
            findings += duplicates.get(side.resource, [])
            if findings:
                proposed = [propose(side, proposal, self.request.name) for proposal in proposals]
                results.append((side, ResourceResult(side.resource, side.name, findings, proposed)))
        final = self._apply(results) if self.request.apply else [result for _, result in results]
        for result in final:
            self.summary.add(result)
        return final

    def _apply(self, results: Sequence[tuple[Side, ResourceResult]]) -> list[ResourceResult]:
        if not any(result.proposed for _, result in results):
            return [result for _, result in results]
        audits = self.audits
        with audits.database.transaction() as db:
            return apply_corrections(db, audits.ledger, audits.ingest, self.caller, results, audits.clock.now())

    def _is_included(self, side: Side) -> bool:
        """Return True if the resource is metered and of the project in the request."""
        if not side.events and side.resource.resource_type not in self.audits.ledger.catalog:
            return False
        projects = {segment.project_id for segment in side.known.segments}
        if side.item is not None:
            projects.add(side.item.project_id)
        return self.request.project_id is None or self.request.project_id in projects

    def _sightings(self, side: Side) -> list[Sighting]:
        inventory = self.listed.asked.get(side.resource.cloud)
        if side.item is None or inventory is None:
            return list(side.exists)
        meter_file = self.audits.ingest.meters.find(side.item.resource_type)
        sighting = sources.seen_in_list(side.item, side.resource.cloud, inventory.at, side.known, meter_file)
        return [*side.exists, *([] if sighting is None else [sighting])]

    def _absences(self, side: Side) -> list[Absence]:
        cloud, resource_type = side.resource.cloud, side.resource.resource_type
        inventory = self.listed.asked.get(cloud)
        if side.item is not None:
            return []
        missed = unmentioned(side.known, self.rounds[cloud, resource_type])
        absences = [] if missed is None else [sources.not_in_round(missed)]
        if inventory is not None and resource_type in inventory.kinds:
            absences.append(sources.not_in_list(cloud, inventory.at))
        return absences

    def _find_duplicates(self, sides: Sequence[Side]) -> dict[Resource, list[Finding]]:
        """Return findings for resources that are in use in two clouds and must be the same."""
        findings: dict[Resource, list[Finding]] = defaultdict(list)
        for first, second in combinations(sides, 2):
            is_same = first.resource[1:] == second.resource[1:]
            if not is_same or not _UUID.fullmatch(first.resource.resource_id):
                continue
            evidence = (f"cloud {first.resource.cloud} has the same id in use",)
            for start, end in doubled(first.known.segments, second.known.segments, self.window):
                assert end is not None, "a window has an end"
                findings[second.resource].append(Finding(Kind.DOUBLED, start, end, True, evidence))
        return findings


def _sort_key(resource: Resource) -> tuple[str, str, str]:
    return resource.resource_id, resource.resource_type, resource.cloud
