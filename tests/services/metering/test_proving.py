"""Checkpoints, proofs and exports: what is changed, wherever it is, is found."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from stratiform.kit import merkle
from stratiform.kit.clock import HOUR_US, MINUTE_US, parse
from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound
from stratiform.kit.notes import Checkpoint, Signer, Verifier, opened
from stratiform.kit.outbox import Event
from stratiform.kit.policy import SYSTEM, Caller
from stratiform.kit.work import Worker, want
from stratiform.services.metering import repository
from stratiform.services.metering.errors import Rewritten
from stratiform.services.metering.model import Filter
from stratiform.services.metering.model.export import Sum, summed
from stratiform.services.metering.model.verify import Verdict, checkpoint_of, verify
from stratiform.services.metering.tables import (
    checkpoint_table,
    event_table,
    position_table,
    segment_table,
    tile_table,
)
from stratiform.services.metering.tasks import handlers
from support.ledger import recorded
from support.money import disk, machine
from support.stacks import Bench, bench, customer

STRANGER = Signer.generate("stratiform/another").verifier


@pytest.fixture
def any_bench(database_url: str, home: Path) -> Iterator[Bench]:
    """A stack on each kind of database."""
    home.mkdir(parents=True, exist_ok=True)
    made = bench(home, database_url)
    yield made
    made.stack.database.close()


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[bytes], list[Verifier]]:
    """An export of all recorded notifications, and the keys of its ledger."""
    made = bench(tmp_path_factory.mktemp("home"))
    ingest(made, *recorded())
    lines = export(made)
    made.stack.database.close()
    return lines, keys(made)


def ingest(made: Bench, *messages: bytes | Event) -> None:
    with made.stack.database.transaction() as db:
        events = [one for one in messages if isinstance(one, Event)]
        made.stack.metering.ingest(db, events, made.clock.now())
        bodies = [one for one in messages if isinstance(one, bytes)]
        made.stack.metering.ingest_messages(db, "openstack", bodies, made.clock.now())


def export(made: Bench, caller: Caller = SYSTEM, after: int | None = None, **wanted: Any) -> list[bytes]:
    with made.stack.database.transaction() as db:
        asked = made.stack.metering.begin_export(made.call(db, caller), Filter(**wanted), after)
    with made.stack.database.snapshot() as db:
        return list(made.stack.metering.export(db, asked))


def keys(made: Bench) -> list[Verifier]:
    return made.stack.metering.keys.verifiers()


def checkpoint(made: Bench) -> Checkpoint:
    with made.stack.database.transaction() as db:
        note = made.stack.metering.checkpoint(made.call(db)).note
    return Checkpoint.parse(opened(note, keys(made))[0])


def changed(line: bytes, **changes: Any) -> bytes:
    """The line with other values; `record__x` changes x within its record."""
    said = json.loads(line)
    for name, value in changes.items():
        if name.startswith("record__"):
            record = json.loads(said["record"])
            assert record[name[8:]] != value
            record[name[8:]] = value
            said["record"] = json.dumps(record, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
        else:
            assert said[name] != value
            said[name] = value
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def places(lines: list[bytes], kind: str) -> list[int]:
    return [place for place, line in enumerate(lines) if json.loads(line)["kind"] == kind]


def test_what_was_exported_is_as_it_was_signed(any_bench: Bench) -> None:
    ingest(any_bench, *recorded()[:600])
    any_bench.clock.advance(HOUR_US)
    ingest(any_bench, *recorded()[600:])
    lines = export(any_bench)
    found = verify(lines, keys(any_bench))
    assert (found.wrong, found.notes, found.held_back) == ([], [], 0)
    assert found.checkpoint == checkpoint(any_bench)
    assert found.is_whole_log
    with any_bench.stack.database.snapshot() as db:
        told = [one.start for one in any_bench.stack.metering.segments(db)]
    assert found.segments == len(told) > 0
    assert found.events == found.checkpoint.size > found.resources > 0


def test_records_come_back_as_they_were_hashed(any_bench: Bench) -> None:
    """Whatever a customer may call a machine, on each kind of database."""
    names = ["né à 東京 🚀", "a\\b\"c'd\te", " trailing ", "e\u0301", "\u2028</script>", "x" * 255]
    ingest(any_bench, *(machine(f"m{n}", "p1", "2026-01-01", display_name=name) for n, name in enumerate(names)))
    assert verify(export(any_bench), keys(any_bench)).wrong == []


def test_an_altered_event_is_named(exported: tuple[list[bytes], list[Verifier]]) -> None:
    lines, known = exported
    for place in places(lines, "event")[::60]:
        said, record = json.loads(lines[place]), json.loads(json.loads(lines[place])["record"])
        tampered: list[dict[str, Any]] = [
            {"record__at": record["at"] + 1},
            {"record__cloud": "x"},
            {"record__fact": {}},
        ]
        for changes in tampered:
            wrong = verify([*lines[:place], changed(lines[place], **changes), *lines[place + 1 :]], known).wrong
            assert any(
                f"event {said['index']} of" in line and f"(message {record['message_id']}) was altered" in line
                for line in wrong
            ), wrong
            assert "the export isn't as it was signed" in wrong


def test_a_removed_event_is_named(exported: tuple[list[bytes], list[Verifier]]) -> None:
    lines, known = exported
    for place in places(lines, "event")[::60]:
        index, record = json.loads(lines[place])["index"], json.loads(json.loads(lines[place])["record"])
        wrong = verify([*lines[:place], *lines[place + 1 :]], known).wrong
        assert f"event {index} was removed from the export" in wrong
        assert any(line.startswith(f"the {record['nth']}. of the") and "is missing" in line for line in wrong)


def test_a_removed_event_is_named_however_it_is_covered_up(exported: tuple[list[bytes], list[Verifier]]) -> None:
    """The last event of a resource goes, and the resource is said to have one less."""
    lines, known = exported
    for heading in places(lines, "resource")[::40]:
        events = json.loads(lines[heading])["events"]
        last = heading + events
        index = json.loads(lines[last])["index"]
        cut = [*lines[:heading], changed(lines[heading], events=events - 1), *lines[heading + 1 : last]]
        wrong = verify([*cut, *lines[last + 1 :]], known).wrong
        assert f"event {index} was removed from the export" in wrong


def test_a_removed_resource_is_missed(exported: tuple[list[bytes], list[Verifier]]) -> None:
    lines, known = exported
    first, second = places(lines, "resource")[3:5]
    gone = {json.loads(line)["index"] for line in lines[first:second] if b'"kind":"event"' in line}
    wrong = verify([*lines[:first], *lines[second:]], known).wrong
    assert {f"event {index} was removed from the export" for index in gone} <= set(wrong)


def test_what_was_put_in_is_named(exported: tuple[list[bytes], list[Verifier]]) -> None:
    lines, known = exported
    place = places(lines, "event")[40]
    size = checkpoint_of(lines[0], known).size
    invented = changed(lines[place], index=size - 1 if json.loads(lines[place])["index"] != size - 1 else 0)
    wrong = verify([*lines[: place + 1], invented, *lines[place + 1 :]], known).wrong
    assert any("is there twice" in line or "was altered" in line for line in wrong)
    invented = changed(lines[place], index=size, record__message_id="made-up")
    wrong = verify([*lines[: place + 1], invented, *lines[place + 1 :]], known).wrong
    assert any(f"event {size} of" in line and "(message made-up) was put in" in line for line in wrong)
    twice = verify([*lines[: place + 1], lines[place], *lines[place + 1 :]], known).wrong
    assert any("is there twice" in line for line in twice)


def test_another_order_is_told(exported: tuple[list[bytes], list[Verifier]]) -> None:
    lines, known = exported
    heading = next(place for place in places(lines, "resource") if json.loads(lines[place])["events"] > 2)
    swapped = [*lines[: heading + 1], lines[heading + 2], lines[heading + 1], *lines[heading + 3 :]]
    wrong = verify(swapped, known).wrong
    assert any("stand in another order" in line for line in wrong)
    assert not any("altered" in line or "removed" in line for line in wrong)


def test_a_segment_that_does_not_follow_is_named(exported: tuple[list[bytes], list[Verifier]]) -> None:
    lines, known = exported
    place = places(lines, "segment")[7]
    said = json.loads(lines[place])
    for changes in ({"end": "2027-01-01T00:00:00.000000Z"}, {"state": "free"}, {"project_id": "other"}):
        wrong = verify([*lines[:place], changed(lines[place], **changes), *lines[place + 1 :]], known).wrong
        assert sum("doesn't follow from its events" in line for line in wrong) == 1
        assert any("is missing that follows" in line and said["start"] in line for line in wrong)
    assert any("is missing that follows" in line for line in verify([*lines[:place], *lines[place + 1 :]], known).wrong)
    doubled = verify([*lines[:place], lines[place], *lines[place:]], known).wrong
    assert sum("doesn't follow from its events" in line for line in doubled) == 1


def test_an_export_that_is_cut_off_is_no_export(exported: tuple[list[bytes], list[Verifier]]) -> None:
    lines, known = exported
    for until in (1, 2, len(lines) // 2, len(lines) - 1):
        assert "the end is missing: the export is cut off" in verify(lines[:until], known).wrong
    assert any("can't be understood" in line for line in verify([*lines[:9], lines[9][:50]], known).wrong)
    assert verify([], known).wrong == ["the end is missing: the export is cut off"]
    assert any("stands after the end" in line for line in verify([*lines, lines[1]], known).wrong)


def test_only_a_known_key_counts(exported: tuple[list[bytes], list[Verifier]]) -> None:
    lines, known = exported
    refused = verify(lines, [STRANGER])
    assert len(refused.wrong) == 1
    assert "signed by none of the known keys" in refused.wrong[0]
    assert str(known[0].id.hex()) in refused.wrong[0]
    assert verify(lines, [STRANGER, *known]).wrong == []
    assert verify(lines, []).wrong


@given(place=st.integers(0, 10**9), change=st.integers(1, 255))
@settings(max_examples=150, deadline=None)
def test_whatever_byte_is_changed_it_is_noticed(
    exported: tuple[list[bytes], list[Verifier]], place: int, change: int
) -> None:
    lines, known = exported
    whole = bytearray(b"".join(lines))
    whole[place % len(whole)] ^= change
    assert verify(io.BytesIO(whole), known).wrong


def test_a_period_has_what_touches_it(any_bench: Bench) -> None:
    ingest(
        any_bench,
        machine("before", "p1", "2026-01-01"),
        machine("before", "p1", "2026-01-01", at="2026-02-01", terminated_at="2026-01-31 12:00:00", state="deleted"),
        machine("goes-on", "p1", "2026-01-01"),
        disk("within", "p1", "2026-02-10"),
        machine("after", "p1", "2026-03-01"),
    )
    since, until = parse("2026-02-01"), parse("2026-03-01")
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
    with any_bench.stack.database.transaction() as db:
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
    with any_bench.stack.database.transaction() as db:
        db.execute(delete(event_table).where(event_table.c.seq == 2))
    assert everything + "2" in verify(export(any_bench), keys(any_bench)).wrong
    assert verify(export(any_bench, project_id="p2"), keys(any_bench)).wrong == []
    with any_bench.stack.database.transaction() as db:
        db.execute(delete(event_table).where(event_table.c.seq == 0))
    assert everything + "0-2" in verify(export(any_bench), keys(any_bench)).wrong
    with any_bench.stack.database.transaction() as db:
        db.execute(delete(event_table))
    assert verify(export(any_bench), keys(any_bench)).wrong == [everything + "0-3"]


def test_a_ledger_rewritten_as_a_whole_is_not_signed_and_is_found(any_bench: Bench, home: Path) -> None:
    """Whoever may write to the database alters a fact and makes all hashes anew, and hides the signed checkpoints."""
    ingest(
        any_bench, machine("m1", "p1", "2026-01-01"), machine("m2", "p1", "2026-01-01"), disk("v1", "p1", "2026-01-01")
    )
    signed = checkpoint(any_bench)
    with any_bench.stack.database.transaction() as db:
        row = db.execute(select(event_table).where(event_table.c.seq == 1)).one()
        db.execute(
            update(event_table).where(event_table.c.seq == 1).values(fact={**row.fact, "launched": parse("2026-01-09")})
        )
        db.execute(update(segment_table).where(segment_table.c.resource == 1).values(start_at=parse("2026-01-09")))
        leaves = [merkle.leaf_hash(record.encoded()) for _, record in repository.events.records(db, 0, 3)]
        tiles = merkle.append(lambda *_: b"", 0, leaves)
        db.execute(update(tile_table).values(hashes=tiles[0, 0]))
    ingest(any_bench, machine("m3", "p1", "2026-01-01"))
    with pytest.raises(Rewritten, match="contradicts the checkpoint of 3 events"):
        checkpoint(any_bench)
    with any_bench.stack.database.transaction() as db:
        db.execute(delete(checkpoint_table))
    with pytest.raises(Rewritten):
        export(any_bench)
    (home / "keys" / "ledger" / "last").unlink()
    lines = export(any_bench, after=signed.size)
    assert verify(lines, keys(any_bench)).wrong == []
    assert any("the ledger was rewritten" in line for line in verify(lines, keys(any_bench), signed).wrong)


def test_an_older_copy_of_the_database_is_not_signed(stack_bench: Bench) -> None:
    """What was signed is remembered beside the keys, whatever the database has."""
    ingest(stack_bench, disk("v1", "p1", "2026-01-01"))
    with stack_bench.stack.database.transaction() as db:
        ingested = db.execute(select(tile_table)).all()
    ingest(stack_bench, disk("v2", "p1", "2026-01-01"))
    checkpoint(stack_bench)
    with stack_bench.stack.database.transaction() as db:
        db.execute(delete(checkpoint_table))
        db.execute(delete(event_table).where(event_table.c.seq == 1))
        db.execute(update(tile_table).values(hashes=ingested[0].hashes))
        db.execute(update(position_table).values(events=1, position=1))
    with pytest.raises(Rewritten, match="of 2 events"):
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
    with pytest.raises(Invalid, match="can't go on from"):
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
    second = stack_bench.stack.metering.keys.rotate()
    ingest(stack_bench, *recorded()[300:])
    lines = export(stack_bench, after=checkpoint_of(b"".join(old), first).size)
    for known in (first, [second], [*first, second]):
        assert verify(lines, known).wrong == []
    assert verify(lines, first, checkpoint_of(b"".join(old), first)).wrong == []
    assert verify(old, first).wrong == []
    assert verify(old, [second]).wrong
    third = stack_bench.stack.metering.keys.rotate(stolen=True)
    ingest(stack_bench, disk("v1", "p1", "2026-01-01"))
    lines = export(stack_bench)
    assert verify(lines, [third]).wrong == []
    assert verify(lines, [*first, second]).wrong


def test_a_home_without_the_ledgers_keys_signs_nothing(stack_bench: Bench, tmp_path: Path) -> None:
    ingest(stack_bench, disk("v1", "p1", "2026-01-01"))
    checkpoint(stack_bench)
    (tmp_path / "other").mkdir()
    other = bench(tmp_path / "other", f"sqlite:///{stack_bench.stack.database.engine.url.database}")
    ingest(other, disk("v2", "p1", "2026-01-01"))
    with pytest.raises(Conflict, match="a key that this home doesn't have"):
        checkpoint(other)
    other.stack.database.close()


def test_the_log_is_signed_as_it_grows(stack_bench: Bench) -> None:
    stack = stack_bench.stack
    worker = Worker(stack.database, handlers(stack.metering, stack.clouds), name="w", clock=stack_bench.clock)
    with stack.database.transaction() as db:
        want(db, "metering.checkpoint", "all", stack_bench.clock.now())

    def sizes() -> list[int]:
        worker.run_until_idle()
        with stack.database.snapshot() as db:
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
    metering, root = any_bench.stack.metering, checkpoint(any_bench).root

    def asked(verb: Callable[..., Any], *what: Any, caller: Caller = SYSTEM) -> Any:
        with any_bench.stack.database.snapshot() as db:
            return verb(any_bench.call(db, caller), *what)

    for index in range(3):
        found = asked(metering.inclusion, index)
        assert merkle.check_inclusion(found.leaf, index, 3, found.proof, root)
        assert merkle.leaf_hash(found.record) == found.leaf
    theirs = asked(metering.inclusion, 1, caller=customer("p1"))
    assert (theirs.record, len(theirs.proof)) == (None, 2)
    mine = asked(metering.inclusion, 0, 1, caller=customer("p1"))
    assert (mine.size, mine.proof, json.loads(mine.record)["resource_id"]) == (1, [], "m1")
    message = json.loads(mine.record)["message_id"]
    assert asked(metering.inclusion_of, "dc-1", message).index == 0
    assert asked(metering.inclusion_of, "dc-1", message, caller=customer("p1")).index == 0
    for cloud, caller in (("dc-1", customer("p2")), ("dc-2", SYSTEM)):
        with pytest.raises(NotFound):
            asked(metering.inclusion_of, cloud, message, caller=caller)
    with pytest.raises(NotFound, match="no event 3 among 3"):
        asked(metering.inclusion, 3)
    with pytest.raises(Invalid, match="the log has 3 events, not 4"):
        asked(metering.inclusion, 3, 4)
    size, proof = asked(metering.consistency, 2)
    leaves = asked(metering.tile, 0, 0, 3)
    before = merkle.root(lambda *_: leaves, 2)
    assert merkle.check_consistency(2, size, before, root, proof)
    with pytest.raises(Invalid):
        asked(metering.consistency, 3, 2)
    for tile in ((0, 0, 4), (0, 1, 1), (1, 0, 1), (0, 0, 0)):
        with pytest.raises(NotFound):
            asked(metering.tile, *tile)


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
