"""Messages without an ID or time of their own, and messages that Almanach published again."""

import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from stratiform.kit.clock import format_iso, parse_iso
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.parsing import MessageParser
from stratiform.services.ingest.parsing.envelope import Message, parse_envelope
from stratiform.services.ledger.model import Resource, Segment, Statement
from stratiform.services.ledger.model.fold import fold_statements
from support.ledger import recorded
from support.stacks import ServiceHarness, build_harness

PARSER = MessageParser.load()

VOLUME = {
    "tenant_id": "p",
    "volume_id": "v1",
    "status": "available",
    "size": 3,
    "display_name": "data",
    "created_at": "2026-01-01T08:59:50",
    "launched_at": "2026-01-01T09:00:00",
}
RESOURCE = Resource("c", "volume", "v1")


@pytest.fixture
def any_harness(database_url: str, home: Path) -> Iterator[ServiceHarness]:
    """A stack on each database."""
    home.mkdir(parents=True, exist_ok=True)
    stack = build_harness(home, database_url)
    yield stack
    stack.services.database.close()


def message(event_type: str = "volume.resize.end", payload: Any = VOLUME, **more: Any) -> dict[str, Any]:
    return {"event_type": event_type, "publisher_id": "volume.host", "payload": payload, **more}


def repetition(event_type: str, payload: Any, at: str, published: str, retries: int = 6) -> dict[str, Any]:
    """Return a message as Almanach 4 publishes it again: with a new ID and time, and the context of the original."""
    return message(
        event_type,
        payload,
        message_id=f"new-{published}",
        timestamp=published,
        publisher_id="almanach.collector",
        _context_timestamp=at,
        _context_retry_count=retries,
    )


def parse(document: dict[str, Any]) -> Message:
    return parse_envelope(json.dumps(document).encode())


def statements_of(*documents: dict[str, Any]) -> list[Statement]:
    parsed = [PARSER.parse_message("c", json.dumps(document).encode()) for document in documents]
    return [each.statement for message in parsed for each in message.statements]


def segments_of(*documents: dict[str, Any]) -> Sequence[Segment]:
    return fold_statements(RESOURCE, statements_of(*documents)).segments


def list_usage(harness: ServiceHarness) -> list[tuple[str, str | None]]:
    with harness.services.database.read_transaction() as db:
        segments = harness.services.ledger.segment_histories.list_all_by_id(db, "v1", ["volume"])
    return [(format_iso(each.start), None if each.end is None else format_iso(each.end)) for each in segments]


def test_id_is_derived_from_the_content() -> None:
    first = message(timestamp="2026-01-01 10:00:00.5")
    assert parse(first).message_id.startswith("sha256:")
    envelope = {"oslo.version": "2.0", "oslo.message": json.dumps(first)}
    same = [
        first,
        dict(reversed(first.items())),
        first | {"payload": dict(reversed(VOLUME.items()))},
        first | {"message_id": ""},
        first | {"message_id": None},
        first | {"timestamp": "2026-01-01T10:00:00.500000+00:00"},
        first | {"_context_request_id": "req-1"},
        envelope,
        {"ts": 1.5, "exchange": "cinder", "body": envelope},
    ]
    assert {parse(each).message_id for each in same} == {parse(first).message_id}
    different = [
        first,
        first | {"timestamp": "2026-01-01 10:00:00.6"},
        first | {"event_type": "volume.extend.end"},
        first | {"publisher_id": "volume.other"},
        first | {"payload": VOLUME | {"size": 4}},
    ]
    assert len({parse(each).message_id for each in different}) == len(different)
    assert parse(first | {"message_id": "m1"}).message_id == "m1"


@pytest.mark.parametrize(
    ("document", "at"),
    [
        (message(timestamp="2026-01-01 10:00:00", _context_timestamp="2026-01-01T09:59:58.25"), "10:00:00"),
        (message(_context_timestamp="2026-01-01T09:59:58.250000"), "09:59:58.25"),
        (message(timestamp=None, _context_timestamp="2026-01-01T09:59:58.250000"), "09:59:58.25"),
        (message(timestamp="", _context_timestamp="2026-01-01T09:59:58.250000"), "09:59:58.25"),
        (message("volume.create.end", _context_timestamp="2026-01-01T08:59:49"), "08:59:49"),
        (message("volume.create.end"), "09:00:00"),
        (message("volume.create.end", VOLUME | {"launched_at": None}), "08:59:50"),
        (message("volume_type.create", {"volume_types": {"id": "t", "created_at": "2026-01-01T07:00:00Z"}}), "07:00"),
        (message("compute.instance.delete.end", {"terminated_at": "2026-01-01T11:00:00.5"}), "11:00:00.5"),
    ],
)
def test_time_of_a_message(document: dict[str, Any], at: str) -> None:
    assert format_iso(parse(document).at) == format_iso(parse_iso(f"2026-01-01T{at}Z"))
    assert parse(document).repeated_at is None


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (message(), "timestamp is missing"),
        (message(message_id="m1"), "timestamp is missing"),
        (message("volume.create.end", None), "timestamp is missing"),
        (message("volume.create.end", [VOLUME]), "timestamp is missing"),
        (message("volume.delete.end"), "timestamp is missing"),
        (message(_context_timestamp="soon"), "_context_timestamp is not a valid time"),
        (message("volume.create.end", VOLUME | {"launched_at": "soon"}), "launched_at is not a valid time"),
        (
            repetition("volume.delete.end", VOLUME, "", "2026-01-01 11:12:00"),
            "the timestamp of the original message is missing: Almanach republished this message",
        ),
    ],
)
def test_message_without_any_time_is_rejected(document: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidMessage) as raised:
        parse(document)
    assert raised.value.message.startswith(reason)


@pytest.mark.parametrize(
    ("event_type", "payload", "at"),
    [
        ("volume.delete.end", VOLUME | {"status": "deleting"}, "10:59:58.25"),
        ("volume.attach.end", VOLUME, "10:59:58.25"),
        ("compute.instance.resize.confirm.end", {}, "10:59:58.25"),
        ("volume.create.end", VOLUME, "09:00:00"),
        ("compute.instance.delete.end", {"deleted_at": "2026-01-01T10:59:59"}, "10:59:59"),
        ("compute.instance.delete.end", {"deleted_at": "", "terminated_at": "2026-01-01T10:59:59.5"}, "10:59:59.5"),
    ],
)
def test_repetition_has_the_time_of_the_original(event_type: str, payload: Any, at: str) -> None:
    parsed = [
        parse(repetition(event_type, payload, "2026-01-01T10:59:58.250000", f"2026-01-01 {published}", retries))
        for published, retries in (("11:12:00", 1), ("11:12:25", 6))
    ]
    assert [format_iso(each.at) for each in parsed] == [format_iso(parse_iso(f"2026-01-01T{at}Z"))] * 2
    assert [format_iso(each.repeated_at or 0)[11:19] for each in parsed] == ["11:12:00", "11:12:25"]
    assert parsed[0].message_id == parsed[1].message_id


def test_repetition_is_recognized_by_publisher_or_context() -> None:
    full = repetition("volume.attach.end", VOLUME, "2026-01-01T10:00:00", "2026-01-01 11:00:00")
    by_publisher = {key: value for key, value in full.items() if key != "_context_retry_count"}
    by_context = full | {"publisher_id": "volume.host"}
    assert [format_iso(parse(each).at)[11:19] for each in (full, by_publisher, by_context)] == ["10:00:00"] * 3
    assert len({parse(each).message_id for each in (full, by_publisher, by_context)}) == 1


def test_dead_letter_ends_a_volume_when_it_was_deleted(any_harness: ServiceHarness) -> None:
    """The deletion of 09:00 that Almanach gave up at 11:12 ends the volume at 09:00."""
    created = VOLUME | {"launched_at": "2026-01-01T08:00:00"}
    documents = [
        message("volume.create.end", created, message_id="m1", timestamp="2026-01-01 08:00:00.5"),
        repetition("volume.delete.end", created, "2026-01-01T09:00:00", "2026-01-01 11:12:00"),
        repetition("volume.delete.end", created, "2026-01-01T09:00:00", "2026-01-01 11:14:05"),
    ]
    for document in documents:
        with any_harness.services.database.transaction() as db:
            any_harness.services.ingest.messages.ingest(db, "c", [json.dumps(document).encode()], 1)
    assert list_usage(any_harness) == [("2026-01-01T08:00:00.000000Z", "2026-01-01T09:00:00.000000Z")]


CREATED = message("volume.create.end", message_id="m1", timestamp="2026-01-01 09:00:00.5")
RESIZED = message("volume.resize.end", VOLUME | {"size": 5}, message_id="m2", timestamp="2026-01-01 10:00:02.5")
DELETED = message("volume.delete.end", VOLUME | {"size": 5}, message_id="m3", timestamp="2026-01-01 11:00:03.5")


def repeat(original: dict[str, Any], at: str, published: str) -> dict[str, Any]:
    return repetition(original["event_type"], original["payload"], f"2026-01-01 {at}", f"2026-01-01 {published}")


@pytest.mark.parametrize("backwards", [False, True])
def test_original_takes_precedence_over_its_repetitions(any_harness: ServiceHarness, *, backwards: bool) -> None:
    """If both are consumed, nothing changes, in whatever order they arrive."""
    documents = [
        CREATED,
        repeat(RESIZED, "10:00:00", "10:00:02.6"),
        RESIZED,
        repeat(RESIZED, "10:00:00", "10:00:27"),
        DELETED,
        repeat(DELETED, "11:00:00", "11:00:03.4"),  # the clock of Almanach's host is slower
    ]
    for document in documents[::-1] if backwards else documents:
        with any_harness.services.database.transaction() as db:
            any_harness.services.ingest.messages.ingest(db, "c", [json.dumps(document).encode()], 1)
    assert list_usage(any_harness) == [
        ("2026-01-01T09:00:00.000000Z", "2026-01-01T10:00:02.500000Z"),
        ("2026-01-01T10:00:02.500000Z", "2026-01-01T11:00:03.500000Z"),
    ]


def test_order_of_repetitions_does_not_matter() -> None:
    documents = [CREATED, RESIZED, repeat(RESIZED, "10:00:00", "10:00:27"), DELETED, repeat(DELETED, "11:00", "11:01")]
    expected = segments_of(CREATED, RESIZED, DELETED)
    assert all(segments_of(*order) == expected for order in itertools.permutations(documents))


def test_repetition_of_a_lost_original_counts() -> None:
    """A later event with the same content is not the original, because the repetition was published before it."""
    smaller = message("volume.resize.end", VOLUME | {"size": 3}, message_id="m4", timestamp="2026-01-01 12:00:00")
    again = RESIZED | {"message_id": "m5", "timestamp": "2026-01-01 13:00:00"}
    lost = repeat(RESIZED, "10:00:00", "10:02:05")
    segments = segments_of(CREATED, lost, smaller, again)
    assert [format_iso(each.start)[11:19] for each in segments] == ["09:00:00", "10:00:00", "12:00:00", "13:00:00"]


def attachment(event_type: str, *servers: str, status: str = "available", at: str = "10:00:00", **more: Any) -> Any:
    attachments = [{"instance_uuid": server, "attach_status": status} for server in servers]
    payload = VOLUME | {"status": "in-use", "volume_attachment": attachments}
    return message(event_type, payload, timestamp=f"2026-01-01 {at}", **more)


@pytest.mark.parametrize(
    ("documents", "attached_to"),
    [
        ([attachment("volume.attach.end", "i1")], "i1"),
        ([attachment("volume.attach.end", "i2", "i1")], "i2,i1"),
        ([attachment("volume.attach.end", "i1"), attachment("volume.resize.end", "i1", at="11:00")], "i1"),
        ([attachment("volume.attach.end", "i1"), attachment("volume.detach.end", "i1", at="11:00")], None),
        ([attachment("volume.attach.end", "i1", status="attaching")], None),
        ([attachment("volume.detach.end", "i1", status="detached")], None),
        ([attachment("volume.detach.end", "i1", status="attached")], "i1"),
    ],
)
def test_attachments_in_almanachs_messages(documents: list[Any], attached_to: str | None) -> None:
    segments = segments_of(CREATED, *documents)
    assert segments[-1].attributes.get("attached_to") == attached_to


def test_attachments_are_in_the_order_of_their_times() -> None:
    servers = [("i3", "2026-01-01T10:00:01"), ("i1", "2026-01-01T10:00:02"), ("i2", "2026-01-01T10:00:03")]
    items = [{"instance_uuid": id_, "attach_status": "attached", "attach_time": at} for id_, at in servers]
    for order in itertools.permutations(items):
        payload = VOLUME | {"volume_attachment": list(order)}
        (statement,) = statements_of(message("volume.update.end", payload, timestamp="2026-01-01 11:00:00"))
        assert statement.attributes["attached_to"] == "i3,i1,i2"


@pytest.mark.parametrize(
    "lists", [(("i1",), ("i1", "i2")), (("i1", "i2"), ("i2",)), (("i1",), ()), ((), ("i1",)), (("i1",), ("i2",))]
)
def test_messages_without_an_id_of_one_instant_are_ordered_by_arrival(
    any_harness: ServiceHarness, lists: tuple[tuple[str, ...], ...]
) -> None:
    documents = [CREATED, *(attachment("volume.attach.end", *servers) for servers in lists)]
    for document in [*documents, documents[1]]:  # a duplicate has the place of the first
        with any_harness.services.database.transaction() as db:
            any_harness.services.ingest.messages.ingest(db, "c", [json.dumps(document).encode()], 1)
    with any_harness.services.database.read_transaction() as db:
        (*_, last) = any_harness.services.ledger.segment_histories.list_all_by_id(db, "v1", ["volume"])
    assert last.attributes.get("attached_to", "") == ",".join(lists[-1])
    assert segments_of(*documents)[-1].attributes == last.attributes


@pytest.mark.parametrize("ids", [("a", "b"), ("b", "a")])
@pytest.mark.parametrize(
    ("first", "second"), [(("attach", "i1"), ("detach",)), (("attach", "i1", "i2"), ("attach", "i2"))]
)
def test_detach_follows_attach_in_one_instant(
    ids: tuple[str, str], first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    documents = [
        attachment(f"volume.{action}.end", *servers, message_id=id_)
        for id_, (action, *servers) in zip(ids, (first, second), strict=True)
    ]
    for order in (documents, documents[::-1]):
        assert segments_of(CREATED, *order)[-1].attributes.get("attached_to", "") == ",".join(second[1:])


def test_recorded_messages_keep_their_identity() -> None:
    for line in recorded():
        document = json.loads(json.loads(line)["body"]["oslo.message"])
        parsed = parse_envelope(line)
        assert (parsed.message_id, parsed.repeated_at) == (document["message_id"], None)
