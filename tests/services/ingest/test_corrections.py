"""Corrections by staff: who may, what they do, and that they are kept for ever."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stratiform.kit.clock import SECOND_US, parse_iso
from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound
from stratiform.kit.outbox import Event
from stratiform.kit.pagination import Page
from stratiform.kit.policy import Caller
from stratiform.services.ingest.model import IngestResult
from stratiform.services.ingest.service import CorrectionResult, StoredCorrection
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import Correction, Resource, Segment, UsageFilter
from support.money import disk, machine
from support.stacks import Bench, bench, customer

ANNA = Caller("u-anna", roles=frozenset({"admin", "member", "reader"}), user_name="anna")
ONE = Resource("dc-1", "instance", "m1")
SINCE = "2026-01-02T00:00:00"
FUTURE = parse_iso("2027-01-01T00:00:00")


@pytest.fixture
def any_bench(database_url: str, home: Path) -> Iterator[Bench]:
    """A stack on each kind of database; a machine runs, a volume is there."""
    home.mkdir(parents=True, exist_ok=True)
    made = bench(home, database_url)
    begin(made)
    yield made
    made.services.database.close()


@pytest.fixture
def of(stack_bench: Bench) -> Bench:
    begin(stack_bench)
    return stack_bench


def begin(made: Bench) -> None:
    made.clock.at = parse_iso("2026-01-05T00:00:00")
    with made.services.database.transaction() as db:
        made.services.ingest.events.ingest(db, [machine("m1", "p1", SINCE), disk("v1", "p1", SINCE)], made.clock.now())


def correct(made: Bench, of: Resource = ONE, *, key: str = "", by: Caller = ANNA, **said: Any) -> CorrectionResult:
    correction = Correction("somebody else", said.pop("reason", "the customer says so"), **said)
    made.clock.advance(SECOND_US)
    with made.services.database.transaction() as db:
        return made.services.ingest.corrections.create(made.ctx(db, by), of, correction, message_id=key)


def segments(made: Bench, resource_id: str = "m1", as_of: int | None = None) -> list[Segment]:
    with made.services.database.snapshot() as db:
        return list(made.services.ledger.segments.iterate(db, UsageFilter(resource_id=resource_id, as_of=as_of)))


def listed(made: Bench, **asked: Any) -> list[StoredCorrection]:
    with made.services.database.snapshot() as db:
        return list(made.services.ingest.corrections.list(made.ctx(db, ANNA), UsageFilter(**asked), Page()).items)


def test_a_correction_changes_what_is_known_and_not_what_was_known(any_bench: Bench) -> None:
    with any_bench.services.database.snapshot() as db:
        before = any_bench.services.ledger.positions.get_current(db)
    end = parse_iso("2026-01-03T00:00:00")
    done = correct(any_bench, end=end)
    assert done.is_new
    assert [one.end for one in done.before] == [None]
    assert [one.end for one in done.after] == [end]
    assert segments(any_bench) == done.after
    assert segments(any_bench, as_of=before) == done.before
    (made,) = listed(any_bench)
    said = made.record.statement.correction
    assert said is not None
    assert (said.author, said.reason) == ("anna (u-anna)", "the customer says so")
    assert (made.record.message_id, made.record.received_at, made.revoked_by) == (
        done.message_id,
        any_bench.clock.now(),
        "",
    )


def test_the_last_correction_counts_whatever_the_clock_says(of: Bench) -> None:
    of.clock.advance(3600 * SECOND_US)
    correct(of, end=parse_iso("2026-01-03T00:00:00"))
    of.clock.advance(-7200 * SECOND_US)
    for hour in range(1, 10):
        end = parse_iso(f"2026-01-04T{hour:02}:00:00")
        assert correct(of, end=end).after[-1].end == end
        of.clock.advance(-SECOND_US)


def test_later_messages_do_not_undo_it(of: Bench) -> None:
    correct(of, since=parse_iso("2026-01-03T00:00:00"), project_id="p2")
    with of.services.database.transaction() as db:
        later = machine("m1", "p1", SINCE, at="2026-01-06T00:00:00", vcpus=8)
        of.services.ingest.events.ingest(db, [later], of.clock.now())
    assert [(one.project_id, one.attributes["vcpus"]) for one in segments(of)] == [("p1", 2), ("p2", 2), ("p2", 8)]


def test_it_is_taken_back_and_again_and_the_list_tells(any_bench: Bench) -> None:
    wrong = correct(
        any_bench, absent=True, since=parse_iso("2026-01-03T00:00:00"), until=parse_iso("2026-01-04T00:00:00")
    )
    assert len(wrong.after) == 2
    back = correct(any_bench, revokes=wrong.message_id, reason="wrong machine")
    assert back.after == wrong.before
    assert [one.revoked_by for one in listed(any_bench)] == ["", back.message_id]
    with pytest.raises(Conflict, match=f"revokes: '{wrong.message_id}' is revoked already"):
        correct(any_bench, revokes=wrong.message_id)
    again = correct(any_bench, revokes=back.message_id)
    assert again.after == wrong.after
    assert [one.revoked_by for one in listed(any_bench)] == ["", again.message_id, ""]
    with pytest.raises(Conflict, match=f"revokes: '{back.message_id}' is revoked already by '{again.message_id}'"):
        correct(any_bench, revokes=back.message_id)
    with pytest.raises(NotFound, match="revokes: instance m1 has no correction 'nothing'"):
        correct(any_bench, revokes="nothing")
    with pytest.raises(NotFound, match="has no correction"):
        correct(any_bench, revokes="no\0thing")
    with pytest.raises(NotFound):
        correct(any_bench, Resource("dc-1", "volume", "v1"), revokes=wrong.message_id)


def test_the_same_id_takes_back_once(of: Bench) -> None:
    wrong = correct(of, end=parse_iso("2026-01-03T00:00:00"))
    back = [correct(of, revokes=wrong.message_id, key="ticket-18") for _ in range(2)]
    assert [one.is_new for one in back] == [True, False]
    assert back[1].after == wrong.before


def test_the_same_id_changes_nothing_twice_and_says_nothing_else(of: Bench) -> None:
    first = correct(of, key="ticket-17", end=parse_iso("2026-01-03T00:00:00"))
    with of.services.database.snapshot() as db:
        position = of.services.ledger.positions.get_current(db)
    second = correct(of, key="ticket-17", end=parse_iso("2026-01-03T00:00:00"))
    assert (first.is_new, second.is_new) == (True, False)
    assert second.after == first.after
    with of.services.database.snapshot() as db:
        assert of.services.ledger.positions.get_current(db) == position
    with pytest.raises(Conflict):
        correct(of, key="ticket-17", end=parse_iso("2026-01-04T00:00:00"))
    with pytest.raises(Conflict):
        correct(of, key=f"m1-{parse_iso(SINCE)}", end=parse_iso("2026-01-04T00:00:00"))


def test_what_the_ledger_does_not_know_needs_a_start_and_a_project(of: Bench) -> None:
    lost = Resource("dc-1", "instance", "m9")
    start = parse_iso("2026-01-03T00:00:00")
    for said in ({"project_id": "p9"}, {"end": start}, {"absent": True}):
        with pytest.raises(NotFound, match="Resource instance m9 in cloud dc-1 could not be found"):
            correct(of, lost, **said)
    with pytest.raises(Invalid, match="project_id: required, because instance m9"):
        correct(of, lost, start=start)
    with pytest.raises(Invalid, match=r"project_id: .*all of its use"):
        correct(of, lost, start=start, project_id="p9", since=start + 1)
    assert segments(of, "m9") == []
    assert listed(of) == []
    done = correct(of, lost, start=start, project_id="p9", attributes={"vcpus": 4})
    (one,) = done.after
    assert done.is_created
    assert (one.start, one.end, one.project_id, one.state, one.attributes) == (
        start,
        None,
        "p9",
        "active",
        {"vcpus": 4},
    )
    assert not correct(of, lost, state="stopped").is_created


def test_a_type_that_nothing_is_of_is_refused(of: Bench) -> None:
    with pytest.raises(Invalid, match="resource_type: 'instnace' is not a resource type") as raised:
        correct(of, Resource("dc-1", "instnace", "m1"), start=parse_iso(SINCE), project_id="p1")
    assert "instance, load_balancer" in raised.value.hint


def test_the_cloud_may_be_left_out_where_there_is_one(of: Bench) -> None:
    assert correct(of, Resource("", "instance", "m1"), state="stopped").after[0].cloud == "dc-1"
    with pytest.raises(NotFound, match="Resource instance m9 could not be found in the ledger"):
        correct(of, Resource("", "instance", "m9"), state="stopped")
    with pytest.raises(Invalid, match="cloud: required, because instance m9"):
        correct(of, Resource("", "instance", "m9"), start=parse_iso(SINCE), project_id="p1")
    with pytest.raises(NotFound, match="in cloud dc-2") as unknown:
        correct(of, Resource("dc-2", "instance", "m1"), state="stopped")
    assert unknown.value.hint == "it is in: dc-1"
    correct(of, Resource("dc-2", "instance", "m1"), start=parse_iso(SINCE), project_id="p1")
    with pytest.raises(Invalid, match="cloud: instance m1 is in several clouds") as raised:
        correct(of, Resource("", "instance", "m1"), state="stopped")
    assert "dc-1, dc-2" in raised.value.hint


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, "says nothing"),
        ({"reason": "  ", "absent": True}, "reason: a correction needs a reason"),
        ({"reason": "x" * 1001, "absent": True}, "reason is longer than 1000"),
        ({"end": 5, "reopened": True}, "end: it can't both have an end"),
        ({"absent": True, "state": "stopped"}, "absent: what was not used has no"),
        ({"start": 5, "end": 5}, "end: the use would end before it starts"),
        ({"since": 5, "until": 4, "absent": True}, "until: the window would end before it begins"),
        ({"since": 5, "end": 9}, "since: it is not told what"),
        ({"until": 5, "end": 9}, "until: it is not told what"),
        ({"start": FUTURE}, "start: 2027-01-01T00:00:00.000000Z is in the future"),
        ({"end": FUTURE}, "end: 2027-01-01T00:00:00.000000Z is in the future"),
        ({"since": FUTURE, "absent": True}, "since: the window begins in the future"),
        ({"end": parse_iso(SINCE)}, "end: 2026-01-02T00:00:00.000000Z is not after its start, 2026-01-02"),
        ({"attributes": {"vcpus": -4}}, "attributes.vcpus: '-4' is no whole number of zero or more"),
        ({"attributes": {"vcpus": "x"}}, "attributes.vcpus: 'x' is no whole number of zero or more"),
        ({"attributes": {"vcpus": 1.5}}, "attributes.vcpus: '1.5' is no whole number of zero or more"),
        ({"attributes": {"vcpus": True}}, "attributes.vcpus: 'True' is no whole number of zero or more"),
        ({"attributes": {"vcpus": 2**63}}, "attributes.vcpus: '9223372036854775808' is no whole number"),
        ({"attributes": {"flavor": False}}, "attributes.flavor: 'False' is no text"),
        ({"attributes": {"vcpu": 4}}, "attributes.vcpu: the type instance has no such one"),
        ({"state": "sleepy"}, "state: 'sleepy' is none of the type instance"),
        ({"state": "x" * 33}, "state is longer"),
        ({"project_id": "a\0b"}, "project_id has characters that are none"),
    ],
)
def test_what_makes_no_sense_is_refused(of: Bench, said: dict[str, Any], why: str) -> None:
    with pytest.raises(Invalid, match=why):
        correct(of, **said)
    assert len(segments(of)) == 1
    assert listed(of) == []


def test_a_start_after_the_end_is_refused_and_may_come_with_another_end(of: Bench) -> None:
    end, later = parse_iso("2026-01-03T00:00:00"), parse_iso("2026-01-04T00:00:00")
    correct(of, end=end)
    with pytest.raises(Invalid, match=r"start: 2026-01-04T.* is not before its end, 2026-01-03"):
        correct(of, start=later)
    (one,) = correct(of, start=later, end=later + SECOND_US).after
    assert (one.start, one.end) == (later, later + SECOND_US)


def test_use_is_wiped_out_by_saying_so(of: Bench) -> None:
    assert correct(of, absent=True).after == []


def test_a_window_may_go_on_into_the_future(of: Bench) -> None:
    done = correct(of, since=parse_iso("2026-01-03T00:00:00"), until=FUTURE, state="stopped")
    assert [one.state for one in done.after] == ["active", "stopped", "active"]


def test_what_is_known_decides_what_may_be_said(of: Bench) -> None:
    """Of a type without a file: attributes as they were told, states as anything of the type was in."""
    box, other = Resource("dc-1", "box", "b1"), Resource("dc-1", "box", "b2")
    at = parse_iso(SINCE)
    told = {"resource_type": "box", "project_id": "p1", "attributes": {"slots": 2, "kelvin": -4, "label": "a"}}
    events = [
        Event(
            one.resource_id, "usage.started", "x", at, "dc-1", {**told, "resource_id": one.resource_id, "state": state}
        )
        for one, state in ((box, "open"), (other, "shut"))
    ]
    with of.services.database.transaction() as db:
        of.services.ingest.events.ingest(db, events, of.clock.now())
    for wrong in ({"slots": -1}, {"slots": "x"}, {"kelvin": "x"}, {"label": True}):
        with pytest.raises(Invalid, match=f"attributes.{next(iter(wrong))}: "):
            correct(of, box, attributes=wrong)
    with pytest.raises(Invalid, match="no text and no whole number"):
        correct(of, box, attributes={"new": 1.5})
    (one,) = correct(of, box, attributes={"slots": "3", "kelvin": -5, "label": 7, "new": "n"}, state="shut").after
    assert (one.state, one.attributes) == ("shut", {"slots": 3, "kelvin": -5, "label": "7", "new": "n"})
    with pytest.raises(Invalid, match="state: 'ajar' is none of the type box") as raised:
        correct(of, box, state="ajar")
    assert raised.value.hint == "known: active, shut"


def test_a_meter_file_decides_what_may_be_said(of: Bench) -> None:
    router = Resource("dc-1", "router", "r1")
    start = parse_iso(SINCE)
    (one,) = correct(of, router, start=start, project_id="p1", attributes={"ha": "true"}, state="active").after
    assert one.attributes == {"ha": True}
    with pytest.raises(Invalid, match=r"attributes.ha: 'perhaps' is neither true nor false"):
        correct(of, router, attributes={"ha": "perhaps"})
    with pytest.raises(Invalid, match="state: 'available' is none of the type router"):
        correct(of, router, state="available")


@pytest.mark.parametrize("key", ["x" * 129, "a\nb"])
def test_an_id_that_can_not_be_kept_is_refused(of: Bench, key: str) -> None:
    with pytest.raises(Invalid, match="id: must have 1 to 128 printable characters"):
        correct(of, key=key, state="stopped")


def test_only_operators_correct_and_auditors_look(of: Bench) -> None:
    with pytest.raises(Forbidden):
        correct(of, by=customer("p1"), state="stopped")
    auditor = Caller("u2", system=True, roles=frozenset({"reader"}))
    with of.services.database.snapshot() as db:
        services = of.services
        assert services.ingest.corrections.list(of.ctx(db, auditor), UsageFilter(), Page()).items == []
        with pytest.raises(Forbidden):
            services.ingest.corrections.list(of.ctx(db, customer("p1")), UsageFilter(), Page())


def test_pages_and_filters(of: Bench) -> None:
    done = [correct(of, end=parse_iso(f"2026-01-04T{hour:02}:00:00")).message_id for hour in range(5)]
    correct(of, Resource("dc-1", "volume", "v1"), state="error")
    found, marker = [], None
    while True:
        with of.services.database.snapshot() as db:
            page = of.services.ingest.corrections.list(
                of.ctx(db), UsageFilter(resource_type="instance"), Page(2, marker)
            )
        found += [one.record.message_id for one in page.items]
        if not page.more:
            break
        marker = str(page.items[-1].number)
    assert found == done[::-1]
    assert len(listed(of, resource_id="v1")) == 1
    assert listed(of, cloud="other") == []
    with of.services.database.snapshot() as db, pytest.raises(Invalid, match="marker"):
        of.services.ingest.corrections.list(of.ctx(db), UsageFilter(), Page(2, "x"))


def test_no_message_is_a_correction(of: Bench) -> None:
    """Its author is who is signed in, and a bus has nobody."""
    done = correct(of, end=parse_iso("2026-01-03T00:00:00"))
    with of.services.database.snapshot() as db:
        (_, message) = (repository.batches.find_messages(db, repository.batches.current_position(db)) or [])[0]
    forged = message.replace(done.message_id.encode(), b"another")
    assert forged != message
    with of.services.database.transaction() as db:
        taken = of.services.ingest.messages.ingest(db, "dc-1", [forged], of.clock.now())
    assert taken == IngestResult(rejected=1)
    assert len(listed(of)) == 1


def test_reading_everything_again_leaves_corrections_alone(of: Bench) -> None:
    done = correct(of, end=parse_iso("2026-01-03T00:00:00"))
    with of.services.database.transaction() as db:
        after: int | None = 0
        while after is not None:
            _, after = of.services.ingest.ignored_messages.replay(of.ctx(db), after)
    assert segments(of) == done.after
    assert len(listed(of)) == 1
