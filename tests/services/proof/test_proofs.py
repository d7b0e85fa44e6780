"""Checkpoints, proofs and exports: what is told is what was, and what the database lost is found."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from stratiform.kit import merkle
from stratiform.kit.clock import HOUR_US, MINUTE_US, parse_iso
from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound
from stratiform.kit.policy import SYSTEM, Caller
from stratiform.kit.signed_notes import Checkpoint
from stratiform.kit.work import Worker, enqueue
from stratiform.services.ledger import repository
from stratiform.services.ledger.tables import (
    event_table,
    position_table,
    segment_table,
    tile_table,
)
from stratiform.services.proof.errors import LogRewritten
from stratiform.services.proof.model.export_lines import Sum, summed
from stratiform.services.proof.model.verification import Verdict, checkpoint_of, verify
from stratiform.services.proof.tables import checkpoint_table
from stratiform.services.proof.tasks import handlers
from support.exports import changed, checkpoint, export, ingest, keys, places
from support.ledger import recorded
from support.money import disk, machine
from support.stacks import Bench, bench, customer


@pytest.fixture
def any_bench(database_url: str, home: Path) -> Iterator[Bench]:
    """A stack on each kind of database."""
    home.mkdir(parents=True, exist_ok=True)
    made = bench(home, database_url)
    yield made
    made.services.database.close()


def test_what_was_exported_is_as_it_was_signed(any_bench: Bench) -> None:
    ingest(any_bench, *recorded()[:600])
    any_bench.clock.advance(HOUR_US)
    ingest(any_bench, *recorded()[600:])
    lines = export(any_bench)
    found = verify(lines, keys(any_bench))
    assert (found.wrong, found.notes, found.held_back) == ([], [], 0)
    assert found.checkpoint == checkpoint(any_bench)
    assert found.is_whole_log
    with any_bench.services.database.snapshot() as db:
        told = [one.start for one in any_bench.services.ledger.segments.iterate(db)]
    assert found.segments == len(told) > 0
    assert found.events == found.checkpoint.size > found.resources > 0


def test_records_come_back_as_they_were_hashed(any_bench: Bench) -> None:
    """Whatever a customer may call a machine, on each kind of database."""
    names = ["né à 東京 🚀", "a\\b\"c'd\te", " trailing ", "e\u0301", "\u2028</script>", "x" * 255]
    ingest(any_bench, *(machine(f"m{n}", "p1", "2026-01-01", display_name=name) for n, name in enumerate(names)))
    assert verify(export(any_bench), keys(any_bench)).wrong == []


def test_a_period_has_what_touches_it(any_bench: Bench) -> None:
    ingest(
        any_bench,
        machine("before", "p1", "2026-01-01"),
        machine("before", "p1", "2026-01-01", at="2026-02-01", terminated_at="2026-01-31 12:00:00", state="deleted"),
        machine("goes-on", "p1", "2026-01-01"),
        disk("within", "p1", "2026-02-10"),
        machine("after", "p1", "2026-03-01"),
    )
    since, until = parse_iso("2026-02-01"), parse_iso("2026-03-01")
    lines = export(any_bench, since=since, until=until)
    found = verify(lines, keys(any_bench))
    assert found.wrong == []
    assert [json.loads(lines[place])["resource_id"] for place in places(lines, "resource")] == ["goes-on", "within"]
    assert not found.is_whole_log


def test_as_of_gives_what_was_known_then(any_bench: Bench) -> None:
    ingest(any_bench, machine("m1", "p1", "2026-01-01"))
    before = export(any_bench)
    any_bench.clock.advance(HOUR_US)
    ingest(any_bench, machine("m1", "p1", "2026-01-01", at="2026-01-02", vcpus=4), disk("v1", "p1", "2026-01-03"))
    again = export(any_bench, as_of=1)
    assert again == before
    assert verify(again, keys(any_bench)).wrong == []
    assert verify(export(any_bench), keys(any_bench)).wrong == []
    assert verify(export(any_bench, as_of=99), keys(any_bench)).events == 3


def test_a_project_sees_nothing_of_another(any_bench: Bench) -> None:
    ingest(
        any_bench,
        machine("mine", "p1", "2026-01-01"),
        machine("theirs", "stranger", "2026-01-01", display_name="hush"),
        disk("moved", "p1", "2026-01-01"),
        disk("moved", "stranger", "2026-01-01", at="2026-02-01", display_name="hush", size=7777),
        disk("moved", "stranger", "2026-01-01", at="2026-02-02", display_name="hush"),
    )
    lines = export(any_bench, customer("p1"))
    assert b"hush" not in b"".join(lines)
    assert b"stranger" not in b"".join(lines)
    assert b"7777" not in b"".join(lines)
    found = verify(lines, keys(any_bench))
    assert found.wrong == []
    assert (found.events, found.held_back, found.segments) == (2, 2, 2)
    assert len(found.notes) == 1
    assert "2 of its 3 events are another project's" in found.notes[0]
    assert lines == export(any_bench, customer("p1"), project_id="p1")
    with pytest.raises(NotFound):
        export(any_bench, customer("p1"), project_id="stranger")
    with pytest.raises(Forbidden):
        export(any_bench, Caller("u1", project_id="p1"))
    held = places(lines, "held_back")[0]
    other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    wrong = verify([*lines[:held], changed(lines[held], leaf=other), *lines[held + 1 :]], keys(any_bench)).wrong
    assert any("(held back) was altered" in line for line in wrong)
    assert any("was removed" in line for line in verify([*lines[:held], *lines[held + 1 :]], keys(any_bench)).wrong)


def test_an_update_behind_our_back_is_found(any_bench: Bench) -> None:
    ingest(any_bench, *recorded()[:400])
    signed = checkpoint(any_bench)
    with any_bench.services.database.transaction() as db:
        row = db.execute(select(event_table).where(event_table.c.resource == 3).limit(1)).one()
        fact = {**row.fact, "launched": 1_700_000_000_000_000}
        db.execute(update(event_table).where(event_table.c.seq == row.seq).values(fact=fact))
    found = verify(export(any_bench, after=signed.size), keys(any_bench), signed)
    assert any(f"event {row.seq} of" in line and f"{row.message_id}) was altered" in line for line in found.wrong)
    assert checkpoint(any_bench) == signed


def test_an_event_that_the_database_has_lost_is_named(any_bench: Bench) -> None:
    """Also the first and the last of a resource, and all of one: of these nothing else in the export tells."""
    ingest(
        any_bench,
        machine("m1", "p1", "2026-01-01"),
        machine("m1", "p1", "2026-01-01", at="2026-01-02", vcpus=4),
        machine("m1", "p1", "2026-01-01", at="2026-01-03", vcpus=8),
        disk("v1", "p1", "2026-01-01"),
    )
    assert verify(export(any_bench), keys(any_bench)).wrong == []
    everything = "this is an export of everything, but the log has more events: "
    with any_bench.services.database.transaction() as db:
        db.execute(delete(event_table).where(event_table.c.seq == 2))
    assert everything + "2" in verify(export(any_bench), keys(any_bench)).wrong
    assert verify(export(any_bench, project_id="p2"), keys(any_bench)).wrong == []
    with any_bench.services.database.transaction() as db:
        db.execute(delete(event_table).where(event_table.c.seq == 0))
    assert everything + "0-2" in verify(export(any_bench), keys(any_bench)).wrong
    with any_bench.services.database.transaction() as db:
        db.execute(delete(event_table))
    assert verify(export(any_bench), keys(any_bench)).wrong == [everything + "0-3"]


def test_a_ledger_rewritten_as_a_whole_is_not_signed_and_is_found(any_bench: Bench, home: Path) -> None:
    """Whoever may write to the database alters a fact and makes all hashes anew, and hides the signed checkpoints."""
    ingest(
        any_bench, machine("m1", "p1", "2026-01-01"), machine("m2", "p1", "2026-01-01"), disk("v1", "p1", "2026-01-01")
    )
    signed = checkpoint(any_bench)
    with any_bench.services.database.transaction() as db:
        row = db.execute(select(event_table).where(event_table.c.seq == 1)).one()
        db.execute(
            update(event_table)
            .where(event_table.c.seq == 1)
            .values(fact={**row.fact, "launched": parse_iso("2026-01-09")})
        )
        db.execute(update(segment_table).where(segment_table.c.resource == 1).values(start_at=parse_iso("2026-01-09")))
        leaves = [merkle.leaf_hash(record.encode()) for _, record in repository.events.iterate_records(db, 0, 3)]
        tiles = merkle.append(lambda *_: b"", 0, leaves)
        db.execute(update(tile_table).values(hashes=tiles[0, 0]))
    ingest(any_bench, machine("m3", "p1", "2026-01-01"))
    with pytest.raises(LogRewritten, match="contradicts the signed checkpoint of 3 events"):
        checkpoint(any_bench)
    with any_bench.services.database.transaction() as db:
        db.execute(delete(checkpoint_table))
    with pytest.raises(LogRewritten):
        export(any_bench)
    (home / "keys" / "ledger" / "last").unlink()
    lines = export(any_bench, after=signed.size)
    assert verify(lines, keys(any_bench)).wrong == []
    assert any("the ledger was rewritten" in line for line in verify(lines, keys(any_bench), signed).wrong)


def test_an_older_copy_of_the_database_is_not_signed(stack_bench: Bench) -> None:
    """What was signed is remembered beside the keys, whatever the database has."""
    ingest(stack_bench, disk("v1", "p1", "2026-01-01"))
    with stack_bench.services.database.transaction() as db:
        ingested = db.execute(select(tile_table)).all()
    ingest(stack_bench, disk("v2", "p1", "2026-01-01"))
    checkpoint(stack_bench)
    with stack_bench.services.database.transaction() as db:
        db.execute(delete(checkpoint_table))
        db.execute(delete(event_table).where(event_table.c.seq == 1))
        db.execute(update(tile_table).values(hashes=ingested[0].hashes))
        db.execute(update(position_table).values(events=1, position=1))
    with pytest.raises(LogRewritten, match="of 2 events"):
        checkpoint(stack_bench)


def test_a_later_export_goes_on_from_an_earlier_one(stack_bench: Bench) -> None:
    ingest(stack_bench, *recorded()[:300])
    old = export(stack_bench)
    known = keys(stack_bench)
    earlier = checkpoint_of(b"".join(old), known)
    same = export(stack_bench)
    assert verify(same, known, earlier).wrong == []
    ingest(stack_bench, *recorded()[300:])
    assert verify(export(stack_bench, after=earlier.size), known, earlier).wrong == []
    assert any("doesn't say how its log goes on" in line for line in verify(export(stack_bench), known, earlier).wrong)
    assert any("more events than" in line for line in verify(old, known, checkpoint(stack_bench)).wrong)
    other = Checkpoint("stratiform/other", earlier.size, earlier.root)
    assert any("of another ledger" in line for line in verify(same, known, other).wrong)
    forged = Checkpoint(earlier.origin, earlier.size, b"\1" * 32)
    assert any("the ledger was rewritten" in line for line in verify(same, known, forged).wrong)
    with pytest.raises(Invalid, match="can't be a continuation of"):
        export(stack_bench, after=10_000)
    note = old[0]
    assert checkpoint_of(json.loads(note)["checkpoint"].encode(), known) == earlier
    for bad in (b"", b"x", b"{}", old[1], note.replace(b"checkpoint", b"checkpiont")):
        with pytest.raises(Invalid):
            checkpoint_of(bad, known)


def test_a_new_key_goes_on_with_the_same_log(stack_bench: Bench) -> None:
    ingest(stack_bench, *recorded()[:300])
    first = keys(stack_bench)
    old = export(stack_bench)
    second = stack_bench.services.proof.keys.rotate()
    ingest(stack_bench, *recorded()[300:])
    lines = export(stack_bench, after=checkpoint_of(b"".join(old), first).size)
    for known in (first, [second], [*first, second]):
        assert verify(lines, known).wrong == []
    assert verify(lines, first, checkpoint_of(b"".join(old), first)).wrong == []
    assert verify(old, first).wrong == []
    assert verify(old, [second]).wrong
    third = stack_bench.services.proof.keys.rotate(compromised=True)
    ingest(stack_bench, disk("v1", "p1", "2026-01-01"))
    lines = export(stack_bench)
    assert verify(lines, [third]).wrong == []
    assert verify(lines, [*first, second]).wrong


def test_a_home_without_the_ledgers_keys_signs_nothing(stack_bench: Bench, tmp_path: Path) -> None:
    ingest(stack_bench, disk("v1", "p1", "2026-01-01"))
    checkpoint(stack_bench)
    (tmp_path / "other").mkdir()
    other = bench(tmp_path / "other", f"sqlite:///{stack_bench.services.database.engine.url.database}")
    ingest(other, disk("v2", "p1", "2026-01-01"))
    with pytest.raises(Conflict, match="a key that this home does not have"):
        checkpoint(other)
    other.services.database.close()


def test_the_log_is_signed_as_it_grows(stack_bench: Bench) -> None:
    services = stack_bench.services
    worker = Worker(services.database, handlers(services.proof), name="w", clock=stack_bench.clock)
    with services.database.transaction() as db:
        enqueue(db, "metering.checkpoint", "all", stack_bench.clock.now())

    def sizes() -> list[int]:
        worker.run_until_idle()
        with services.database.snapshot() as db:
            return list(db.execute(select(checkpoint_table.c.size).order_by(checkpoint_table.c.size)).scalars())

    assert sizes() == [0]
    ingest(stack_bench, disk("v1", "p1", "2026-01-01"))
    assert sizes() == [0]
    stack_bench.clock.advance(MINUTE_US)
    assert sizes() == [0, 1]
    stack_bench.clock.advance(MINUTE_US)
    assert sizes() == [0, 1]


def test_inclusion_and_consistency(any_bench: Bench) -> None:
    ingest(
        any_bench, machine("m1", "p1", "2026-01-01"), machine("m2", "p2", "2026-01-01"), disk("v1", "p1", "2026-01-01")
    )
    services, root = any_bench.services, checkpoint(any_bench).root

    def asked(verb: Callable[..., Any], *what: Any, caller: Caller = SYSTEM) -> Any:
        with any_bench.services.database.snapshot() as db:
            return verb(any_bench.ctx(db, caller), *what)

    for index in range(3):
        found = asked(services.proof.inclusion_proofs.get, index)
        assert merkle.verify_inclusion(found.leaf, index, 3, found.proof, root)
        assert merkle.leaf_hash(found.record) == found.leaf
    theirs = asked(services.proof.inclusion_proofs.get, 1, caller=customer("p1"))
    assert (theirs.record, len(theirs.proof)) == (None, 2)
    mine = asked(services.proof.inclusion_proofs.get, 0, 1, caller=customer("p1"))
    assert (mine.size, mine.proof, json.loads(mine.record)["resource_id"]) == (1, [], "m1")
    message = json.loads(mine.record)["message_id"]
    assert asked(services.proof.inclusion_proofs.get_by_message, "dc-1", message).index == 0
    assert asked(services.proof.inclusion_proofs.get_by_message, "dc-1", message, caller=customer("p1")).index == 0
    for cloud, caller in (("dc-1", customer("p2")), ("dc-2", SYSTEM)):
        with pytest.raises(NotFound):
            asked(services.proof.inclusion_proofs.get_by_message, cloud, message, caller=caller)
    with pytest.raises(NotFound, match="Event 3 could not be found in the log of 3 events"):
        asked(services.proof.inclusion_proofs.get, 3)
    with pytest.raises(Invalid, match="The log has 3 events, not 4"):
        asked(services.proof.inclusion_proofs.get, 3, 4)
    size, proof = asked(services.proof.consistency_proofs.get, 2)
    leaves = asked(services.proof.tiles.get, 0, 0, 3)
    before = merkle.compute_root(lambda *_: leaves, 2)
    assert merkle.verify_consistency(2, size, before, root, proof)
    with pytest.raises(Invalid):
        asked(services.proof.consistency_proofs.get, 3, 2)
    for tile in ((0, 0, 4), (0, 1, 1), (1, 0, 1), (0, 0, 0)):
        with pytest.raises(NotFound):
            asked(services.proof.tiles.get, *tile)


@given(st.sets(st.integers(0, 3000)))
def test_the_sum_tells_which_events_there_are(indexes: set[int]) -> None:
    total = Sum("a", 3001)
    for index in sorted(indexes, reverse=True):
        total.add(b"x", index)
    assert summed(str(total), "a", 3001)[0] == indexes
    for origin, size in (("b", 3001), ("a", 3002)):
        with pytest.raises(Invalid):
            summed(str(total), origin, size)


@pytest.mark.parametrize("ranges", ["1-", "x", "1,,2-1x", "0-5", "01"])
def test_a_sum_that_cant_be_is_refused(ranges: str) -> None:
    with pytest.raises(Invalid):
        summed(f"stratiform usage export v1\na\n5\n{ranges}\nhash\n", "a", 5)


def test_nothing_is_found_in_nothing() -> None:
    assert Verdict().wrong == []
    assert not Verdict().is_whole_log
