"""Both sides of a comparison: resources as the ledger and their sources have them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.contract.usage import InventoryItem
from stratiform.kit.clock import Micros
from stratiform.kit.db import Connection
from stratiform.services.audit.model.comparison import Known, Sighting
from stratiform.services.audit.service import sources
from stratiform.services.ledger.model import Correction, Resource, select_in_force
from stratiform.services.ledger.model.fold import select_messages
from stratiform.services.ledger.service import LedgerService


@dataclass(frozen=True, slots=True)
class Side:
    """One resource on both sides. `events`: the number of its events in the ledger."""

    resource: Resource
    known: Known
    name: str
    events: int
    item: InventoryItem | None
    exists: Sequence[Sighting]


def read_sides(
    db: Connection,
    ledger: LedgerService,
    pairs: Sequence[tuple[Resource, InventoryItem | None]],
    since: Micros,
) -> list[Side]:
    """Read what the ledger has about resources, with `.exists` events from `since` on."""
    ids = ledger.resources.find_ids(db, [resource for resource, _ in pairs])
    rows = ledger.resources.find_rows(db, sorted(ids.values()))
    current = ledger.segments.list_current(db, sorted(ids.values()))
    corrected = [resource_id for resource_id, row in rows.items() if row.progress.is_corrected]
    statements = ledger.events.list_statements(db, corrected)
    exists: dict[int, list[Sighting]] = defaultdict(list)
    for event in ledger.events.iterate_exists(db, sorted(ids.values()), since):
        exists[event.resource_id] = sources.newest(exists[event.resource_id], sources.seen_in_message(event))
    sides = []
    for resource, item in pairs:
        resource_id = ids.get(resource)
        if resource_id is None:
            name = "" if item is None else item.name
            sides.append(Side(resource, Known(resource.resource_type), name, 0, item, ()))
            continue
        progress = rows[resource_id].progress
        last_message_at, corrections = progress.at, list[Correction]()
        if resource_id in statements:
            valid = select_in_force(statements[resource_id])
            last_message_at = max((statement.at for statement in select_messages(valid)), default=0)
            corrections = [statement.correction for statement in valid if statement.correction is not None]
        segments = sorted(current.get(resource_id, {}).values(), key=lambda segment: segment.start)
        known = Known(resource.resource_type, segments, last_message_at, corrections)
        sides.append(Side(resource, known, progress.name, progress.count, item, exists.get(resource_id, ())))
    return sides
