"""Resources that end with others: long chains, circles, and what an export of them may look like."""

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
from stratiform.services.ledger.model.incremental_fold import fold_all as begin_anew
from stratiform.services.ledger.model.parents import rank_generations
from stratiform.services.ledger.service import batch_fold
from stratiform.services.proof.model.export_digests import ExportDigest
from stratiform.services.proof.model.export_lines import (
    EndLine,
    EventLine,
    ResourceLine,
    WithheldEventLine,
    decode_line,
    encode_line,
)
from stratiform.services.proof.model.verification import VerificationReport, verify
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


def stories(made: Bench) -> tuple[bytes, list[list[bytes]]]:
    """The first line of an export of everything, and the lines of each resource."""
    with made.services.database.transaction() as db:
        asked = made.services.proof.exports.create(made.ctx(db, SYSTEM), UsageFilter())
    with made.services.database.snapshot() as db:
        first, *lines, _ = made.services.proof.exports.iterate_lines(db, asked)
    found: list[list[bytes]] = []
    for line in lines:
        if isinstance(decode_line(line), ResourceLine):
            found.append([])
        found[-1].append(line)
    return first, found


def verified(made: Bench, first: bytes, told: list[list[bytes]]) -> VerificationReport:
    """What is found in an export of these, which the ledger's owner has signed."""
    signer = made.services.proof.keys.get_signer()
    with made.services.database.snapshot() as db:
        total = ExportDigest(signer.name, made.services.proof.inclusion_proofs.get(made.ctx(db, SYSTEM), 0).size)
    lines = [total.add(first)]
    for line in (line for story in told for line in story):
        event = decode_line(line)
        lines.append(total.add(line, event.index if isinstance(event, EventLine | WithheldEventLine) else None))
    return verify(
        [*lines, encode_line(EndLine(sign_note(str(total), signer)))], made.services.proof.keys.list_verifiers()
    )


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


def test_a_child_that_an_export_has_before_its_parent_is_named(made: Bench) -> None:
    """Else its segment could be said to go on, though its parent ended."""
    ingest(made, told("started", "child", 0, "parent"), told("started", "parent", 0))
    first, open_ones = stories(made)
    ingest(made, told("ended", "parent", 9))
    first, (parent, child) = stories(made)
    assert verified(made, first, [parent, child]).failures == []
    going_on = [*child[:-1], next(one[-1] for one in open_ones if one[0] == child[0])]
    assert going_on != child
    for forged in (child, going_on):
        wrong = verified(made, first, [forged, parent]).failures
        assert "box child of a precedes its parent box parent of a" in wrong
    missing = verified(made, first, [child]).failures
    assert any("box parent of a, the parent of box child of a, is missing" in one for one in missing)


def test_a_circle_and_what_hangs_on_it_is_as_it_was_signed(made: Bench) -> None:
    ring = ["one", "two", "three"]
    ingest(made, *(told("started", name, 0, ring[place - 1]) for place, name in enumerate(ring)))
    ingest(made, told("started", "tail", 0, "two"), told("started", "end", 0, "tail"), told("ended", "two", 9))
    assert ends(made) == {"one": None, "two": 9, "three": None, "tail": 9, "end": 9}
    first, all_of_them = stories(made)
    assert verified(made, first, all_of_them).failures == []
    by_id = {decode_line(story[0]).resource_id: story for story in all_of_them}  # type: ignore[union-attr]
    turned = [by_id[name] for name in ("three", "one", "two", "tail", "end")]
    assert verified(made, first, turned).failures == []
    wrong = verified(made, first, [by_id[name] for name in ("end", "tail", "three", "one", "two")]).failures
    assert "box end of a precedes its parent box tail of a" in wrong
    assert "box tail of a precedes its parent box two of a" in wrong
