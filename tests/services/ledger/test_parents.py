"""Resources that end with a parent: long chains and cycles."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from stratiform.kit.clock import HOUR_US, SECOND_US, parse_iso
from stratiform.kit.outbox import Event
from stratiform.services.ledger.model import Progress, Resource, Statement, UsageFilter
from stratiform.services.ledger.model.fold import Usage
from stratiform.services.ledger.model.incremental_fold import fold_all as begin_anew
from stratiform.services.ledger.model.parents import rank_generations
from stratiform.services.ledger.service import batch_fold
from support.stacks import Bench, bench

T0 = parse_iso("2026-03-01T00:00:00Z")

#: So many that steps in the number of the pairs are told from steps in the number of the resources.
_MANY = 300


@pytest.fixture
def made(home: Path) -> Iterator[Bench]:
    home.mkdir(parents=True, exist_ok=True)
    services = bench(home)
    services.clock.at = T0 + HOUR_US
    yield services
    services.services.database.close()


def told(kind: str, resource_id: str, seconds: int, parent: str = "") -> Event:
    payload: dict[str, Any] = {"resource_type": "box", "resource_id": resource_id, "project_id": "p1"}
    if parent:
        payload["parent"] = {"resource_type": "box", "resource_id": parent}
    return Event(f"{kind}-{resource_id}-{seconds}", f"usage.{kind}", "x", T0 + seconds * SECOND_US, "a", payload)


def ingest(made: Bench, *events: Event) -> None:
    with made.services.database.transaction() as db:
        made.services.ingest.events.ingest(db, events, made.clock.now())


def ends(made: Bench) -> dict[str, int | None]:
    """In seconds, by the resource's id."""
    with made.services.database.snapshot() as db:
        found = list(made.services.ledger.segments.iterate(db, UsageFilter()))
    return {one.resource_id: None if one.end is None else (one.end - T0) // SECOND_US for one in found}


@pytest.mark.parametrize("turned", [False, True])
def test_each_of_a_long_chain_is_folded_once(made: Bench, monkeypatch: pytest.MonkeyPatch, *, turned: bool) -> None:
    folded = []

    def fold_all(resource: Resource, statements: Sequence[Statement], parent_end: int | None) -> tuple[Progress, Usage]:
        folded.append(statements)
        return begin_anew(resource, statements, parent_end)

    monkeypatch.setattr(batch_fold, "fold_all", fold_all)
    names = [f"r{number:04d}" for number in range(_MANY)]
    events = [told("started", names[0], 0), *(told("started", below, 0, above) for above, below in pairwise(names))]
    events.append(told("ended", names[0], 50))
    ingest(made, *(reversed(events) if turned else events))
    assert len(folded) == _MANY
    ingest(made, told("ended", names[0], 9))
    assert len(folded) == 2 * _MANY
    assert set(ends(made).values()) == {9}


def test_each_parent_is_asked_for_once() -> None:
    chain: dict[int, int | None] = {number: number - 1 or None for number in range(1, _MANY)}
    circle: dict[int, int | None] = {number: (number + 1) % _MANY for number in range(_MANY)}
    both: dict[int, int | None] = {number: number + 1 if number < _MANY else _MANY - 20 for number in range(_MANY + 1)}
    for parents in (chain, circle, both):
        asked: list[int] = []

        def parent(one: int, parents: dict[int, int | None] = parents, asked: list[int] = asked) -> int | None:
            asked.append(one)
            return parents[one]

        rank_generations(parents, parent)
        assert len(asked) <= 2 * _MANY


def test_generations_are_counted_from_what_ends_with_nothing() -> None:
    parents = {"a": None, "b": "a", "c": "b", "x": "y", "y": "z", "z": "x", "tail": "x", "end": "tail"}
    generations, circling = rank_generations(["end", "c", "y", "b"], parents.get)
    assert circling == {"x", "y", "z"}
    assert generations == {"a": 0, "b": 1, "c": 2, "x": 0, "y": 0, "z": 0, "tail": 1, "end": 2}
