"""Ends of resources that meter files define: by a state, by a time in the notification, and by repeated deletions."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratiform.kit.clock import DAY_US, HOUR_US, SECOND_US, Micros, format_iso, parse_iso
from stratiform.kit.errors import Invalid
from stratiform.kit.outbox import Event
from stratiform.services.ingest.parsing import MessageParser
from stratiform.services.ingest.parsing.meter_file_parser import parse_meter_file
from stratiform.services.ledger.model import Resource, Statement
from stratiform.services.ledger.model.fold import fold_statements
from support.profiles import examples

PARSER = MessageParser.load()
CREATED = parse_iso("2026-11-01T10:00:00Z")
DELETED = parse_iso("2026-11-05T12:00:00Z")

#: When the notification of the deletion is sent: a little later than the time that the database truncates.
NOTIFIED = DELETED + 708_945

#: Keys of each type in Cinder's notifications, besides those that all have (cinder/volume/volume_utils.py).
CINDER: dict[str, dict[str, Any]] = {
    "volume": {"volume_id": "x", "size": 5, "launched_at": format_iso(CREATED)},
    "snapshot": {"snapshot_id": "x", "volume_id": "v", "volume_size": 5},
    "backup": {"backup_id": "x", "volume_id": "v", "size": 5},
}


def make_event(resource_type: str, action: str, at: Micros, status: str, period: tuple[Micros, Micros] | None) -> Event:
    payload = {
        "tenant_id": "p1",
        "display_name": "data",
        "created_at": format_iso(CREATED),
        "status": status,
        **CINDER[resource_type],
    }
    if period is not None:
        payload |= {"audit_period_beginning": format_iso(period[0]), "audit_period_ending": format_iso(period[1])}
    message_id = f"{resource_type}-{action}-{at}-{status}"
    return Event(message_id, f"{resource_type}.{action}", "x", at, "c", payload)


def created(resource_type: str) -> Event:
    return make_event(resource_type, "create.end", CREATED + SECOND_US, "available", None)


def deleted(resource_type: str) -> Event:
    return make_event(resource_type, "delete.end", NOTIFIED, "deleted", None)


def repeated(resource_type: str, action: str, instant: Micros, *, days: int = 20) -> Event:
    """Return what `cinder-volume-usage-audit --send_actions` sends again, with the present row of the resource."""
    return make_event(resource_type, action, instant + days * DAY_US, "deleted", (instant, instant))


def existing(resource_type: str, day: int, status: str = "deleted") -> Event:
    start = CREATED - CREATED % DAY_US + day * DAY_US
    return make_event(resource_type, "exists", start + DAY_US + 5 * SECOND_US, status, (start, start + DAY_US))


def find_end(events: Sequence[Event], resource_type: str, parent_end: Micros | None = None) -> Micros | None:
    statements = [parsed.statement for event in events for parsed in PARSER.parse_event(event)]
    usage = fold_statements(Resource("c", resource_type, "x"), statements, parent_end)
    assert usage.segments, "it was used"
    return usage.segments[-1].end


@pytest.mark.parametrize("resource_type", CINDER)
def test_deletion_that_the_usage_audit_repeats_ends_at_its_audit_period(resource_type: str) -> None:
    events = [created(resource_type), repeated(resource_type, "delete.end", DELETED)]
    assert find_end(events, resource_type) == DELETED


@pytest.mark.parametrize("resource_type", CINDER)
def test_repetition_does_not_change_the_end(resource_type: str) -> None:
    events = [created(resource_type), deleted(resource_type)]
    assert find_end(events, resource_type) == NOTIFIED
    for action in ("delete.start", "delete.end", "create.start", "create.end"):
        events.append(repeated(resource_type, action, DELETED if action.startswith("delete") else CREATED))
        assert find_end(events, resource_type) == NOTIFIED


@pytest.mark.parametrize("resource_type", CINDER)
def test_existing_resource_with_the_status_deleted_ends(resource_type: str) -> None:
    report = existing(resource_type, 4)
    assert find_end([report], resource_type) == report.at
    assert (
        find_end([created(resource_type), existing(resource_type, 3, "available"), report], resource_type) == report.at
    )
    assert find_end([existing(resource_type, 3, "available")], resource_type) is None
    assert find_end([report, deleted(resource_type)], resource_type) == NOTIFIED


@pytest.mark.parametrize("resource_type", CINDER)
def test_repeated_creation_of_a_deleted_resource_is_no_deletion_at_its_creation(resource_type: str) -> None:
    repetition = repeated(resource_type, "create.end", CREATED)
    assert find_end([repetition], resource_type) == repetition.at
    assert find_end([repetition, repeated(resource_type, "delete.end", DELETED)], resource_type) == DELETED


def test_snapshot_whose_volume_ended_ends_with_it_unless_its_own_deletion_is_known() -> None:
    volume_end = DELETED + HOUR_US
    assert find_end([created("snapshot"), existing("snapshot", 9)], "snapshot", volume_end) == volume_end
    events = [created("snapshot"), existing("snapshot", 9), repeated("snapshot", "delete.end", DELETED)]
    assert find_end(events, "snapshot", volume_end) == DELETED


@settings(max_examples=examples(60), deadline=None)
@given(st.sampled_from(sorted(CINDER)), st.data())
def test_order_duplicates_and_repetitions_do_not_matter(resource_type: str, data: st.DataObject) -> None:
    """All that Cinder may send about a deleted resource, in any order and number, gives the same segments."""
    certain = [created(resource_type), deleted(resource_type)]
    repetitions = [
        *(
            repeated(resource_type, f"delete.{step}", DELETED, days=days)
            for step in ("start", "end")
            for days in (1, 31)
        ),
        *(
            repeated(resource_type, f"create.{step}", CREATED, days=days)
            for step in ("start", "end")
            for days in (5, 9)
        ),
        *(existing(resource_type, day) for day in (4, 30)),
        *(existing(resource_type, day, "available") for day in (0, 1, 3)),
    ]
    selected = data.draw(st.lists(st.sampled_from(repetitions), max_size=20))
    events = data.draw(st.permutations([*certain, *selected, *data.draw(st.lists(st.sampled_from(certain)))]))
    assert _fold(events, resource_type) == _fold(certain, resource_type)


def _fold(events: Sequence[Event], resource_type: str) -> object:
    statements: dict[str, Statement] = {}
    for event in events:
        for parsed in PARSER.parse_event(event):
            statements.setdefault(parsed.statement.message_id, parsed.statement)
    return fold_statements(Resource("c", resource_type, "x"), list(statements.values())).segments


IMAGE = {"id": "i", "owner": "p1", "name": "debian", "size": 7, "status": "active", "deleted_at": None}


def test_image_ends_when_its_row_was_deleted() -> None:
    active = Event("m1", "image.activate", "x", CREATED, "c", IMAGE)
    deleted_image = IMAGE | {"status": "deleted", "deleted_at": format_iso(DELETED)}
    late = Event("m2", "image.delete", "x", DELETED + HOUR_US, "c", deleted_image)
    prompt = Event("m3", "image.delete", "x", NOTIFIED, "c", deleted_image)
    update = Event("m4", "image.update", "x", DELETED + DAY_US, "c", deleted_image)
    for expected, events in ((DELETED, [late]), (NOTIFIED, [late, prompt]), (DELETED, [update])):
        for order in itertools.permutations([active, *events]):
            statements = [parsed.statement for event in order for parsed in PARSER.parse_event(event)]
            (segment,) = fold_statements(Resource("c", "image", "i"), statements).segments
            assert (segment.start, segment.end) == (CREATED, expected)


@pytest.mark.parametrize("status", ["deleted", "pending_delete"])
def test_image_that_is_not_active_any_more_does_not_start(status: str) -> None:
    event = Event(
        "m1", "image.update", "x", DELETED, "c", IMAGE | {"status": status, "deleted_at": format_iso(DELETED)}
    )
    (parsed,) = PARSER.parse_event(event)
    assert (parsed.statement.launched_at, parsed.statement.is_deleted) == (None, True)


def test_time_of_deletion_counts_only_if_the_resource_is_gone() -> None:
    event = Event("m1", "image.activate", "x", CREATED, "c", IMAGE | {"deleted_at": format_iso(DELETED)})
    (parsed,) = PARSER.parse_event(event)
    assert (parsed.statement.deleted_at, parsed.statement.is_deleted) == (None, False)


def test_load_balancer_with_the_status_deleted_ends() -> None:
    payload = {"id": "b", "project_id": "p1", "provisioning_status": "DELETED"}
    (parsed,) = PARSER.parse_event(Event("m", "octavia.loadbalancer.update.end", "x", DELETED, "c", payload))
    assert (parsed.statement.launched_at, parsed.statement.is_deleted) == (None, True)


FILE = """
name = "share"
title = "Shares"
unit = "share"
source = "a test"
deleted_at = "removed_at"

[identity]
id = "id"
project = "project"

[state]
path = "status"
{state}

[[events]]
type = "share.create"
rule = "start"

[[events]]
type = "share.*"
rule = "update"

[[events]]
type = "share.delete"
rule = "stop"
{stop}
"""


def parse_share(action: str, *, stop: str = "", **payload: Any) -> Statement:
    file = FILE.format(state='deleted = ["deleted", "error_deleting*"]', stop=stop)
    parser = MessageParser([parse_meter_file(file, "share.toml")])
    event = Event("m1", f"share.{action}", "x", NOTIFIED, "c", {"id": "s", "project": "p1", **payload})
    (parsed,) = parser.parse_event(event)
    return parsed.statement


@pytest.mark.parametrize(
    ("status", "is_deleted"), [("deleted", True), ("error_deleting_x", True), ("available", False), (None, False)]
)
def test_values_of_deleted_are_exact_or_prefixes(status: str | None, is_deleted: bool) -> None:
    assert parse_share("update", status=status).is_deleted is is_deleted


def test_instants_of_a_stop_in_the_order_of_their_precedence() -> None:
    instants = {"at": format_iso(DELETED), "removed_at": format_iso(DELETED + 1)}
    period = {"audit_period_beginning": format_iso(DELETED + 2), "audit_period_ending": format_iso(DELETED + 2)}
    assert parse_share("delete", stop='at = "at"', **instants, **period).deleted_at == DELETED
    assert parse_share("delete", **instants, **period).deleted_at == DELETED + 1
    assert parse_share("delete", stop="exact = true", **period).deleted_at == DELETED + 2
    assert parse_share("delete", stop="exact = true").deleted_at == NOTIFIED
    assert parse_share("delete").deleted_at is None
    longer = period | {"audit_period_ending": format_iso(DELETED + 3)}
    assert parse_share("delete", **longer).deleted_at is None
    assert parse_share("create", **period).launched_at == DELETED + 2
    assert parse_share("create", status="deleted").launched_at is None


@pytest.mark.parametrize(
    ("state", "stop", "problem"),
    [
        ("", "", "state: `map` or `deleted` is required"),
        ('map = { deleted = "active" }\ndeleted = ["deleted"]', "", "state.deleted: 'deleted' is also in `map`"),
        ('deleted = [""]', "", "state.deleted"),
        ('deleted = ["deleted"]', "exact = 1", "exact"),
    ],
)
def test_invalid_file_names_the_key(state: str, stop: str, problem: str) -> None:
    with pytest.raises(Invalid, match=problem.replace(".", r"\.")):
        parse_meter_file(FILE.format(state=state, stop=stop), "share.toml")


def test_exact_is_a_key_of_stop_only() -> None:
    file = FILE.format(state='deleted = ["deleted"]', stop="").replace(
        'rule = "update"', 'rule = "update"\nexact = true'
    )
    with pytest.raises(Invalid, match=r"events\[1\]\.exact: requires rule = 'stop'"):
        parse_meter_file(file, "share.toml")
