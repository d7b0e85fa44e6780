"""Audits: what they compare, whom they admit, and their progress."""

import tracemalloc
from dataclasses import replace

import pytest

from stratiform.contract.usage import InventoryItem
from stratiform.kit.clock import parse_iso
from stratiform.kit.errors import Forbidden, Invalid
from stratiform.services.audit.model import AuditProgress, AuditRequest, ResourceFindings
from stratiform.services.ledger.model import Resource
from support.audits import (
    JANUARY,
    NEW_SERVER,
    NOW,
    SINCE,
    audit,
    audit_service,
    cloud,
    ingest,
    intervals,
    listed_server,
    run_audit,
)
from support.listed import ListedCloud, listed_clouds
from support.money import disk, machine
from support.stacks import ServiceHarness, customer


@pytest.fixture
def stack(service_harness: ServiceHarness) -> ServiceHarness:
    """A stack with a fixed time."""
    service_harness.clock.at = NOW
    return service_harness


def test_an_audit_is_restricted_to_clouds_and_a_project(stack: ServiceHarness) -> None:
    ingest(stack, machine("m1", "p1", SINCE), replace(machine("m2", "p2", SINCE), cloud="dc-2"))
    clouds = listed_clouds(
        dc_1=ListedCloud([NEW_SERVER]),
        dc_2=ListedCloud([listed_server("m3", project_id="p3")]),
    )
    assert sorted(audit(stack, clouds)[0]) == ["m1", "m2", "m3"]
    assert sorted(audit(stack, clouds, clouds=("dc-2",))[0]) == ["m2", "m3"]
    assert sorted(audit(stack, clouds, project_id="p3")[0]) == ["m3"]
    assert sorted(audit(stack, clouds, project_id="p1")[0]) == ["m1"]
    with pytest.raises(Invalid, match="neither connected nor in the ledger") as refused:
        run_audit(stack, clouds, clouds=("dc-9",))
    assert refused.value.hint == "known: dc-2, dc-1"


@pytest.mark.parametrize("named_in", ["", "dc-1"])
@pytest.mark.parametrize("resource_type", ["flavor", "project", "volume_type"])
def test_a_resource_of_which_only_the_name_is_known_is_not_compared(
    stack: ServiceHarness, resource_type: str, named_in: str
) -> None:
    ingest(stack, machine("m1", "p1", SINCE))
    with stack.services.database.transaction() as db:
        resource = Resource(named_in, resource_type, "r1")
        assert stack.services.ingest.resource_names.set_name(stack.ctx(db), resource, "fast", parse_iso(SINCE))
    _, summary = audit(stack, listed_clouds(dc_1=ListedCloud([listed_server("m1")])))
    assert (list(summary.coverage), summary.resources) == (["dc-1"], 1)


def test_an_empty_cloud_has_one_progress_event(stack: ServiceHarness) -> None:
    events = run_audit(stack, listed_clouds(dc_1=ListedCloud([])))
    assert [event for event in events if isinstance(event, AuditProgress)] == [AuditProgress("dc-1", 0)]


def test_an_inventory_that_fails_is_ignored(stack: ServiceHarness) -> None:
    ingest(stack, machine("m1", "p1", SINCE), replace(machine("m2", "p1", SINCE), cloud="dc-2"))
    clouds = listed_clouds(
        dc_1=ListedCloud([listed_server("m3"), listed_server("m1")], breaks_after=1),
        dc_2=ListedCloud([listed_server("m2")]),
    )
    results, summary = audit(stack, clouds, apply=True)
    assert results == {}
    assert (summary.is_clean, summary.inventories, summary.failed) == (False, {"dc-2": 1}, {"dc-1": "no answer"})


def test_types_without_meter_and_types_that_a_cloud_does_not_list_are_ignored(stack: ServiceHarness) -> None:
    ingest(stack, disk("v1", "p1", SINCE))
    unmetered = InventoryItem("teapot", "t1", "p1", "", "", parse_iso(SINCE))
    assert audit(stack, cloud(unmetered))[0].keys() == {"v1"}, "a cloud that lists any item lists volumes"
    assert audit(stack, cloud())[0] == {}, "the cloud may not support volumes"


def test_findings_are_within_the_period(stack: ServiceHarness) -> None:
    stack.clock.at = parse_iso("2026-03-01T00:00:00")
    ingest(stack, machine("m1", "p1", "2025-12-15T00:00:00"), machine("m2", "p1", "2026-02-02T00:00:00"))
    results, _ = audit(stack, cloud(listed_server("m3", "2025-12-01T00:00:00")))
    assert intervals(results["m3"]) == [("missing", "01T00", "2026-02-01T00", True)]
    assert intervals(results["m1"]) == [("surplus", "01T00", "2026-02-01T00", False)]
    assert "m2" not in results
    stack.clock.at = parse_iso("2025-12-31T00:00:00")
    with pytest.raises(Invalid, match="The period 2026-01 is in the future"):
        run_audit(stack)


def test_audits_require_admin(stack: ServiceHarness) -> None:
    with stack.services.database.read_transaction() as db, pytest.raises(Forbidden):
        stack.services.audit.audits.run(stack.ctx(db, customer("p1")), AuditRequest("2026-01", *JANUARY))


@pytest.mark.thorough
def test_memory_does_not_grow_with_the_number_of_resources(stack: ServiceHarness) -> None:
    def measure_peak(count: int) -> int:
        names = [f"m{number:06d}" for number in range(count)]
        for start in range(0, count, 1000):
            ingest(stack, *[machine(name, "p1", SINCE) for name in names[start : start + 1000]])
        clouds = cloud(*[listed_server(name) for name in reversed(names)])
        tracemalloc.start()
        with stack.services.database.read_transaction() as db:
            events = audit_service(stack, clouds).audits.run(stack.ctx(db), AuditRequest("2026-01", *JANUARY))
        for event in events:
            assert not isinstance(event, ResourceFindings)
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak_bytes

    measure_peak(100)  # imports and caches
    small, large = measure_peak(1500), measure_peak(6000)
    assert large < small * 1.5


def test_progress_is_reported_per_thousand_items(stack: ServiceHarness) -> None:
    names = [f"m{number}" for number in range(2500)]
    events = run_audit(stack, cloud(*[listed_server(name, state="") for name in names]))
    assert [event.count for event in events if isinstance(event, AuditProgress) and event.cloud] == [
        0,
        1000,
        2000,
        2500,
    ]
