"""Exports: they match the ledger, and changes of the database are detected."""

import json

import pytest
from sqlalchemy import delete, select, update

from stratiform.kit.clock import HOUR_US, parse_iso
from stratiform.kit.errors import Forbidden, Invalid, NotFound
from stratiform.kit.policy import Caller
from stratiform.kit.signed_notes import Checkpoint
from stratiform.services.ledger.tables import (
    event_table,
)
from stratiform.services.proof.model.verification import read_checkpoint, verify_export
from support.exports import change_line, checkpoint, export, find_lines, ingest, keys, replace_line
from support.ledger import recorded
from support.money import disk, machine
from support.stacks import ServiceHarness, customer


def test_an_export_verifies(any_harness: ServiceHarness) -> None:
    ingest(any_harness, *recorded()[:600])
    any_harness.clock.advance(HOUR_US)
    ingest(any_harness, *recorded()[600:])
    lines = export(any_harness)
    report = verify_export(lines, keys(any_harness))
    assert (report.failures, report.notes, report.withheld) == ([], [], 0)
    assert report.checkpoint == checkpoint(any_harness)
    assert report.is_complete_log
    with any_harness.services.database.read_transaction() as db:
        segments = list(any_harness.services.ledger.segments.iterate(db))
    assert report.segments == len(segments) > 0
    assert report.events == report.checkpoint.size > report.resources > 0


def test_records_are_read_as_they_were_hashed(any_harness: ServiceHarness) -> None:
    """Names with all kinds of characters, on each kind of database."""
    names = ["né à 東京 🚀", "a\\b\"c'd\te", " trailing ", "e\u0301", "\u2028</script>", "x" * 255]
    ingest(any_harness, *(machine(f"m{n}", "p1", "2026-01-01", display_name=name) for n, name in enumerate(names)))
    assert verify_export(export(any_harness), keys(any_harness)).failures == []


def test_an_export_of_a_period_has_the_resources_used_in_it(any_harness: ServiceHarness) -> None:
    ingest(
        any_harness,
        machine("before", "p1", "2026-01-01"),
        machine("before", "p1", "2026-01-01", at="2026-02-01", terminated_at="2026-01-31 12:00:00", state="deleted"),
        machine("continuing", "p1", "2026-01-01"),
        disk("within", "p1", "2026-02-10"),
        machine("after", "p1", "2026-03-01"),
    )
    since, until = parse_iso("2026-02-01"), parse_iso("2026-03-01")
    lines = export(any_harness, since=since, until=until)
    report = verify_export(lines, keys(any_harness))
    assert report.failures == []
    assert [json.loads(lines[index])["resource_id"] for index in find_lines(lines, "resource")] == [
        "continuing",
        "within",
    ]
    assert not report.is_complete_log


def test_an_export_as_of_a_position_repeats_the_earlier_export(any_harness: ServiceHarness) -> None:
    ingest(any_harness, machine("m1", "p1", "2026-01-01"))
    before = export(any_harness)
    any_harness.clock.advance(HOUR_US)
    ingest(any_harness, machine("m1", "p1", "2026-01-01", at="2026-01-02", vcpus=4), disk("v1", "p1", "2026-01-03"))
    again = export(any_harness, as_of=1)
    assert again == before
    assert verify_export(again, keys(any_harness)).failures == []
    assert verify_export(export(any_harness), keys(any_harness)).failures == []
    assert verify_export(export(any_harness, as_of=99), keys(any_harness)).events == 3


def test_events_of_other_projects_are_withheld(any_harness: ServiceHarness) -> None:
    ingest(
        any_harness,
        machine("mine", "p1", "2026-01-01"),
        machine("theirs", "other-project", "2026-01-01", display_name="secret"),
        disk("moved", "p1", "2026-01-01"),
        disk("moved", "other-project", "2026-01-01", at="2026-02-01", display_name="secret", size=7777),
        disk("moved", "other-project", "2026-01-01", at="2026-02-02", display_name="secret"),
    )
    lines = export(any_harness, customer("p1"))
    assert b"secret" not in b"".join(lines)
    assert b"other-project" not in b"".join(lines)
    assert b"7777" not in b"".join(lines)
    report = verify_export(lines, keys(any_harness))
    assert report.failures == []
    assert (report.events, report.withheld, report.segments) == (2, 2, 2)
    assert len(report.notes) == 1
    assert "2 of its 3 events belong to another project" in report.notes[0]
    assert lines == export(any_harness, customer("p1"), project_id="p1")
    with pytest.raises(NotFound):
        export(any_harness, customer("p1"), project_id="other-project")
    with pytest.raises(Forbidden):
        export(any_harness, Caller("u1", project_id="p1"))
    withheld = find_lines(lines, "held_back")[0]
    altered = change_line(lines[withheld], leaf="AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    failures = verify_export(replace_line(lines, withheld, altered), keys(any_harness)).failures
    assert any(failure.endswith("(withheld) was altered") for failure in failures)
    failures = verify_export(replace_line(lines, withheld), keys(any_harness)).failures
    assert any("was removed" in failure for failure in failures)


def test_an_event_modified_in_the_database_is_named(any_harness: ServiceHarness) -> None:
    ingest(any_harness, *recorded()[:400])
    signed = checkpoint(any_harness)
    with any_harness.services.database.transaction() as db:
        row = db.execute(select(event_table).where(event_table.c.resource == 3).limit(1)).one()
        fact = {**row.fact, "launched": 1_700_000_000_000_000}
        db.execute(update(event_table).where(event_table.c.seq == row.seq).values(fact=fact))
    report = verify_export(export(any_harness, after=signed.size), keys(any_harness), signed)
    assert any(
        failure.startswith(f"event {row.seq} of ") and failure.endswith(f"(message {row.message_id}) was altered")
        for failure in report.failures
    )
    assert checkpoint(any_harness) == signed


def test_an_event_deleted_in_the_database_is_named(any_harness: ServiceHarness) -> None:
    """Also the first and the last event of a resource, and all of them: only the log shows that they are missing."""
    ingest(
        any_harness,
        machine("m1", "p1", "2026-01-01"),
        machine("m1", "p1", "2026-01-01", at="2026-01-02", vcpus=4),
        machine("m1", "p1", "2026-01-01", at="2026-01-03", vcpus=8),
        disk("v1", "p1", "2026-01-01"),
    )
    assert verify_export(export(any_harness), keys(any_harness)).failures == []
    failure = "the export covers the whole ledger, but lacks events of the log: "
    with any_harness.services.database.transaction() as db:
        db.execute(delete(event_table).where(event_table.c.seq == 2))
    assert failure + "2" in verify_export(export(any_harness), keys(any_harness)).failures
    assert verify_export(export(any_harness, project_id="p2"), keys(any_harness)).failures == []
    with any_harness.services.database.transaction() as db:
        db.execute(delete(event_table).where(event_table.c.seq == 0))
    assert failure + "0-2" in verify_export(export(any_harness), keys(any_harness)).failures
    with any_harness.services.database.transaction() as db:
        db.execute(delete(event_table))
    assert verify_export(export(any_harness), keys(any_harness)).failures == [failure + "0-3"]


def test_a_later_export_is_consistent_with_an_earlier_one(service_harness: ServiceHarness) -> None:
    ingest(service_harness, *recorded()[:300])
    old = export(service_harness)
    trusted = keys(service_harness)
    earlier = read_checkpoint(b"".join(old), trusted)
    same = export(service_harness)
    assert verify_export(same, trusted, earlier).failures == []
    ingest(service_harness, *recorded()[300:])
    assert verify_export(export(service_harness, after=earlier.size), trusted, earlier).failures == []
    without_proof = verify_export(export(service_harness), trusted, earlier).failures
    assert any("no proof of consistency with the earlier checkpoint" in failure for failure in without_proof)
    older = verify_export(old, trusted, checkpoint(service_harness)).failures
    assert any("has more events than the log" in failure for failure in older)
    other = Checkpoint("stratiform/other", earlier.size, earlier.root)
    assert any("from another ledger" in failure for failure in verify_export(same, trusted, other).failures)
    forged = Checkpoint(earlier.origin, earlier.size, b"\1" * 32)
    assert any("the ledger was rewritten" in failure for failure in verify_export(same, trusted, forged).failures)
    with pytest.raises(Invalid, match="cannot be a continuation of"):
        export(service_harness, after=10_000)
    note = old[0]
    assert read_checkpoint(json.loads(note)["checkpoint"].encode(), trusted) == earlier
    for bad in (b"", b"x", b"{}", old[1], note.replace(b"checkpoint", b"checkpiont")):
        with pytest.raises(Invalid):
            read_checkpoint(bad, trusted)


def test_an_export_verifies_with_keys_before_and_after_a_rotation(service_harness: ServiceHarness) -> None:
    ingest(service_harness, *recorded()[:300])
    first = keys(service_harness)
    old = export(service_harness)
    second = service_harness.services.proof.keys.rotate()
    ingest(service_harness, *recorded()[300:])
    lines = export(service_harness, after=read_checkpoint(b"".join(old), first).size)
    for trusted in (first, [second], [*first, second]):
        assert verify_export(lines, trusted).failures == []
    assert verify_export(lines, first, read_checkpoint(b"".join(old), first)).failures == []
    assert verify_export(old, first).failures == []
    assert verify_export(old, [second]).failures
    third = service_harness.services.proof.keys.rotate(compromised=True)
    ingest(service_harness, disk("v1", "p1", "2026-01-01"))
    lines = export(service_harness)
    assert verify_export(lines, [third]).failures == []
    assert verify_export(lines, [*first, second]).failures
