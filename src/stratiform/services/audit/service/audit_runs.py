"""Runs of audits: the comparison of all resources.

Ledger and inventories are read in the order of their resources and merged, in constant memory. Each group of resources
is read in a transaction of its own.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import merge
from itertools import combinations, groupby, islice

from stratiform.contract.usage import InventoryItem
from stratiform.kit.clock import Clock
from stratiform.kit.database import Database
from stratiform.kit.policy import Caller
from stratiform.services.audit import repository
from stratiform.services.audit.model import AuditEvent, AuditProgress, AuditRequest, AuditSummary, ResourceFindings
from stratiform.services.audit.model.comparison import compare_resource
from stratiform.services.audit.model.exists_periods import covers_all_resources, find_period_without_exists
from stratiform.services.audit.model.findings import Finding, FindingKind, find_overlaps
from stratiform.services.audit.model.intervals import Window
from stratiform.services.audit.model.source_reports import Absence, Sighting
from stratiform.services.audit.service import source_parsing
from stratiform.services.audit.service.audited_resources import AuditedResource, load_audited_resources
from stratiform.services.audit.service.corrections import apply_corrections, propose_correction
from stratiform.services.audit.service.inventories import InventoryStore
from stratiform.services.ingest.parsing.meter_files import MeterFile
from stratiform.services.ingest.service import IngestService
from stratiform.services.ledger.model import Resource
from stratiform.services.ledger.model.name_timelines import NAMED_TYPES
from stratiform.services.ledger.service import LedgerService

#: Groups of resources with the same id that are compared in one transaction.
_COMPARED_AT_ONCE = 50

#: Resources of the ledger that are read at once.
_READ_AT_ONCE = 1000

#: Resources between two reports of progress.
_PROGRESS_EVERY = 5000

#: Ids that are globally unique: the same id in two clouds means that a cloud has two names.
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

#: Types that are named in the ledger and not metered. Images are both.
_NAME_TYPES = frozenset(NAMED_TYPES) - {"image"}

_Pair = tuple[Resource, InventoryItem | None]


@dataclass(slots=True)
class AuditRun:
    """One run of an audit in `window`; `summary` is updated.

    `exists_periods`: the periods for which `.exists` notifications cover all resources, by cloud and resource type.
    """

    database: Database
    clock: Clock
    ledger: LedgerService
    ingest: IngestService
    caller: Caller
    request: AuditRequest
    window: Window
    inventories: InventoryStore
    summary: AuditSummary
    exists_periods: dict[tuple[str, str], list[Window]] = field(default_factory=lambda: defaultdict(list))

    def compare_resources(self) -> Iterator[AuditEvent]:
        """Compare all resources, those with the same id together; yield progress and discrepancies."""
        self._read_exists_periods()
        reported = 0
        groups = ([*pairs] for _, pairs in groupby(self._iterate_pairs(), key=lambda pair: pair[0][1:]))
        while chunk := [pair for pairs in islice(groups, _COMPARED_AT_ONCE) for pair in pairs]:
            yield from self._compare_chunk(chunk)
            if self.summary.resources - reported >= _PROGRESS_EVERY:
                reported = self.summary.resources
                yield AuditProgress("", reported)

    def store(self, run_id: str) -> None:
        """Store a completed audit of all projects, without the clouds whose inventory could not be read."""
        if self.request.project_id is not None:
            return
        findings = sum(count for _, count in self.summary.totals.values())
        clouds = {name: each for name, each in self.summary.coverage.items() if name not in self.summary.failed}
        with self.database.transaction() as db:
            repository.insert_run(db, run_id, self.window, self.clock.now(), findings, clouds)

    def _read_exists_periods(self) -> None:
        with self.database.read_transaction() as db:
            periods = self.ledger.events.list_exists_periods(db, self.window[0])
        for cloud, resource_type, start, end in sorted(periods):
            if covers_all_resources(start, end) and start < self.window[1]:
                self.exists_periods[cloud, resource_type].append((start, end))

    def _iterate_pairs(self) -> Iterator[_Pair]:
        """Yield the resources of the ledger and the inventories in order, with their item if there is one."""
        in_ledger: Iterable[_Pair] = ((resource, None) for resource in self._iterate_ledger())
        merged = merge(in_ledger, self.inventories.iterate_items(), key=lambda pair: _sort_key(pair[0]))
        for resource, pairs in groupby(merged, key=lambda pair: pair[0]):
            yield resource, next((item for _, item in pairs if item is not None), None)

    def _iterate_ledger(self) -> Iterator[Resource]:
        """Yield the resources of the ledger that may have been used in the window or later."""
        after = None
        while True:
            with self.database.read_transaction() as db:
                page = self.ledger.resources.list_page(db, _READ_AT_ONCE, after)
            for resource, progress in page:
                is_over = progress.end is not None and progress.end <= self.window[0] and progress.at < self.window[0]
                if not is_over and (not self.request.clouds or resource.cloud in self.request.clouds):
                    yield resource
            if len(page) < _READ_AT_ONCE:
                return
            after = _sort_key(page[-1][0])

    def _compare_chunk(self, pairs: Sequence[_Pair]) -> list[ResourceFindings]:
        """Compare resources and return those with discrepancies; apply the corrections if requested."""
        with self.database.read_transaction() as db:
            resources = load_audited_resources(db, self.ledger, pairs, self.window[0])
        included = [audited for audited in resources if self._is_included(audited)]
        duplicates = _find_duplicates(included, self.window)
        compared = [(audited, self._compare(audited, duplicates.get(audited.resource, []))) for audited in included]
        results = [(audited, result) for audited, result in compared if result.findings]
        final = self._apply(results) if self.request.apply else [result for _, result in results]
        self.summary.resources += len(included)
        for audited in included:
            self._count_sources(audited)
        for result in final:
            self.summary.add(result)
        return final

    def _compare(self, audited: AuditedResource, duplicates: Sequence[Finding]) -> ResourceFindings:
        sightings, absences = self._list_sightings(audited), self._list_absences(audited)
        findings, proposals = compare_resource(audited.ledger, sightings, absences, self.window)
        proposed = [propose_correction(audited, proposal, self.request.name) for proposal in proposals]
        return ResourceFindings(audited.resource, audited.name, [*findings, *duplicates], proposed)

    def _apply(self, results: Sequence[tuple[AuditedResource, ResourceFindings]]) -> list[ResourceFindings]:
        if not any(result.proposed for _, result in results):
            return [result for _, result in results]
        with self.database.transaction() as db:
            return apply_corrections(db, self.ledger, self.ingest, self.caller, results, self.clock.now())

    def _is_included(self, audited: AuditedResource) -> bool:
        """Return True if the resource is metered, and used by the project in the request."""
        if _has_only_a_name(audited):
            return False
        if not audited.events and audited.resource.resource_type not in self.ledger.catalog:
            return False
        return self.request.project_id is None or self.request.project_id in audited.projects

    def _count_sources(self, audited: AuditedResource) -> None:
        """Count which sources cover a resource, whether they list it or not."""
        cloud, resource_type = audited.resource.cloud, audited.resource.resource_type
        inventory = self.inventories.summaries.get(cloud)
        is_listed = audited.item is not None
        self.summary.coverage[cloud].add(
            in_inventory=inventory is not None and (is_listed or resource_type in inventory.resource_types),
            in_exists=bool(audited.exists) or self._find_period_without_exists(audited) is not None,
        )

    def _find_period_without_exists(self, audited: AuditedResource) -> Window | None:
        periods = self.exists_periods[audited.resource.cloud, audited.resource.resource_type]
        return find_period_without_exists(audited.ledger, periods)

    def _list_sightings(self, audited: AuditedResource) -> list[Sighting]:
        cloud = audited.resource.cloud
        inventory = self.inventories.summaries.get(cloud)
        if audited.item is None or inventory is None:
            return [*audited.exists]
        meter_file = self._find_meter_file(audited.item)
        sighting = source_parsing.parse_inventory_item(audited.item, cloud, inventory.at, audited.ledger, meter_file)
        return [*audited.exists, *([] if sighting is None else [sighting])]

    def _find_meter_file(self, item: InventoryItem) -> MeterFile | None:
        return self.ingest.meters.find(item.resource_type)

    def _list_absences(self, audited: AuditedResource) -> list[Absence]:
        if audited.item is not None and not source_parsing.is_deleted(
            audited.item, self._find_meter_file(audited.item)
        ):
            return []
        cloud, resource_type = audited.resource.cloud, audited.resource.resource_type
        period = self._find_period_without_exists(audited)
        absences = [] if period is None else [source_parsing.report_absence_in_exists_events(period)]
        inventory = self.inventories.summaries.get(cloud)
        if inventory is not None and resource_type in inventory.resource_types:
            absences.append(source_parsing.report_absence_in_inventory(cloud, inventory.at))
        return absences


def _has_only_a_name(audited: AuditedResource) -> bool:
    """Return True for a resource that has no usage to compare: the ledger has only its name."""
    cloud, resource_type, _ = audited.resource
    if not cloud:  # a name that applies in all clouds
        return True
    return resource_type in _NAME_TYPES and not audited.ledger.segments and audited.item is None


def _find_duplicates(resources: Sequence[AuditedResource], window: Window) -> dict[Resource, list[Finding]]:
    """Return the use of resources that are also in use in another cloud under the same globally unique id."""
    findings: dict[Resource, list[Finding]] = defaultdict(list)
    for first, second in combinations(resources, 2):
        is_same = first.resource[1:] == second.resource[1:]
        if not is_same or not _UUID.fullmatch(first.resource.resource_id):
            continue
        evidence = (f"cloud {first.resource.cloud} has the same id in use",)
        findings[second.resource] += [
            Finding(FindingKind.OVERLAP, start, end, True, evidence)
            for start, end in find_overlaps(first.ledger.segments, second.ledger.segments, window)
        ]
    return findings


def _sort_key(resource: Resource) -> tuple[str, str, str]:
    return resource.resource_id, resource.resource_type, resource.cloud
