"""Audits of servers against inventories that a test lists."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypedDict, Unpack

from stratiform.contract.usage import InventoryItem
from stratiform.kit.clock import format_iso_naive, parse_iso
from stratiform.kit.outbox import Event
from stratiform.services.audit.model import AuditEvent, AuditRequest, AuditSummary, ResourceFindings
from stratiform.services.audit.service import AuditService
from stratiform.services.clouds.service import CloudsService
from stratiform.services.ledger.model import Segment, UsageFilter
from support.listed import ListedCloud, listed_clouds
from support.money import machine
from support.stacks import ServiceHarness

SINCE = "2026-01-02T00:00:00"
JANUARY = (parse_iso("2026-01-01T00:00:00"), parse_iso("2026-02-01T00:00:00"))
NOW = parse_iso("2026-01-10T12:00:00")
NO_CLOUDS: CloudsService = listed_clouds()
SIZES: dict[str, object] = {"flavor": "m1.small", "flavor_id": "2", "vcpus": 2, "ram_mib": 2048}


class RequestOptions(TypedDict, total=False):
    """Restrictions of an audit."""

    clouds: tuple[str, ...]
    project_id: str
    apply: bool


def ingest(stack: ServiceHarness, *events: Event) -> None:
    with stack.services.database.transaction() as db:
        stack.services.ingest.own_events.ingest(db, events, stack.clock.now())


def listed_server(
    server_id: str,
    since: str | None = SINCE,
    *,
    project_id: str = "p1",
    state: str = "active",
    attributes: Mapping[str, object] = MappingProxyType({}),
) -> InventoryItem:
    started_at = None if since is None else parse_iso(since)
    return InventoryItem("instance", server_id, project_id, "web", state, started_at, {**SIZES, **attributes})


#: Within the grace period, so not missing yet; but a cloud that lists it lists servers.
NEW_SERVER = listed_server("new", "2026-01-10T11:59:00")


def exists(server_id: str, at: str, start: str, end: str) -> Event:
    """Return an `.exists` notification for the audit period from `start` to `end`."""
    event = machine(server_id, "p1", SINCE, at=at, audit_period_beginning=start, audit_period_ending=end)
    return replace(event, event_type="compute.instance.exists", message_id=f"exists-{server_id}-{at}")


def audit_service(stack: ServiceHarness, clouds: CloudsService) -> AuditService:
    """Return an audit service that reads inventories from `clouds`."""
    services = stack.services
    ledger = replace(services.ledger, filter_name_checks=replace(services.ledger.filter_name_checks, clouds=clouds))
    return AuditService.build(services.database, stack.clock, stack.ids, ledger, services.ingest, clouds)


def run_audit(
    stack: ServiceHarness, connected: CloudsService = NO_CLOUDS, **options: Unpack[RequestOptions]
) -> list[AuditEvent]:
    with stack.services.database.read_transaction() as db:
        events = audit_service(stack, connected).audits.run(stack.ctx(db), AuditRequest("2026-01", *JANUARY, **options))
    return list(events)


def audit(
    stack: ServiceHarness, connected: CloudsService = NO_CLOUDS, **options: Unpack[RequestOptions]
) -> tuple[dict[str, ResourceFindings], AuditSummary]:
    """Return the results by resource id, and the summary."""
    *events, summary = run_audit(stack, connected, **options)
    assert isinstance(summary, AuditSummary)
    return {event.resource.resource_id: event for event in events if isinstance(event, ResourceFindings)}, summary


def intervals(result: ResourceFindings) -> list[tuple[str, str, str, bool]]:
    """Return kind, start, end and exactness of the findings, with times such as `02T00`."""
    return [(each.kind.value, _format_day(each.start), _format_day(each.end), each.exact) for each in result.findings]


def _format_day(us: int) -> str:
    return format_iso_naive(us).removeprefix("2026-01-").removesuffix(".000000").removesuffix(":00:00")


def list_segments(
    stack: ServiceHarness, resource_id: str | None = None, *, resource_type: str | None = None, as_of: int | None = None
) -> list[Segment]:
    usage_filter = UsageFilter(resource_id=resource_id, resource_type=resource_type, as_of=as_of)
    with stack.services.database.read_transaction() as db:
        return list(stack.services.ledger.segments.iterate(db, usage_filter))


def current_position(stack: ServiceHarness) -> int:
    with stack.services.database.read_transaction() as db:
        return stack.services.ledger.positions.get_current_position(db)


def cloud(*items: InventoryItem) -> CloudsService:
    return listed_clouds(dc_1=ListedCloud([*items]))


def apply(stack: ServiceHarness, clouds: CloudsService) -> dict[str, ResourceFindings]:
    """Apply the proposals of an audit; check that they are applied once, and that nothing is left to propose."""
    results, summary = audit(stack, clouds, apply=True)
    assert summary.applied == summary.proposed > 0
    assert all(proposed.is_applied for result in results.values() for proposed in result.proposed)
    position = current_position(stack)
    remaining, second_summary = audit(stack, clouds, apply=True)
    assert (remaining, second_summary.is_clean, second_summary.proposed) == ({}, True, 0)
    assert current_position(stack) == position
    return results
