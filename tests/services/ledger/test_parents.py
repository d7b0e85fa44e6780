"""Resources that end with a parent: long chains and cycles."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from stratiform.kit.clock import HOUR_US, SECOND_US, parse_iso
from stratiform.kit.outbox import Event
from stratiform.services.ledger.model import FoldProgress, Resource, Statement, UsageFilter
from stratiform.services.ledger.model.fold import FoldedUsage
from stratiform.services.ledger.model.incremental_fold import fold_all_statements as original_fold_all
from stratiform.services.ledger.model.parent_levels import compute_parent_levels
from stratiform.services.ledger.service import batch_fold
from support.stacks import ServiceHarness, build_harness

T0 = parse_iso("2026-03-01T00:00:00Z")

#: The length of chains: enough to distinguish linear from quadratic run time.
_MANY = 300


@pytest.fixture
def stack(home: Path) -> Iterator[ServiceHarness]:
    home.mkdir(parents=True, exist_ok=True)
    services = build_harness(home)
    services.clock.at = T0 + HOUR_US
    yield services
    services.services.database.close()


def make_event(kind: str, resource_id: str, seconds: int, parent: str = "") -> Event:
    payload: dict[str, Any] = {"resource_type": "box", "resource_id": resource_id, "project_id": "p1"}
    if parent:
        payload["parent"] = {"resource_type": "box", "resource_id": parent}
    return Event(f"{kind}-{resource_id}-{seconds}", f"usage.{kind}", "x", T0 + seconds * SECOND_US, "a", payload)


def ingest(stack: ServiceHarness, *events: Event) -> None:
    with stack.services.database.transaction() as db:
        stack.services.ingest.own_events.ingest(db, events, stack.clock.now())


def list_ends(stack: ServiceHarness) -> dict[str, int | None]:
    """Return the ends in seconds by resource id."""
    with stack.services.database.read_transaction() as db:
        segments = list(stack.services.ledger.segments.iterate(db, UsageFilter()))
    return {each.resource_id: None if each.end is None else (each.end - T0) // SECOND_US for each in segments}


@pytest.mark.parametrize("is_reversed", [False, True])
def test_each_resource_of_a_long_chain_is_folded_once(
    stack: ServiceHarness, monkeypatch: pytest.MonkeyPatch, *, is_reversed: bool
) -> None:
    calls = []

    def fold_all(
        resource: Resource, statements: Sequence[Statement], parent_end: int | None
    ) -> tuple[FoldProgress, FoldedUsage]:
        calls.append(statements)
        return original_fold_all(resource, statements, parent_end)

    monkeypatch.setattr(batch_fold, "fold_all_statements", fold_all)
    names = [f"r{number:04d}" for number in range(_MANY)]
    events = [
        make_event("started", names[0], 0),
        *(make_event("started", below, 0, above) for above, below in pairwise(names)),
    ]
    events.append(make_event("ended", names[0], 50))
    ingest(stack, *(reversed(events) if is_reversed else events))
    assert len(calls) == _MANY
    ingest(stack, make_event("ended", names[0], 9))
    assert len(calls) == 2 * _MANY
    assert set(list_ends(stack).values()) == {9}


def test_each_parent_is_visited_once() -> None:
    chain: dict[int, int | None] = {number: number - 1 or None for number in range(1, _MANY)}
    cycle: dict[int, int | None] = {number: (number + 1) % _MANY for number in range(_MANY)}
    both: dict[int, int | None] = {number: number + 1 if number < _MANY else _MANY - 20 for number in range(_MANY + 1)}
    for parents in (chain, cycle, both):
        visited: list[int] = []

        def parent(each: int, parents: dict[int, int | None] = parents, visited: list[int] = visited) -> int | None:
            visited.append(each)
            return parents[each]

        compute_parent_levels(parents, parent)
        assert len(visited) <= 2 * _MANY


def test_levels_start_at_resources_without_parent() -> None:
    parents = {"a": None, "b": "a", "c": "b", "x": "y", "y": "z", "z": "x", "tail": "x", "end": "tail"}
    levels, cyclic = compute_parent_levels(["end", "c", "y", "b"], parents.get)
    assert cyclic == {"x", "y", "z"}
    assert levels == {"a": 0, "b": 1, "c": 2, "x": 0, "y": 0, "z": 0, "tail": 1, "end": 2}
