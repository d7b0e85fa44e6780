"""The same events in other orders and batches: what is easily taken for the same, or left out, on the shorter way."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stratiform.kit.clock import HOUR_US, SECOND_US, parse_iso
from stratiform.kit.errors import Invalid
from stratiform.kit.outbox import Event
from stratiform.services.ledger.model import Correction, Resource, Segment, UsageFilter
from support.stacks import Bench, bench

T0 = parse_iso("2026-03-01T00:00:00Z")


@pytest.fixture
def made(home: Path) -> Iterator[Bench]:
    home.mkdir(parents=True, exist_ok=True)
    services = bench(home)
    services.clock.at = T0 + HOUR_US
    yield services
    services.services.database.close()


def told(kind: str, resource_id: str, seconds: int, *, cloud: str = "a", **payload: Any) -> Event:
    told_of = {"resource_type": "box", "resource_id": resource_id, "project_id": "p1"} | payload
    message_id = f"{kind}-{resource_id}-{seconds}"
    return Event(message_id, f"usage.{kind}", "x", T0 + seconds * SECOND_US, cloud, told_of)


def child_of(resource_id: str) -> dict[str, Any]:
    return {"parent": {"resource_type": "box", "resource_id": resource_id}}


def ingest(made: Bench, *events: Event) -> None:
    with made.services.database.transaction() as db:
        made.services.ingest.events.ingest(db, events, made.clock.now())


def correct(made: Bench, resource_id: str, said: Correction) -> None:
    with made.services.database.transaction() as db:
        made.services.ingest.corrections.create(made.ctx(db), Resource("a", "box", resource_id), said)


def segments(made: Bench, cloud: str = "a") -> list[Segment]:
    with made.services.database.snapshot() as db:
        return list(made.services.ledger.segments.iterate(db, UsageFilter(cloud=cloud)))


def ends(made: Bench, cloud: str = "a") -> dict[str, int | None]:
    """In seconds, by the resource's id."""
    return {one.resource_id: None if one.end is None else (one.end - T0) // SECOND_US for one in segments(made, cloud)}


def test_a_measurement_tells_no_parent_whichever_way_it_comes(made: Bench) -> None:
    samples = {"m": {"value": 1, "kind": "delta"}}
    for cloud in ("a", "b"):
        events = (
            told("started", "child", 2, cloud=cloud),
            told("sampled", "child", 3, cloud=cloud, samples=samples, **child_of("parent")),
            told("ended", "parent", 9, cloud=cloud),
        )
        for batch in [[one] for one in events] if cloud == "a" else [events]:
            ingest(made, *batch)
    assert ends(made, "a") == ends(made, "b") == {"child": None}


def test_true_is_not_one(made: Bench) -> None:
    ingest(made, told("started", "box", 0), told("changed", "box", 5, attributes={"x": 1}))
    ingest(made, told("changed", "box", 1, attributes={"x": True}))
    assert [repr(one.attributes) for one in segments(made)] == ["{'x': True}", "{'x': 1}"]
    ingest(made, told("changed", "box", 6, attributes={"x": True}))
    assert [repr(one.attributes) for one in segments(made)] == ["{'x': True}", "{'x': 1}", "{'x': True}"]
    ingest(made, told("changed", "other", 5, attributes={"x": 1}), told("started", "other", 2))
    ingest(made, told("changed", "other", 2, attributes={"x": True}), told("changed", "other", 4, attributes={"x": 1}))
    kept = [one for one in segments(made) if one.resource_id == "other"]
    assert [repr(one.attributes) for one in kept] == ["{'x': True}", "{'x': 1}"]


def test_an_end_reaches_children_however_deep(made: Bench) -> None:
    deep = 20
    events = [told("started", f"r{at:02d}", 0, **(child_of(f"r{at - 1:02d}") if at else {})) for at in range(deep)]
    ingest(made, *events)
    ingest(made, told("ended", "r00", 9))
    assert set(ends(made).values()) == {9}
    assert len(ends(made)) == deep


def test_an_end_reaches_children_far_below_what_one_batch_can_hold_of_them(made: Bench) -> None:
    deep = 600
    events = [told("started", f"r{at:03d}", 0, **(child_of(f"r{at - 1:03d}") if at else {})) for at in range(deep)]
    ingest(made, *reversed(events), told("ended", "r000", 9))
    assert len(ends(made)) == deep
    assert set(ends(made).values()) == {9}


def test_in_a_circle_of_parents_nobody_ends_with_another(made: Bench) -> None:
    ingest(made, told("started", "one", 0, **child_of("two")), told("started", "two", 0, **child_of("one")))
    ingest(made, told("ended", "one", 9), told("started", "below", 0, **child_of("one")))
    assert ends(made) == {"below": 9, "one": 9, "two": None}


def test_a_circle_that_is_broken_or_closed_counts_at_once(made: Bench) -> None:
    ingest(made, told("started", "one", 0, **child_of("two")), told("started", "two", 0, **child_of("three")))
    ingest(made, told("started", "three", 0), told("ended", "three", 9))
    assert ends(made) == {"one": 9, "three": 9, "two": 9}
    ingest(made, told("started", "three", 5, **child_of("one")))
    assert ends(made) == {"one": None, "three": 9, "two": None}
    ingest(made, told("started", "three", 6, **child_of("four")))
    assert ends(made) == {"one": 9, "three": 9, "two": 9}


def test_children_end_with_the_corrected_end_of_what_had_no_use(made: Bench) -> None:
    ingest(made, told("ended", "lost", 50), told("started", "child", 11, **child_of("lost")))
    correct(made, "lost", Correction("", "why", end=T0 + 30 * SECOND_US))
    assert ends(made) == {"child": 30}


def test_what_is_known_as_a_parent_alone_needs_a_start_and_a_project_too(made: Bench) -> None:
    ingest(made, told("started", "child", 0, **child_of("untold")))
    with pytest.raises(Invalid, match="is not in the ledger"):
        correct(made, "untold", Correction("", "why", start=T0))
    correct(made, "untold", Correction("", "why", start=T0, project_id="p2"))
    assert [one.project_id for one in segments(made)] == ["p1", "p2"]
