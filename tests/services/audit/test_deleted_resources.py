"""Audits of resource types from meter files: resources that a source reports as deleted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stratiform.contract.usage import InventoryItem
from stratiform.kit.clock import format_iso, parse_iso
from stratiform.kit.outbox import Event
from stratiform.services.audit.model import AuditRequest, AuditSummary, ResourceFindings
from stratiform.services.audit.service import AuditService
from stratiform.services.ledger.model import Segment, UsageFilter
from support.listed import ListedCloud, listed_clouds
from support.stacks import ServiceHarness, build_harness

SINCE = parse_iso("2026-01-02T00:00:00Z")
NOW = parse_iso("2026-01-10T12:00:00Z")
JANUARY = (parse_iso("2026-01-01T00:00:00Z"), parse_iso("2026-02-01T00:00:00Z"))
DAYS = {day: parse_iso(f"2026-01-{day:02d}T00:00:00Z") for day in (4, 5, 6, 7)}


@pytest.fixture
def stack(database_url: str, home: Path) -> Iterator[ServiceHarness]:
    home.mkdir(parents=True, exist_ok=True)
    services = build_harness(home, database_url)
    services.clock.at = NOW
    yield services
    services.services.database.close()


def snapshot(action: str, at: int, status: str, **changes: Any) -> Event:
    payload = {"snapshot_id": "s1", "tenant_id": "p1", "display_name": "s", "volume_id": "v1", "volume_size": 5}
    payload |= {"created_at": format_iso(SINCE), "status": status, **changes}
    return Event(f"{action}-{at}", f"snapshot.{action}", "snapshot.test", at, "dc-1", payload)


def existing(day: int, status: str) -> Event:
    period = {"audit_period_beginning": format_iso(DAYS[day]), "audit_period_ending": format_iso(DAYS[day + 1])}
    return snapshot("exists", DAYS[day + 1] + 1, status, **period)


def ingest(stack: ServiceHarness, *events: Event) -> None:
    with stack.services.database.transaction() as db:
        stack.services.ingest.own_events.ingest(db, events, NOW)


def audit(
    stack: ServiceHarness, *items: InventoryItem, apply: bool = False
) -> tuple[list[ResourceFindings], AuditSummary]:
    clouds = listed_clouds(dc_1=ListedCloud([*items]))
    services = stack.services
    service = AuditService.build(services.database, stack.clock, stack.ids, services.ledger, services.ingest, clouds)
    with services.database.read_transaction() as db:
        events = list(service.audits.run(stack.ctx(db), AuditRequest("2026-01", *JANUARY, apply=apply)))
    (summary,) = [event for event in events if isinstance(event, AuditSummary)]
    return [event for event in events if isinstance(event, ResourceFindings)], summary


def list_segments(stack: ServiceHarness) -> list[Segment]:
    with stack.services.database.read_transaction() as db:
        return list(stack.services.ledger.segments.iterate(db, UsageFilter(resource_type="snapshot")))


def item(status: str) -> InventoryItem:
    return InventoryItem("snapshot", "s1", "p1", "s", status, SINCE, {"size_gib": 5})


def test_ledger_agrees_with_notifications_that_a_snapshot_is_deleted(stack: ServiceHarness) -> None:
    ingest(stack, snapshot("create.end", SINCE, "available"), existing(4, "available"), existing(5, "deleted"))
    (segment,) = list_segments(stack)
    assert segment.end == DAYS[6] + 1
    assert audit(stack)[1].is_clean
    repetition = {"audit_period_beginning": format_iso(DAYS[5]), "audit_period_ending": format_iso(DAYS[5])}
    ingest(stack, snapshot("delete.end", NOW - 1, "deleted", **repetition))
    (segment,) = list_segments(stack)
    assert segment.end == DAYS[5]
    assert audit(stack)[1].is_clean


def test_item_with_the_status_deleted_is_absent(stack: ServiceHarness) -> None:
    ingest(stack, snapshot("create.end", SINCE, "available"))
    assert audit(stack, item("available"))[1].is_clean
    ((result,), _) = audit(stack, item("deleted"))
    assert [finding.kind for finding in result.findings] == ["surplus"]
    audit(stack, item("deleted"), apply=True)
    (segment,) = list_segments(stack)
    assert segment.end == NOW
    assert audit(stack, item("deleted"))[1].is_clean


def test_item_in_a_transition_is_neither_absent_nor_in_use(stack: ServiceHarness) -> None:
    ingest(stack, snapshot("create.end", SINCE, "available"))
    assert audit(stack, item("deleting"))[1].is_clean
    assert [segment.end for segment in list_segments(stack)] == [None]
