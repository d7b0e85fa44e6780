"""Resources that end with a parent: long chains, cycles, and their exports."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from stratiform.kit.clock import HOUR_US, SECOND_US, parse_iso
from stratiform.kit.outbox import Event
from stratiform.kit.policy import SYSTEM
from stratiform.kit.signed_notes import sign_note
from stratiform.services.ledger.model import Progress, Resource, Statement, UsageFilter
from stratiform.services.ledger.model.fold import Usage
from stratiform.services.ledger.model.incremental_fold import fold_all as original_fold_all
from stratiform.services.ledger.model.parents import rank_generations
from stratiform.services.ledger.service import batch_fold
from stratiform.services.proof.model.export_lines import Closing, Heading, HeldBack, Proved, Sum, decoded, encoded
from stratiform.services.proof.model.verification import Verdict, verify
from support.stacks import Bench, bench

T0 = parse_iso("2026-03-01T00:00:00Z")

#: The length of chains: enough to distinguish linear from quadratic run time.
_MANY = 300


@pytest.fixture
def stack(home: Path) -> Iterator[Bench]:
    home.mkdir(parents=True, exist_ok=True)
    services = bench(home)
    services.clock.at = T0 + HOUR_US
    yield services
    services.services.database.close()


def make_event(kind: str, resource_id: str, seconds: int, parent: str = "") -> Event:
    payload: dict[str, Any] = {"resource_type": "box", "resource_id": resource_id, "project_id": "p1"}
    if parent:
        payload["parent"] = {"resource_type": "box", "resource_id": parent}
    return Event(f"{kind}-{resource_id}-{seconds}", f"usage.{kind}", "x", T0 + seconds * SECOND_US, "a", payload)


def ingest(stack: Bench, *events: Event) -> None:
    with stack.services.database.transaction() as db:
        stack.services.ingest.events.ingest(db, events, stack.clock.now())


def list_ends(stack: Bench) -> dict[str, int | None]:
    """Return the ends in seconds by resource id."""
    with stack.services.database.snapshot() as db:
        groups = list(stack.services.ledger.segments.iterate(db, UsageFilter()))
    return {each.resource_id: None if each.end is None else (each.end - T0) // SECOND_US for each in groups}


def export_by_resource(stack: Bench) -> tuple[bytes, list[list[bytes]]]:
    """Return the first line of an export of everything, and the lines of each resource."""
    with stack.services.database.transaction() as db:
        visited = stack.services.proof.exports.create(stack.ctx(db, SYSTEM), UsageFilter())
    with stack.services.database.snapshot() as db:
        first, *lines, _ = stack.services.proof.exports.iterate_lines(db, visited)
    groups: list[list[bytes]] = []
    for line in lines:
        if isinstance(decoded(line), Heading):
            groups.append([])
        groups[-1].append(line)
    return first, groups


def verify_export(stack: Bench, first: bytes, make_event: list[list[bytes]]) -> Verdict:
    """Verify an export with these lines, signed with the key of the ledger."""
    signer = stack.services.proof.keys.get_signer()
    with stack.services.database.snapshot() as db:
        total = Sum(signer.name, stack.services.proof.inclusion_proofs.get(stack.ctx(db, SYSTEM), 0).size)
    lines = [total.add(first)]
    for line in (line for lines_ in make_event for line in lines_):
        event = decoded(line)
        lines.append(total.add(line, event.index if isinstance(event, Proved | HeldBack) else None))
    return verify([*lines, encoded(Closing(sign_note(str(total), signer)))], stack.services.proof.keys.list_verifiers())


@pytest.mark.parametrize("is_reversed", [False, True])
def test_each_resource_of_a_long_chain_is_folded_once(
    stack: Bench, monkeypatch: pytest.MonkeyPatch, *, is_reversed: bool
) -> None:
    calls = []

    def fold_all(resource: Resource, statements: Sequence[Statement], parent_end: int | None) -> tuple[Progress, Usage]:
        calls.append(statements)
        return original_fold_all(resource, statements, parent_end)

    monkeypatch.setattr(batch_fold, "fold_all", fold_all)
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

        rank_generations(parents, parent)
        assert len(visited) <= 2 * _MANY


def test_generations_start_at_resources_without_parent() -> None:
    parents = {"a": None, "b": "a", "c": "b", "x": "y", "y": "z", "z": "x", "tail": "x", "end": "tail"}
    generations, cyclic = rank_generations(["end", "c", "y", "b"], parents.get)
    assert cyclic == {"x", "y", "z"}
    assert generations == {"a": 0, "b": 1, "c": 2, "x": 0, "y": 0, "z": 0, "tail": 1, "end": 2}


def test_child_before_its_parent_in_an_export_is_reported(stack: Bench) -> None:
    """Otherwise its segment could be forged to be open although the parent has ended."""
    ingest(stack, make_event("started", "child", 0, "parent"), make_event("started", "parent", 0))
    first, open_exports = export_by_resource(stack)
    ingest(stack, make_event("ended", "parent", 9))
    first, (parent, child) = export_by_resource(stack)
    assert verify_export(stack, first, [parent, child]).wrong == []
    forged_open = [*child[:-1], next(each[-1] for each in open_exports if each[0] == child[0])]
    assert forged_open != child
    for forged in (child, forged_open):
        wrong = verify_export(stack, first, [forged, parent]).wrong
        assert "box child of a stands before box parent of a, with which it ends" in wrong
    missing = verify_export(stack, first, [child]).wrong
    assert any("the events of box parent of a are missing, with which box child of a ends" in each for each in missing)


def test_export_of_a_cycle_and_its_descendants_is_valid(stack: Bench) -> None:
    names = ["one", "two", "three"]
    ingest(stack, *(make_event("started", name, 0, names[index - 1]) for index, name in enumerate(names)))
    ingest(
        stack,
        make_event("started", "tail", 0, "two"),
        make_event("started", "end", 0, "tail"),
        make_event("ended", "two", 9),
    )
    assert list_ends(stack) == {"one": None, "two": 9, "three": None, "tail": 9, "end": 9}
    first, exports = export_by_resource(stack)
    assert verify_export(stack, first, exports).wrong == []
    by_id = {decoded(lines_[0]).resource_id: lines_ for lines_ in exports}  # type: ignore[union-attr]
    is_reversed = [by_id[name] for name in ("three", "one", "two", "tail", "end")]
    assert verify_export(stack, first, is_reversed).wrong == []
    wrong = verify_export(stack, first, [by_id[name] for name in ("end", "tail", "three", "one", "two")]).wrong
    assert "box end of a stands before box tail of a, with which it ends" in wrong
    assert "box tail of a stands before box two of a, with which it ends" in wrong
