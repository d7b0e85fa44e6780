"""Corrections: authorization, effects, revocation and checks."""

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
from support.stacks import ServiceHarness, build_harness, customer

ANNA = Caller("u-anna", roles=frozenset({"admin", "member", "reader"}), user_name="anna")
SERVER = Resource("dc-1", "instance", "m1")
SINCE = "2026-01-02T00:00:00"
FUTURE = parse_iso("2027-01-01T00:00:00")


@pytest.fixture
def any_harness(database_url: str, home: Path) -> Iterator[ServiceHarness]:
    """A stack on each database, with a server and a volume."""
    home.mkdir(parents=True, exist_ok=True)
    stack = build_harness(home, database_url)
    ingest_resources(stack)
    yield stack
    stack.services.database.close()


@pytest.fixture
def stack(service_harness: ServiceHarness) -> ServiceHarness:
    ingest_resources(service_harness)
    return service_harness


def ingest_resources(stack: ServiceHarness) -> None:
    stack.clock.at = parse_iso("2026-01-05T00:00:00")
    with stack.services.database.transaction() as db:
        stack.services.ingest.own_events.ingest(
            db, [machine("m1", "p1", SINCE), disk("v1", "p1", SINCE)], stack.clock.now()
        )


def correct(
    stack: ServiceHarness, resource: Resource = SERVER, *, key: str = "", caller: Caller = ANNA, **values: Any
) -> CorrectionResult:
    correction = Correction("another author", values.pop("reason", "reported by the customer"), **values)
    stack.clock.advance(SECOND_US)
    with stack.services.database.transaction() as db:
        return stack.services.ingest.corrections.create(stack.ctx(db, caller), resource, correction, message_id=key)


def segments(stack: ServiceHarness, resource_id: str = "m1", as_of: int | None = None) -> list[Segment]:
    with stack.services.database.read_transaction() as db:
        return list(stack.services.ledger.segments.iterate(db, UsageFilter(resource_id=resource_id, as_of=as_of)))


def list_corrections(stack: ServiceHarness, **filters: Any) -> list[StoredCorrection]:
    with stack.services.database.read_transaction() as db:
        return list(stack.services.ingest.corrections.list(stack.ctx(db, ANNA), UsageFilter(**filters), Page()).items)


def test_correction_changes_segments_but_not_earlier_positions(any_harness: ServiceHarness) -> None:
    with any_harness.services.database.read_transaction() as db:
        before = any_harness.services.ledger.positions.get_current_position(db)
    end = parse_iso("2026-01-03T00:00:00")
    result = correct(any_harness, end=end)
    assert result.is_new
    assert [segment.end for segment in result.before] == [None]
    assert [segment.end for segment in result.after] == [end]
    assert segments(any_harness) == result.after
    assert segments(any_harness, as_of=before) == result.before
    (stored,) = list_corrections(any_harness)
    correction = stored.record.statement.correction
    assert correction is not None
    assert (correction.author, correction.reason) == ("anna (u-anna)", "reported by the customer")
    assert (stored.record.message_id, stored.record.received_at, stored.revoked_by) == (
        result.message_id,
        any_harness.clock.now(),
        "",
    )


def test_last_correction_wins_even_if_the_clock_is_set_back(stack: ServiceHarness) -> None:
    stack.clock.advance(3600 * SECOND_US)
    correct(stack, end=parse_iso("2026-01-03T00:00:00"))
    stack.clock.advance(-7200 * SECOND_US)
    for hour in range(1, 10):
        end = parse_iso(f"2026-01-04T{hour:02}:00:00")
        assert correct(stack, end=end).after[-1].end == end
        stack.clock.advance(-SECOND_US)


def test_later_messages_do_not_undo_a_correction(stack: ServiceHarness) -> None:
    correct(stack, since=parse_iso("2026-01-03T00:00:00"), project_id="p2")
    with stack.services.database.transaction() as db:
        later = machine("m1", "p1", SINCE, at="2026-01-06T00:00:00", vcpus=8)
        stack.services.ingest.own_events.ingest(db, [later], stack.clock.now())
    assert [(segment.project_id, segment.attributes["vcpus"]) for segment in segments(stack)] == [
        ("p1", 2),
        ("p2", 2),
        ("p2", 8),
    ]


def test_revocation_can_be_revoked(any_harness: ServiceHarness) -> None:
    wrong = correct(
        any_harness, absent=True, since=parse_iso("2026-01-03T00:00:00"), until=parse_iso("2026-01-04T00:00:00")
    )
    assert len(wrong.after) == 2
    back = correct(any_harness, revokes=wrong.message_id, reason="wrong server")
    assert back.after == wrong.before
    assert [stored.revoked_by for stored in list_corrections(any_harness)] == ["", back.message_id]
    with pytest.raises(Conflict, match=f"revokes: '{wrong.message_id}' has already been revoked"):
        correct(any_harness, revokes=wrong.message_id)
    again = correct(any_harness, revokes=back.message_id)
    assert again.after == wrong.after
    assert [stored.revoked_by for stored in list_corrections(any_harness)] == ["", again.message_id, ""]
    with pytest.raises(
        Conflict, match=f"revokes: '{back.message_id}' has already been revoked by '{again.message_id}'"
    ):
        correct(any_harness, revokes=back.message_id)
    with pytest.raises(NotFound, match="revokes: instance m1 has no correction 'nothing'"):
        correct(any_harness, revokes="nothing")
    with pytest.raises(NotFound, match="has no correction"):
        correct(any_harness, revokes="no\0thing")
    with pytest.raises(NotFound):
        correct(any_harness, Resource("dc-1", "volume", "v1"), revokes=wrong.message_id)


def test_revocation_with_the_same_id_is_a_duplicate(stack: ServiceHarness) -> None:
    wrong = correct(stack, end=parse_iso("2026-01-03T00:00:00"))
    back = [correct(stack, revokes=wrong.message_id, key="ticket-18") for _ in range(2)]
    assert [result.is_new for result in back] == [True, False]
    assert back[1].after == wrong.before


def test_correction_with_the_same_id_is_a_duplicate_or_a_conflict(stack: ServiceHarness) -> None:
    first = correct(stack, key="ticket-17", end=parse_iso("2026-01-03T00:00:00"))
    with stack.services.database.read_transaction() as db:
        position = stack.services.ledger.positions.get_current_position(db)
    second = correct(stack, key="ticket-17", end=parse_iso("2026-01-03T00:00:00"))
    assert (first.is_new, second.is_new) == (True, False)
    assert second.after == first.after
    with stack.services.database.read_transaction() as db:
        assert stack.services.ledger.positions.get_current_position(db) == position
    with pytest.raises(Conflict):
        correct(stack, key="ticket-17", end=parse_iso("2026-01-04T00:00:00"))
    with pytest.raises(Conflict):
        correct(stack, key=f"m1-{parse_iso(SINCE)}", end=parse_iso("2026-01-04T00:00:00"))


def test_new_resource_needs_a_start_and_a_project(stack: ServiceHarness) -> None:
    lost = Resource("dc-1", "instance", "m9")
    start = parse_iso("2026-01-03T00:00:00")
    for values in ({"project_id": "p9"}, {"end": start}, {"absent": True}):
        with pytest.raises(NotFound, match="Resource instance m9 in cloud dc-1 could not be found"):
            correct(stack, lost, **values)
    with pytest.raises(Invalid, match="project_id: required, because instance m9"):
        correct(stack, lost, start=start)
    with pytest.raises(Invalid, match=r"project_id: required for all usage"):
        correct(stack, lost, start=start, project_id="p9", since=start + 1)
    assert segments(stack, "m9") == []
    assert list_corrections(stack) == []
    result = correct(stack, lost, start=start, project_id="p9", attributes={"vcpus": 4})
    (segment,) = result.after
    assert result.is_created
    assert (segment.start, segment.end, segment.project_id, segment.state, segment.attributes) == (
        start,
        None,
        "p9",
        "active",
        {"vcpus": 4},
    )
    assert not correct(stack, lost, state="stopped").is_created


def test_unknown_resource_type_is_rejected(stack: ServiceHarness) -> None:
    with pytest.raises(Invalid, match="resource_type: 'instnace' is not a resource type") as raised:
        correct(stack, Resource("dc-1", "instnace", "m1"), start=parse_iso(SINCE), project_id="p1")
    assert "instance, load_balancer" in raised.value.hint


def test_cloud_is_optional_if_it_is_unambiguous(stack: ServiceHarness) -> None:
    assert correct(stack, Resource("", "instance", "m1"), state="stopped").after[0].cloud == "dc-1"
    with pytest.raises(NotFound, match="Resource instance m9 could not be found in the ledger"):
        correct(stack, Resource("", "instance", "m9"), state="stopped")
    with pytest.raises(Invalid, match="cloud: required, because instance m9"):
        correct(stack, Resource("", "instance", "m9"), start=parse_iso(SINCE), project_id="p1")
    with pytest.raises(NotFound, match="in cloud dc-2") as unknown:
        correct(stack, Resource("dc-2", "instance", "m1"), state="stopped")
    assert unknown.value.hint == "it is in: dc-1"
    correct(stack, Resource("dc-2", "instance", "m1"), start=parse_iso(SINCE), project_id="p1")
    with pytest.raises(Invalid, match="cloud: instance m1 is in several clouds") as raised:
        correct(stack, Resource("", "instance", "m1"), state="stopped")
    assert "dc-1, dc-2" in raised.value.hint


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({}, "the correction has no changes"),
        ({"reason": "  ", "absent": True}, "reason: a correction needs a reason"),
        ({"reason": "x" * 1001, "absent": True}, "reason is longer than 1000"),
        ({"end": 5, "reopened": True}, "end: cannot be combined with reopened"),
        ({"absent": True, "state": "stopped"}, "absent: cannot be combined with project, state and attributes"),
        ({"start": 5, "end": 5}, "end: must be after the start"),
        ({"since": 5, "until": 4, "absent": True}, "until: must be after the start of the interval"),
        ({"since": 5, "end": 9}, "since: the correction has no changes in this interval"),
        ({"until": 5, "end": 9}, "until: the correction has no changes in this interval"),
        ({"start": FUTURE}, "start: 2027-01-01T00:00:00.000000Z is in the future"),
        ({"end": FUTURE}, "end: 2027-01-01T00:00:00.000000Z is in the future"),
        ({"since": FUTURE, "absent": True}, "since: 2027-01-01T00:00:00.000000Z is in the future"),
        ({"end": parse_iso(SINCE)}, "end: 2026-01-02T00:00:00.000000Z is not after the start, 2026-01-02"),
        ({"attributes": {"vcpus": -4}}, "attributes.vcpus: '-4' is not a non-negative integer"),
        ({"attributes": {"vcpus": "x"}}, "attributes.vcpus: 'x' is not a non-negative integer"),
        ({"attributes": {"vcpus": 1.5}}, "attributes.vcpus: '1.5' is not a non-negative integer"),
        ({"attributes": {"vcpus": True}}, "attributes.vcpus: 'True' is not a non-negative integer"),
        ({"attributes": {"vcpus": 2**63}}, "attributes.vcpus: '9223372036854775808' is not a non-negative integer"),
        ({"attributes": {"flavor": False}}, "attributes.flavor: 'False' is not a string"),
        ({"attributes": {"vcpu": 4}}, "attributes.vcpu: instance has no such attribute"),
        ({"state": "sleepy"}, "state: 'sleepy' is not a state of instance"),
        ({"state": "x" * 33}, "state is longer"),
        ({"project_id": "a\0b"}, "project_id has invalid characters"),
    ],
)
def test_invalid_correction_is_rejected(stack: ServiceHarness, values: dict[str, Any], error: str) -> None:
    with pytest.raises(Invalid, match=error):
        correct(stack, **values)
    assert len(segments(stack)) == 1
    assert list_corrections(stack) == []


def test_start_after_the_end_needs_another_end(stack: ServiceHarness) -> None:
    end, later = parse_iso("2026-01-03T00:00:00"), parse_iso("2026-01-04T00:00:00")
    correct(stack, end=end)
    with pytest.raises(Invalid, match=r"start: 2026-01-04T.* is not before the end, 2026-01-03"):
        correct(stack, start=later)
    (segment,) = correct(stack, start=later, end=later + SECOND_US).after
    assert (segment.start, segment.end) == (later, later + SECOND_US)


def test_absent_removes_all_usage(stack: ServiceHarness) -> None:
    assert correct(stack, absent=True).after == []


def test_window_may_end_in_the_future(stack: ServiceHarness) -> None:
    result = correct(stack, since=parse_iso("2026-01-03T00:00:00"), until=FUTURE, state="stopped")
    assert [segment.state for segment in result.after] == ["active", "stopped", "active"]


def test_values_of_segments_define_the_schema(stack: ServiceHarness) -> None:
    """A resource type without a meter file: attribute types of the resource, and states of all resources."""
    box, other = Resource("dc-1", "box", "b1"), Resource("dc-1", "box", "b2")
    at = parse_iso(SINCE)
    payload = {"resource_type": "box", "project_id": "p1", "attributes": {"slots": 2, "kelvin": -4, "label": "a"}}
    events = [
        Event(
            resource.resource_id,
            "usage.started",
            "x",
            at,
            "dc-1",
            {**payload, "resource_id": resource.resource_id, "state": state},
        )
        for resource, state in ((box, "open"), (other, "shut"))
    ]
    with stack.services.database.transaction() as db:
        stack.services.ingest.own_events.ingest(db, events, stack.clock.now())
    for wrong in ({"slots": -1}, {"slots": "x"}, {"kelvin": "x"}, {"label": True}):
        with pytest.raises(Invalid, match=f"attributes.{next(iter(wrong))}: "):
            correct(stack, box, attributes=wrong)
    with pytest.raises(Invalid, match="is not a string, integer or boolean"):
        correct(stack, box, attributes={"new": 1.5})
    (segment,) = correct(
        stack, box, attributes={"slots": "3", "kelvin": -5, "label": 7, "new": "n"}, state="shut"
    ).after
    assert (segment.state, segment.attributes) == ("shut", {"slots": 3, "kelvin": -5, "label": "7", "new": "n"})
    with pytest.raises(Invalid, match="state: 'ajar' is not a state of box") as raised:
        correct(stack, box, state="ajar")
    assert raised.value.hint == "known states: active, shut"


def test_meter_file_defines_the_schema(stack: ServiceHarness) -> None:
    router = Resource("dc-1", "router", "r1")
    start = parse_iso(SINCE)
    (segment,) = correct(stack, router, start=start, project_id="p1", attributes={"ha": "true"}, state="active").after
    assert segment.attributes == {"ha": True}
    with pytest.raises(Invalid, match=r"attributes.ha: 'perhaps' is not a boolean"):
        correct(stack, router, attributes={"ha": "perhaps"})
    with pytest.raises(Invalid, match="state: 'available' is not a state of router"):
        correct(stack, router, state="available")


@pytest.mark.parametrize("key", ["x" * 129, "a\nb"])
def test_invalid_message_id_is_rejected(stack: ServiceHarness, key: str) -> None:
    with pytest.raises(Invalid, match="id: must have 1 to 128 printable characters"):
        correct(stack, key=key, state="stopped")


def test_admins_correct_and_system_readers_list(stack: ServiceHarness) -> None:
    with pytest.raises(Forbidden):
        correct(stack, caller=customer("p1"), state="stopped")
    auditor = Caller("u2", system=True, roles=frozenset({"reader"}))
    with stack.services.database.read_transaction() as db:
        services = stack.services
        assert services.ingest.corrections.list(stack.ctx(db, auditor), UsageFilter(), Page()).items == []
        with pytest.raises(Forbidden):
            services.ingest.corrections.list(stack.ctx(db, customer("p1")), UsageFilter(), Page())


def test_pages_and_filters(stack: ServiceHarness) -> None:
    result = [correct(stack, end=parse_iso(f"2026-01-04T{hour:02}:00:00")).message_id for hour in range(5)]
    correct(stack, Resource("dc-1", "volume", "v1"), state="error")
    ids, marker = [], None
    while True:
        with stack.services.database.read_transaction() as db:
            page = stack.services.ingest.corrections.list(
                stack.ctx(db), UsageFilter(resource_type="instance"), Page(2, marker)
            )
        ids += [stored.record.message_id for stored in page.items]
        if not page.more:
            break
        marker = str(page.items[-1].number)
    assert ids == result[::-1]
    assert len(list_corrections(stack, resource_id="v1")) == 1
    assert list_corrections(stack, cloud="other") == []
    with stack.services.database.read_transaction() as db, pytest.raises(Invalid, match="marker"):
        stack.services.ingest.corrections.list(stack.ctx(db), UsageFilter(), Page(2, "x"))


def test_correction_in_a_message_is_rejected(stack: ServiceHarness) -> None:
    """The author of a correction is the authenticated user; a message bus has none."""
    result = correct(stack, end=parse_iso("2026-01-03T00:00:00"))
    with stack.services.database.read_transaction() as db:
        (_, message) = (repository.batches.find_messages(db, repository.batches.get_current_position(db)) or [])[0]
    forged = message.replace(result.message_id.encode(), b"another")
    assert forged != message
    with stack.services.database.transaction() as db:
        ingested = stack.services.ingest.messages.ingest(db, "dc-1", [forged], stack.clock.now())
    assert ingested == IngestResult(rejected=1)
    assert len(list_corrections(stack)) == 1


def test_replay_of_all_messages_does_not_change_corrections(stack: ServiceHarness) -> None:
    result = correct(stack, end=parse_iso("2026-01-03T00:00:00"))
    with stack.services.database.transaction() as db:
        after: int | None = 0
        while after is not None:
            _, after = stack.services.ingest.ignored_messages.replay(stack.ctx(db), after)
    assert segments(stack) == result.after
    assert len(list_corrections(stack)) == 1
