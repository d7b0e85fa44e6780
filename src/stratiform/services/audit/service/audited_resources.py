"""Resources with everything that an audit compares: their state in the ledger and the reports of their sources."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stratiform.contract.usage import InventoryItem
from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.audit.model.ledger_states import LedgerState
from stratiform.services.audit.model.source_reports import Sighting, select_decisive_reports
from stratiform.services.audit.service import source_parsing
from stratiform.services.ledger.model import FoldProgress, Resource, Segment, Statement, select_statements_in_force
from stratiform.services.ledger.model.fold import select_messages
from stratiform.services.ledger.service import LedgerService


@dataclass(frozen=True, slots=True)
class AuditedResource:
    """A resource with its state in the ledger, its item in an inventory, and its sightings in `.exists` notifications.

    `events`: the number of its events in the ledger.
    """

    resource: Resource
    ledger: LedgerState
    name: str
    events: int
    item: InventoryItem | None
    exists: Sequence[Sighting]

    @property
    def projects(self) -> set[str]:
        """The projects that use the resource."""
        projects = {segment.project_id for segment in self.ledger.segments}
        return projects if self.item is None else {*projects, self.item.project_id}


def load_audited_resources(
    db: Connection,
    ledger: LedgerService,
    pairs: Sequence[tuple[Resource, InventoryItem | None]],
    since: Micros,
) -> list[AuditedResource]:
    """Read resources from the ledger, with their `.exists` notifications from `since` on."""
    ids = ledger.resources.find_ids(db, [resource for resource, _ in pairs])
    rows = ledger.resources.list_rows(db, sorted(ids.values()))
    current = ledger.segments.list_current(db, sorted(ids.values()))
    statements = ledger.events.list_statements(db, [key for key, row in rows.items() if row.progress.is_corrected])
    exists = _read_exists(db, ledger, sorted(ids.values()), since)
    audited = []
    for resource, item in pairs:
        key = ids.get(resource)
        if key is None:
            name = "" if item is None else item.name
            audited.append(AuditedResource(resource, LedgerState(), name, 0, item, ()))
            continue
        progress = rows[key].progress
        state = _make_state(progress, current.get(key, {}), statements.get(key))
        audited.append(AuditedResource(resource, state, progress.name, progress.count, item, exists.get(key, ())))
    return audited


def _read_exists(
    db: Connection, ledger: LedgerService, resource_ids: Sequence[int], since: Micros
) -> Mapping[int, Sequence[Sighting]]:
    """Return the decisive sightings in `.exists` notifications by resource, in constant memory for each."""
    sightings: dict[int, list[Sighting]] = defaultdict(list)
    for event in ledger.events.iterate_exists(db, resource_ids, since):
        sighting = source_parsing.parse_exists_event(event)
        if sighting is not None:
            sightings[event.resource_id] = select_decisive_reports([*sightings[event.resource_id], sighting])
    return sightings


def _make_state(
    progress: FoldProgress, segments: Mapping[int, Segment], statements: Sequence[Statement] | None
) -> LedgerState:
    """Return the state of a resource. `statements` are required if it has corrections."""
    ordered = sorted(segments.values(), key=lambda segment: segment.start)
    if statements is None:
        return LedgerState(ordered, progress.at)
    valid = select_statements_in_force(statements)
    last_message_at = max((statement.at for statement in select_messages(valid)), default=0)
    corrections = [each.correction for each in valid if each.correction is not None]
    return LedgerState(ordered, last_message_at, corrections)
