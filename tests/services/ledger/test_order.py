"""Events in other orders and batches: cases in which the incremental fold could differ."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stratiform.kit.clock import HOUR_US, SECOND_US, parse_iso
from stratiform.kit.errors import Invalid
from stratiform.kit.outbox import Event
from stratiform.services.ledger.model import Correction, Resource, Segment, UsageFilter
from support.stacks import ServiceHarness, build_harness

T0 = parse_iso("2026-03-01T00:00:00Z")


@pytest.fixture
def stack(home: Path) -> Iterator[ServiceHarness]:
    home.mkdir(parents=True, exist_ok=True)
    services = build_harness(home)
    services.clock.at = T0 + HOUR_US
    yield services
    services.services.database.close()


def make_event(kind: str, resource_id: str, seconds: int, *, cloud: str = "a", **payload: Any) -> Event:
    fields = {"resource_type": "box", "resource_id": resource_id, "project_id": "p1"} | payload
    message_id = f"{kind}-{resource_id}-{seconds}"
    return Event(message_id, f"usage.{kind}", "x", T0 + seconds * SECOND_US, cloud, fields)


def parent_field(resource_id: str) -> dict[str, Any]:
    return {"parent": {"resource_type": "box", "resource_id": resource_id}}


def ingest(stack: ServiceHarness, *events: Event) -> None:
    with stack.services.database.transaction() as db:
        stack.services.ingest.own_events.ingest(db, events, stack.clock.now())


def correct(stack: ServiceHarness, resource_id: str, correction: Correction) -> None:
    with stack.services.database.transaction() as db:
        stack.services.ingest.corrections.create(stack.ctx(db), Resource("a", "box", resource_id), correction)


def list_segments(stack: ServiceHarness, cloud: str = "a") -> list[Segment]:
    with stack.services.database.read_transaction() as db:
        return list(stack.services.ledger.segments.iterate(db, UsageFilter(cloud=cloud)))


def list_ends(stack: ServiceHarness, cloud: str = "a") -> dict[str, int | None]:
    """Return the ends in seconds by resource id."""
    return {
        each.resource_id: None if each.end is None else (each.end - T0) // SECOND_US
        for each in list_segments(stack, cloud)
    }


def test_sample_does_not_set_a_parent(stack: ServiceHarness) -> None:
    samples = {"m": {"value": 1, "kind": "delta"}}
    for cloud in ("a", "b"):
        events = (
            make_event("started", "child", 2, cloud=cloud),
            make_event("sampled", "child", 3, cloud=cloud, samples=samples, **parent_field("parent")),
            make_event("ended", "parent", 9, cloud=cloud),
        )
        for batch in [[each] for each in events] if cloud == "a" else [events]:
            ingest(stack, *batch)
    assert list_ends(stack, "a") == list_ends(stack, "b") == {"child": None}


def test_true_differs_from_1(stack: ServiceHarness) -> None:
    ingest(stack, make_event("started", "box", 0), make_event("changed", "box", 5, attributes={"x": 1}))
    ingest(stack, make_event("changed", "box", 1, attributes={"x": True}))
    assert [repr(each.attributes) for each in list_segments(stack)] == ["{'x': True}", "{'x': 1}"]
    ingest(stack, make_event("changed", "box", 6, attributes={"x": True}))
    assert [repr(each.attributes) for each in list_segments(stack)] == ["{'x': True}", "{'x': 1}", "{'x': True}"]
    ingest(stack, make_event("changed", "other", 5, attributes={"x": 1}), make_event("started", "other", 2))
    ingest(
        stack,
        make_event("changed", "other", 2, attributes={"x": True}),
        make_event("changed", "other", 4, attributes={"x": 1}),
    )
    others = [each for each in list_segments(stack) if each.resource_id == "other"]
    assert [repr(each.attributes) for each in others] == ["{'x': True}", "{'x': 1}"]


def test_end_applies_to_descendants(stack: ServiceHarness) -> None:
    depth = 20
    events = [
        make_event("started", f"r{index:02d}", 0, **(parent_field(f"r{index - 1:02d}") if index else {}))
        for index in range(depth)
    ]
    ingest(stack, *events)
    ingest(stack, make_event("ended", "r00", 9))
    assert set(list_ends(stack).values()) == {9}
    assert len(list_ends(stack)) == depth


def test_end_applies_to_more_descendants_than_one_chunk(stack: ServiceHarness) -> None:
    depth = 600
    events = [
        make_event("started", f"r{index:03d}", 0, **(parent_field(f"r{index - 1:03d}") if index else {}))
        for index in range(depth)
    ]
    ingest(stack, *reversed(events), make_event("ended", "r000", 9))
    assert len(list_ends(stack)) == depth
    assert set(list_ends(stack).values()) == {9}


def test_resources_in_a_cycle_do_not_end_with_each_other(stack: ServiceHarness) -> None:
    ingest(
        stack,
        make_event("started", "one", 0, **parent_field("two")),
        make_event("started", "two", 0, **parent_field("one")),
    )
    ingest(stack, make_event("ended", "one", 9), make_event("started", "below", 0, **parent_field("one")))
    assert list_ends(stack) == {"below": 9, "one": 9, "two": None}


def test_broken_and_closed_cycles_apply_at_once(stack: ServiceHarness) -> None:
    ingest(
        stack,
        make_event("started", "one", 0, **parent_field("two")),
        make_event("started", "two", 0, **parent_field("three")),
    )
    ingest(stack, make_event("started", "three", 0), make_event("ended", "three", 9))
    assert list_ends(stack) == {"one": 9, "three": 9, "two": 9}
    ingest(stack, make_event("started", "three", 5, **parent_field("one")))
    assert list_ends(stack) == {"one": None, "three": 9, "two": None}
    ingest(stack, make_event("started", "three", 6, **parent_field("four")))
    assert list_ends(stack) == {"one": 9, "three": 9, "two": 9}


def test_children_end_with_the_corrected_end_of_a_parent_without_use(stack: ServiceHarness) -> None:
    ingest(stack, make_event("ended", "lost", 50), make_event("started", "child", 11, **parent_field("lost")))
    correct(stack, "lost", Correction("", "why", end=T0 + 30 * SECOND_US))
    assert list_ends(stack) == {"child": 30}


def test_correction_of_a_mere_parent_needs_start_and_project(stack: ServiceHarness) -> None:
    ingest(stack, make_event("started", "child", 0, **parent_field("unknown")))
    with pytest.raises(Invalid, match="is not in the ledger"):
        correct(stack, "unknown", Correction("", "why", start=T0))
    correct(stack, "unknown", Correction("", "why", start=T0, project_id="p2"))
    assert [each.project_id for each in list_segments(stack)] == ["p1", "p2"]
