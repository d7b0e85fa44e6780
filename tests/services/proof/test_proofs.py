"""Checkpoints, proofs and exports: they match the ledger, and changes of the database are detected."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from stratiform.kit import merkle
from stratiform.kit.clock import HOUR_US, MINUTE_US, parse_iso
from stratiform.kit.context import RequestContext
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
from stratiform.services.proof.model.export_digests import ExportDigest, parse_digest
from stratiform.services.proof.model.verification import read_checkpoint, verify
from stratiform.services.proof.service import InclusionProof
from stratiform.services.proof.tables import checkpoint_table
from stratiform.services.proof.tasks import handlers
from support.exports import change_line, checkpoint, export, find_lines, ingest, keys, replace_line
from support.ledger import recorded
from support.money import disk, machine
from support.stacks import Bench, bench, customer


@pytest.fixture
def any_bench(database_url: str, home: Path) -> Iterator[Bench]:
    """A stack on each kind of database."""
    home.mkdir(parents=True, exist_ok=True)
    stack = bench(home, database_url)
    yield stack
    stack.services.database.close()


def test_an_export_verifies(any_bench: Bench) -> None:
    ingest(any_bench, *recorded()[:600])
    any_bench.clock.advance(HOUR_US)
    ingest(any_bench, *recorded()[600:])
    lines = export(any_bench)
    report = verify(lines, keys(any_bench))
    assert (report.failures, report.notes, report.withheld) == ([], [], 0)
    assert report.checkpoint == checkpoint(any_bench)
    assert report.is_complete_log
    with any_bench.services.database.snapshot() as db:
        segments = list(any_bench.services.ledger.segments.iterate(db))
    assert report.segments == len(segments) > 0
    assert report.events == report.checkpoint.size > report.resources > 0


def test_records_are_read_as_they_were_hashed(any_bench: Bench) -> None:
    """Names with all kinds of characters, on each kind of database."""
    names = ["né à 東京 🚀", "a\\b\"c'd\te", " trailing ", "e\u0301", "\u2028</script>", "x" * 255]
    ingest(any_bench, *(machine(f"m{n}", "p1", "2026-01-01", display_name=name) for n, name in enumerate(names)))
    assert verify(export(any_bench), keys(any_bench)).failures == []


def test_an_export_of_a_period_has_the_resources_used_in_it(any_bench: Bench) -> None:
    ingest(
        any_bench,
        machine("before", "p1", "2026-01-01"),
        machine("before", "p1", "2026-01-01", at="2026-02-01", terminated_at="2026-01-31 12:00:00", state="deleted"),
        machine("continuing", "p1", "2026-01-01"),
        disk("within", "p1", "2026-02-10"),
        machine("after", "p1", "2026-03-01"),
    )
    since, until = parse_iso("2026-02-01"), parse_iso("2026-03-01")
    lines = export(any_bench, since=since, until=until)
    report = verify(lines, keys(any_bench))
    assert report.failures == []
    assert [json.loads(lines[index])["resource_id"] for index in find_lines(lines, "resource")] == [
        "continuing",
        "within",
    ]
    assert not report.is_complete_log


def test_an_export_as_of_a_position_repeats_the_earlier_export(any_bench: Bench) -> None:
    ingest(any_bench, machine("m1", "p1", "2026-01-01"))
    before = export(any_bench)
    any_bench.clock.advance(HOUR_US)
    ingest(any_bench, machine("m1", "p1", "2026-01-01", at="2026-01-02", vcpus=4), disk("v1", "p1", "2026-01-03"))
    again = export(any_bench, as_of=1)
    assert again == before
    assert verify(again, keys(any_bench)).failures == []
    assert verify(export(any_bench), keys(any_bench)).failures == []
    assert verify(export(any_bench, as_of=99), keys(any_bench)).events == 3


def test_events_of_other_projects_are_withheld(any_bench: Bench) -> None:
    ingest(
        any_bench,
        machine("mine", "p1", "2026-01-01"),
        machine("theirs", "other-project", "2026-01-01", display_name="secret"),
        disk("moved", "p1", "2026-01-01"),
        disk("moved", "other-project", "2026-01-01", at="2026-02-01", display_name="secret", size=7777),
        disk("moved", "other-project", "2026-01-01", at="2026-02-02", display_name="secret"),
    )
    lines = export(any_bench, customer("p1"))
    assert b"secret" not in b"".join(lines)
    assert b"other-project" not in b"".join(lines)
    assert b"7777" not in b"".join(lines)
    report = verify(lines, keys(any_bench))
    assert report.failures == []
    assert (report.events, report.withheld, report.segments) == (2, 2, 2)
    assert len(report.notes) == 1
    assert "2 of its 3 events belong to another project" in report.notes[0]
    assert lines == export(any_bench, customer("p1"), project_id="p1")
    with pytest.raises(NotFound):
        export(any_bench, customer("p1"), project_id="other-project")
    with pytest.raises(Forbidden):
        export(any_bench, Caller("u1", project_id="p1"))
    withheld = find_lines(lines, "held_back")[0]
    altered = change_line(lines[withheld], leaf="AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    failures = verify(replace_line(lines, withheld, altered), keys(any_bench)).failures
    assert any(failure.endswith("(withheld) was altered") for failure in failures)
    failures = verify(replace_line(lines, withheld), keys(any_bench)).failures
    assert any("was removed" in failure for failure in failures)


def test_an_event_modified_in_the_database_is_named(any_bench: Bench) -> None:
    ingest(any_bench, *recorded()[:400])
    signed = checkpoint(any_bench)
    with any_bench.services.database.transaction() as db:
        row = db.execute(select(event_table).where(event_table.c.resource == 3).limit(1)).one()
        fact = {**row.fact, "launched": 1_700_000_000_000_000}
        db.execute(update(event_table).where(event_table.c.seq == row.seq).values(fact=fact))
    report = verify(export(any_bench, after=signed.size), keys(any_bench), signed)
    assert any(
        failure.startswith(f"event {row.seq} of ") and failure.endswith(f"(message {row.message_id}) was altered")
        for failure in report.failures
    )
    assert checkpoint(any_bench) == signed


def test_an_event_deleted_in_the_database_is_named(any_bench: Bench) -> None:
    """Also the first and the last event of a resource, and all of them: only the log shows that they are missing."""
    ingest(
        any_bench,
        machine("m1", "p1", "2026-01-01"),
        machine("m1", "p1", "2026-01-01", at="2026-01-02", vcpus=4),
        machine("m1", "p1", "2026-01-01", at="2026-01-03", vcpus=8),
        disk("v1", "p1", "2026-01-01"),
    )
    assert verify(export(any_bench), keys(any_bench)).failures == []
    failure = "the export has no filter, but lacks events of the log: "
    with any_bench.services.database.transaction() as db:
        db.execute(delete(event_table).where(event_table.c.seq == 2))
    assert failure + "2" in verify(export(any_bench), keys(any_bench)).failures
    assert verify(export(any_bench, project_id="p2"), keys(any_bench)).failures == []
    with any_bench.services.database.transaction() as db:
        db.execute(delete(event_table).where(event_table.c.seq == 0))
    assert failure + "0-2" in verify(export(any_bench), keys(any_bench)).failures
    with any_bench.services.database.transaction() as db:
        db.execute(delete(event_table))
    assert verify(export(any_bench), keys(any_bench)).failures == [failure + "0-3"]


def test_a_rewritten_ledger_is_not_signed_and_detected(any_bench: Bench, home: Path) -> None:
    """An attacker with write access to the database alters an event, all hashes and the signed checkpoints."""
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
    assert verify(lines, keys(any_bench)).failures == []
    assert any("the ledger was rewritten" in failure for failure in verify(lines, keys(any_bench), signed).failures)


def test_an_older_copy_of_the_database_is_not_signed(stack_bench: Bench) -> None:
    """The last signed note is stored with the keys, outside of the database."""
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


def test_a_later_export_is_consistent_with_an_earlier_one(stack_bench: Bench) -> None:
    ingest(stack_bench, *recorded()[:300])
    old = export(stack_bench)
    trusted = keys(stack_bench)
    earlier = read_checkpoint(b"".join(old), trusted)
    same = export(stack_bench)
    assert verify(same, trusted, earlier).failures == []
    ingest(stack_bench, *recorded()[300:])
    assert verify(export(stack_bench, after=earlier.size), trusted, earlier).failures == []
    without_proof = verify(export(stack_bench), trusted, earlier).failures
    assert any("no proof of consistency with the earlier checkpoint" in failure for failure in without_proof)
    older = verify(old, trusted, checkpoint(stack_bench)).failures
    assert any("has more events than the log" in failure for failure in older)
    other = Checkpoint("stratiform/other", earlier.size, earlier.root)
    assert any("of another ledger" in failure for failure in verify(same, trusted, other).failures)
    forged = Checkpoint(earlier.origin, earlier.size, b"\1" * 32)
    assert any("the ledger was rewritten" in failure for failure in verify(same, trusted, forged).failures)
    with pytest.raises(Invalid, match="can't be a continuation of"):
        export(stack_bench, after=10_000)
    note = old[0]
    assert read_checkpoint(json.loads(note)["checkpoint"].encode(), trusted) == earlier
    for bad in (b"", b"x", b"{}", old[1], note.replace(b"checkpoint", b"checkpiont")):
        with pytest.raises(Invalid):
            read_checkpoint(bad, trusted)


def test_an_export_verifies_with_keys_before_and_after_a_rotation(stack_bench: Bench) -> None:
    ingest(stack_bench, *recorded()[:300])
    first = keys(stack_bench)
    old = export(stack_bench)
    second = stack_bench.services.proof.keys.rotate()
    ingest(stack_bench, *recorded()[300:])
    lines = export(stack_bench, after=read_checkpoint(b"".join(old), first).size)
    for trusted in (first, [second], [*first, second]):
        assert verify(lines, trusted).failures == []
    assert verify(lines, first, read_checkpoint(b"".join(old), first)).failures == []
    assert verify(old, first).failures == []
    assert verify(old, [second]).failures
    third = stack_bench.services.proof.keys.rotate(compromised=True)
    ingest(stack_bench, disk("v1", "p1", "2026-01-01"))
    lines = export(stack_bench)
    assert verify(lines, [third]).failures == []
    assert verify(lines, [*first, second]).failures


def test_a_home_without_the_keys_of_the_ledger_signs_nothing(stack_bench: Bench, tmp_path: Path) -> None:
    ingest(stack_bench, disk("v1", "p1", "2026-01-01"))
    checkpoint(stack_bench)
    (tmp_path / "other").mkdir()
    other = bench(tmp_path / "other", f"sqlite:///{stack_bench.services.database.engine.url.database}")
    ingest(other, disk("v2", "p1", "2026-01-01"))
    with pytest.raises(Conflict, match="a key that this home does not have"):
        checkpoint(other)
    other.services.database.close()


def test_a_checkpoint_is_signed_when_the_log_has_grown(stack_bench: Bench) -> None:
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


@contextmanager
def read(stack: Bench, caller: Caller = SYSTEM) -> Iterator[RequestContext]:
    with stack.services.database.snapshot() as db:
        yield stack.ctx(db, caller)


def get_inclusion(stack: Bench, index: int, size: int | None = None, caller: Caller = SYSTEM) -> InclusionProof:
    with read(stack, caller) as ctx:
        return stack.services.proof.inclusion_proofs.get(ctx, index, size)


def get_inclusion_by_message(
    stack: Bench, message_id: str, caller: Caller = SYSTEM, cloud: str = "dc-1"
) -> InclusionProof:
    with read(stack, caller) as ctx:
        return stack.services.proof.inclusion_proofs.get_by_message(ctx, cloud, message_id)


@pytest.fixture
def three_events(any_bench: Bench) -> Bench:
    """A ledger with events of the servers m1 (p1) and m2 (p2) and of the volume v1 (p1)."""
    servers = machine("m1", "p1", "2026-01-01"), machine("m2", "p2", "2026-01-01")
    ingest(any_bench, *servers, disk("v1", "p1", "2026-01-01"))
    return any_bench


def test_inclusion_proofs_verify(three_events: Bench) -> None:
    root = checkpoint(three_events).root
    for index in range(3):
        inclusion = get_inclusion(three_events, index)
        assert merkle.verify_inclusion(inclusion.leaf, index, 3, inclusion.proof, root)
        assert inclusion.record is not None
        assert merkle.leaf_hash(inclusion.record) == inclusion.leaf
    with pytest.raises(NotFound, match="Event 3 could not be found in the log of 3 events"):
        get_inclusion(three_events, 3)
    with pytest.raises(Invalid, match="The log has 3 events, not 4"):
        get_inclusion(three_events, 3, 4)


def test_a_project_reads_its_own_records_only(three_events: Bench) -> None:
    reader = customer("p1")
    other = get_inclusion(three_events, 1, caller=reader)
    assert (other.record, len(other.proof)) == (None, 2)
    own = get_inclusion(three_events, 0, 1, caller=reader)
    assert (own.size, own.proof) == (1, [])
    assert own.record is not None
    record = json.loads(own.record)
    assert record["resource_id"] == "m1"
    assert get_inclusion_by_message(three_events, record["message_id"]).index == 0
    assert get_inclusion_by_message(three_events, record["message_id"], reader).index == 0
    with pytest.raises(NotFound):
        get_inclusion_by_message(three_events, record["message_id"], customer("p2"))
    with pytest.raises(NotFound):
        get_inclusion_by_message(three_events, record["message_id"], cloud="dc-2")


def test_consistency_proofs_and_tiles_verify(three_events: Bench) -> None:
    root, proof_service = checkpoint(three_events).root, three_events.services.proof
    with read(three_events) as ctx:
        size, proof = proof_service.consistency_proofs.get(ctx, 2)
        leaves = proof_service.tiles.get(ctx, 0, 0, 3)
        old_root = merkle.compute_root(lambda *_: leaves, 2)
        assert merkle.verify_consistency(2, size, old_root, root, proof)
        with pytest.raises(Invalid):
            proof_service.consistency_proofs.get(ctx, 3, 2)
        for level, number, width in ((0, 0, 4), (0, 1, 1), (1, 0, 1), (0, 0, 0)):
            with pytest.raises(NotFound):
                proof_service.tiles.get(ctx, level, number, width)


@given(st.sets(st.integers(0, 3000)))
def test_a_digest_has_the_numbers_of_the_events(indexes: set[int]) -> None:
    digest = ExportDigest("a", 3001)
    for index in sorted(indexes, reverse=True):
        digest.add(b"x", index)
    assert parse_digest(str(digest), "a", 3001)[0] == indexes
    for origin, size in (("b", 3001), ("a", 3002)):
        with pytest.raises(Invalid):
            parse_digest(str(digest), origin, size)


@pytest.mark.parametrize("ranges", ["1-", "x", "1,,2-1x", "0-5", "01"])
def test_a_malformed_digest_is_invalid(ranges: str) -> None:
    with pytest.raises(Invalid):
        parse_digest(f"stratiform usage export v1\na\n5\n{ranges}\nhash\n", "a", 5)
