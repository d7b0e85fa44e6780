"""Audits: findings, and proposed corrections after which the ledger agrees with its sources."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest

from stratiform.contract.usage import InventoryItem
from stratiform.kit import outbox
from stratiform.kit.clock import HOUR_US, MINUTE_US, SECOND_US, format_iso_naive, parse_iso
from stratiform.kit.database import Connection
from stratiform.kit.pagination import Page
from stratiform.kit.work_queue import Worker, enqueue
from stratiform.services.audit.model import SourceCoverage
from stratiform.services.ingest.tasks import build_handlers
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import Correction, Resource, UsageFilter
from stratiform.services.ledger.repository.batches import LedgerCounters
from support.audits import (
    NEW_SERVER,
    NOW,
    SINCE,
    SIZES,
    apply,
    audit,
    cloud,
    current_position,
    exists,
    ingest,
    intervals,
    list_segments,
    listed_server,
)
from support.money import disk, machine
from support.servers import with_servers
from support.stacks import ServiceHarness, build_harness


@pytest.fixture
def stack(service_harness: ServiceHarness) -> ServiceHarness:
    """A stack with a fixed time."""
    service_harness.clock.at = NOW
    return service_harness


@pytest.fixture
def any_harness(database_url: str, home: Path) -> Iterator[ServiceHarness]:
    """A stack on each kind of database."""
    home.mkdir(parents=True, exist_ok=True)
    stack = build_harness(home, database_url)
    stack.clock.at = NOW
    yield stack
    stack.services.database.close()


def test_a_ledger_that_agrees_has_no_findings(any_harness: ServiceHarness) -> None:
    ingest(
        any_harness,
        machine("m1", "p1", SINCE),
        machine("m2", "p1", SINCE, at="2026-01-05", state="deleted", terminated_at="2026-01-05T00:00:00"),
        exists("m1", "2026-01-03T13:00:20", "2026-01-03 12:00:00", "2026-01-03 13:00:00"),
        exists("m2", "2026-01-03T13:00:20", "2026-01-03 12:00:00", "2026-01-03 13:00:00"),
        disk("v1", "p1", SINCE),
    )
    volume = InventoryItem(
        "volume", "v1", "p1", "data", "available", parse_iso("2026-01-01T23:59:58"), {"size_gib": 100}
    )
    results, summary = audit(any_harness, cloud(listed_server("m1"), volume))
    assert (results, summary.is_clean, summary.resources) == ({}, True, 3)
    assert (summary.inventories, summary.failed) == ({"dc-1": 2}, {})
    assert summary.coverage == {"dc-1": SourceCoverage(resources=3, in_inventory=3, in_exists=2, without_source=0)}
    assert summary.no_inventory == {}


def test_sources_that_cover_no_resource_are_counted(any_harness: ServiceHarness) -> None:
    ingest(
        any_harness,
        machine("m1", "p1", SINCE),
        machine("m2", "p1", SINCE),
        exists("m1", "2026-01-03T13:00:20", "2026-01-03 12:00:00", "2026-01-03 13:00:00"),
        disk("v1", "p1", SINCE),
    )
    _, summary = audit(any_harness)
    assert (summary.inventories, summary.failed) == ({}, {})
    (name,) = summary.coverage
    assert summary.coverage[name] == SourceCoverage(resources=3, in_inventory=0, in_exists=2, without_source=1)
    assert summary.no_inventory == {name: "not connected"}


def test_a_lost_creation_is_corrected(any_harness: ServiceHarness) -> None:
    clouds = cloud(listed_server("m1"))
    assert intervals(audit(any_harness, clouds)[0]["m1"]) == [("missing", "02T00", "10T11:55:00", True)]
    assert list_segments(any_harness, "m1") == []
    (result,) = apply(any_harness, clouds).values()
    assert result.name == "web"
    (segment,) = list_segments(any_harness, "m1")
    assert (segment.start, segment.end, segment.project_id, segment.attributes, segment.name) == (
        parse_iso(SINCE),
        None,
        "p1",
        SIZES,
        "web",
    )


def test_a_lost_deletion_ends_use_at_the_time_of_the_inventory(any_harness: ServiceHarness) -> None:
    ingest(any_harness, machine("m1", "p1", SINCE), machine("m1", "p1", SINCE, at="2026-01-04", state="stopped"))
    before = current_position(any_harness)
    clouds = cloud(NEW_SERVER)
    (result,) = apply(any_harness, clouds).values()
    assert intervals(result) == [("surplus", "04T00", "10T12", False)]
    assert [segment.end for segment in list_segments(any_harness, "m1")] == [parse_iso("2026-01-04"), NOW]
    assert [segment.end for segment in list_segments(any_harness, "m1", as_of=before)] == [
        parse_iso("2026-01-04"),
        None,
    ]
    with any_harness.services.database.read_transaction() as db:
        page = any_harness.services.ingest.corrections.list(any_harness.ctx(db), UsageFilter(), Page())
    correction = page.items[0].record.statement.correction
    assert correction is not None
    assert correction.reason == "audit 2026-01: not in inventory of dc-1 at 2026-01-10T12:00:00Z"
    assert correction.author == "stratiform"
    assert len(page.items) == 1


def test_a_lost_resize_or_transfer_applies_from_the_time_of_the_inventory(stack: ServiceHarness) -> None:
    ingest(stack, machine("m1", "p1", SINCE), machine("m2", "p1", SINCE))
    larger = listed_server("m1", attributes={"vcpus": 4, "flavor": "m1.large"})
    clouds = cloud(larger, listed_server("m2", project_id="p2"))
    results = apply(stack, clouds)
    assert intervals(results["m1"]) == intervals(results["m2"]) == [("differs", "02T00", "10T12", False)]
    assert results["m1"].findings[0].differences == {"flavor": ("m1.small", "m1.large"), "vcpus": (2, 4)}
    assert results["m2"].findings[0].differences == {"project_id": ("p1", "p2")}
    assert [(segment.start, segment.attributes["vcpus"]) for segment in list_segments(stack, "m1")] == [
        (parse_iso(SINCE), 2),
        (NOW, 4),
    ]
    assert [(segment.start, segment.project_id) for segment in list_segments(stack, "m2")] == [
        (parse_iso(SINCE), "p1"),
        (NOW, "p2"),
    ]
    ingest(stack, machine("m1", "p1", SINCE, at="2026-01-11", vcpus=1))
    assert list_segments(stack, "m1")[-1].attributes["vcpus"] == 1, "later messages apply"


def test_a_server_with_a_wrong_end_is_reopened(stack: ServiceHarness) -> None:
    ended = {"at": "2026-01-04", "state": "deleted", "terminated_at": "2026-01-04T00:00:00"}
    ingest(stack, machine("m1", "p1", SINCE), machine("m1", "p1", SINCE, **ended))
    (result,) = apply(stack, cloud(listed_server("m1"))).values()
    assert intervals(result) == [("missing", "04T00", "10T11:55:00", True)]
    assert [segment.end for segment in list_segments(stack, "m1")] == [None]
    deleted = {"at": "2026-01-12", "state": "deleted", "terminated_at": "2026-01-12T00:00:00"}
    ingest(stack, replace(machine("m1", "p1", SINCE, **deleted), message_id="deleted"))
    assert [segment.end for segment in list_segments(stack, "m1")] == [parse_iso("2026-01-12")]


def test_an_exists_notification_refutes_an_earlier_end(stack: ServiceHarness) -> None:
    ended = {"at": "2026-01-04", "state": "deleted", "terminated_at": "2026-01-04T00:00:00"}
    ingest(
        stack,
        machine("m1", "p1", SINCE),
        machine("m1", "p1", SINCE, **ended),
        exists("m1", "2026-01-06T13:00:20", "2026-01-06 12:00:00", "2026-01-06 13:00:00"),
    )
    results, summary = audit(stack)
    assert intervals(results["m1"]) == [("missing", "04T00", "06T13:00:20", True)]
    assert results["m1"].findings[0].evidence == ("message exists-m1-2026-01-06T13:00:20 (compute.instance.exists)",)
    assert {kind.value: value for kind, value in summary.totals.items()} == {
        "missing": (61 * HOUR_US + 20 * SECOND_US, 1)
    }
    apply(stack, cloud(NEW_SERVER))
    assert [segment.end for segment in list_segments(stack, "m1")] == [NOW], "the server was deleted later than stated"


def test_a_server_without_exists_notification_is_left_to_the_operator(stack: ServiceHarness) -> None:
    hours = [f"2026-01-05 {hour:02}:00:00" for hour in range(12, 16)]
    ingest(stack, machine("m1", "p1", SINCE), machine("m2", "p1", SINCE))
    for start, end in pairwise(hours):
        ingest(stack, exists("m2", end.replace(":00:00", ":00:20"), start, end))
    results, summary = audit(stack)
    assert {name: intervals(result) for name, result in results.items()} == {
        "m1": [("surplus", "02T00", "10T12", False)]
    }
    assert results["m1"].proposed == []
    assert not summary.is_clean
    ingest(stack, exists("m1", "2026-01-05T15:30:00", "2026-01-05 15:00:00", "2026-01-05 15:30:00"))
    assert audit(stack)[1].is_clean, "there is a later message"


def test_the_earlier_absence_is_the_end_if_both_sources_agree(stack: ServiceHarness) -> None:
    ingest(stack, machine("m1", "p1", SINCE), machine("m2", "p1", SINCE))
    ingest(stack, exists("m2", "2026-01-05T13:00:20", "2026-01-05 12:00:00", "2026-01-05 13:00:00"))
    apply(stack, cloud(listed_server("m2")))
    assert [segment.end for segment in list_segments(stack, "m1")] == [parse_iso("2026-01-05T12:00:00")]


def test_the_same_id_in_two_clouds_is_a_duplicate(stack: ServiceHarness) -> None:
    server_id = str(UUID(int=7))
    ingest(
        stack, machine(server_id, "p1", SINCE), replace(machine(server_id, "p1", "2026-01-04T00:00:00"), cloud="other")
    )
    ingest(stack, machine("7", "p1", SINCE), replace(machine("7", "p1", SINCE), cloud="other"))
    results, summary = audit(stack)
    assert {name: intervals(results[name]) for name in results} == {server_id: [("overlap", "04T00", "10T12", True)]}
    assert results[server_id].resource.cloud == "other"
    assert results[server_id].findings[0].evidence == ("cloud dc-1 has the same id in use",)
    assert summary.totals[results[server_id].findings[0].kind] == (6 * 24 * HOUR_US + 12 * HOUR_US, 1)


def test_recent_changes_are_not_reported(stack: ServiceHarness) -> None:
    recent = format_iso_naive(NOW - MINUTE_US)
    ingest(
        stack,
        machine("m1", "p1", SINCE),
        machine("m1", "p1", SINCE, at=recent),
        machine("m2", "p1", SINCE, at=recent, vcpus=8),
    )
    clouds = cloud(listed_server("m2"), listed_server("m3", recent), listed_server("m4", state=""))
    assert audit(stack, clouds)[0] == {}
    stack.clock.advance(10 * MINUTE_US)
    assert sorted(audit(stack, clouds)[0]) == ["m1", "m2", "m3"]


def test_a_server_whose_creation_failed_is_not_in_use(stack: ServiceHarness) -> None:
    assert audit(stack, cloud(listed_server("m1", state="error")))[0] == {}
    ingest(stack, machine("m2", "p1", SINCE))
    results = audit(stack, cloud(listed_server("m2", state="error")))[0]
    assert results["m2"].findings[0].differences == {"state": ("active", "error")}


def test_use_with_unknown_start_or_project_is_reported_without_proposal(stack: ServiceHarness) -> None:
    results, summary = audit(stack, cloud(listed_server("m1", None), listed_server("m2", project_id="")), apply=True)
    assert intervals(results["m1"]) == [("missing", "01T00", "10T11:55:00", False)]
    assert intervals(results["m2"]) == [("missing", "02T00", "10T11:55:00", True)]
    assert (summary.proposed, summary.applied, summary.is_clean) == (0, 0, False)


def test_states_are_mapped_by_the_meter_file(stack: ServiceHarness) -> None:
    """The meter of ports has no states; queued images and failed snapshots are not in use."""
    since = parse_iso(SINCE)
    items = [
        InventoryItem("port", "n1", "p1", "", "DOWN", since),
        InventoryItem("image", "i1", "p1", "", "queued", since),
        InventoryItem("image", "i2", "p1", "", "active", since),
        InventoryItem("snapshot", "s1", "p1", "", "error_deleting", since),
    ]
    apply(stack, cloud(*items))
    assert [
        (segment.resource_id, segment.state)
        for resource_type in ("port", "image", "snapshot")
        for segment in list_segments(stack, resource_type=resource_type)
    ] == [
        ("n1", "active"),
        ("i2", "active"),
    ]


def test_a_resource_with_new_events_is_not_corrected(stack: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message arrives between comparison and correction; the next audit proposes the correction again."""
    ingest(stack, machine("m1", "p1", SINCE))
    lock = repository.batches.lock_ledger

    def ingest_message(db: Connection) -> LedgerCounters:
        monkeypatch.setattr(repository.batches, "lock_ledger", lock)
        stack.services.ingest.own_events.ingest(db, [machine("m1", "p1", SINCE, at="2026-01-04", state="stopped")], NOW)
        return lock(db)

    monkeypatch.setattr(repository.batches, "lock_ledger", ingest_message)
    clouds = cloud(NEW_SERVER)
    results, summary = audit(stack, clouds, apply=True)
    assert [proposed.is_applied for proposed in results["m1"].proposed] == [False]
    assert (summary.proposed, summary.applied) == (1, 0)
    assert list_segments(stack, "m1")[-1].end is None
    assert audit(stack, clouds, apply=True)[1].applied == 1


def test_corrections_outrank_inventories(stack: ServiceHarness) -> None:
    ingest(stack, machine("m1", "p1", SINCE))
    with stack.services.database.transaction() as db:
        goodwill = Correction("", "goodwill", end=parse_iso("2026-01-03T00:00:00"))
        stack.services.ingest.corrections.create(stack.ctx(db), Resource("dc-1", "instance", "m1"), goodwill)
    stack.clock.advance(HOUR_US)
    assert audit(stack, cloud(listed_server("m1")))[1].is_clean


def test_a_lost_deletion_of_the_memory_cloud(home: Path) -> None:
    """The events of the services, and the inventory of a cloud that they manage."""
    home.mkdir(parents=True, exist_ok=True)
    stack = build_harness(home)
    stack.clock.at = NOW
    servers = with_servers(stack)
    running, lost = servers.create_active(), servers.create_active()
    ingest_outbox(stack)
    assert audit(stack, stack.services.clouds)[1].is_clean
    stack.clock.advance(HOUR_US)
    with servers.ctx() as ctx:
        servers.compute.servers.delete(ctx, lost.id)
    servers.run_worker()
    with stack.services.database.transaction() as db:
        outbox.remove_events(db, outbox.list_pending_events(db, 1000))
    stack.clock.advance(HOUR_US)
    results, summary = audit(stack, stack.services.clouds, apply=True)
    assert list(results) == [lost.id]
    assert [finding.kind.value for finding in results[lost.id].findings] == ["surplus"]
    assert (summary.applied, summary.inventories) == (1, {"sim": 1})
    assert [segment.end for segment in list_segments(stack, lost.id)] == [stack.clock.now()]
    assert list_segments(stack, running.id)[-1].end is None
    assert audit(stack, stack.services.clouds)[1].is_clean
    stack.services.database.close()


def ingest_outbox(stack: ServiceHarness) -> None:
    with stack.services.database.transaction() as db:
        enqueue(db, "ingest.outbox", "all", stack.clock.now())
    Worker(
        stack.services.database,
        build_handlers(stack.services.ingest, stack.services.clouds),
        name="test",
        clock=stack.clock,
    ).run_until_idle()
