"""Parsing of messages: envelopes, notifications of Nova and Cinder, and invalid messages."""

import json
from typing import Any

import pytest

from stratiform.kit.clock import format_iso, parse_iso
from stratiform.kit.outbox import Event
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.parsing import MessageParser, encode_event, parse_event, redact_token
from stratiform.services.ledger.model import ParsedMessage, ResourceStatement
from support.ledger import recorded

PARSER = MessageParser.load()
list_statements = PARSER.parse_event

VOLUME = {
    "tenant_id": "p",
    "volume_id": "v1",
    "status": "available",
    "size": 3,
    "volume_type": "t",
    "display_name": "data",
    "launched_at": "2026-01-01T10:00:00.250000+00:00",
}
INSTANCE = {
    "tenant_id": "p",
    "instance_id": "i1",
    "state": "active",
    "launched_at": "2026-01-01T10:00:00.250000",
    "terminated_at": "",
    "deleted_at": "",
    "memory_mb": 64,
    "vcpus": 1,
    "root_gb": 5,
    "ephemeral_gb": 2,
    "instance_type": "m1",
    "image_meta": {"base_image_ref": "img", "os_distro": "debian"},
}


def message(**changes: Any) -> dict[str, Any]:
    defaults = {
        "message_id": "m1",
        "publisher_id": "volume.host",
        "event_type": "volume.create.end",
        "timestamp": "2026-01-01 10:00:00.500000",
        "priority": "INFO",
        "payload": VOLUME,
    }
    return {**defaults, **changes}


def event(event_type: str, payload: dict[str, Any], at: str = "2026-01-01 10:00:00.500000") -> Event:
    return Event("m1", event_type, "x", parse_iso(at), "cloud", payload)


def statement_of(event_type: str, payload: dict[str, Any], at: str = "2026-01-01 10:00:00.500000") -> ResourceStatement:
    (statement,) = list_statements(event(event_type, payload, at))
    return statement


def test_all_envelopes_give_the_same_event() -> None:
    bare = message()
    second = {"oslo.version": "2.0", "oslo.message": json.dumps(bare)}
    line = {"ts": 1.5, "exchange": "cinder", "routing_key": "notifications.info", "content_type": "application/json"}
    forms = [bare, second, line | {"body": second}, line | {"body": bare}, line | {"body": json.dumps(second)}]
    events = [parse_event(json.dumps(form).encode(), "cloud") for form in forms]
    assert events == [events[0]] * 5
    assert events[0].at == parse_iso("2026-01-01T10:00:00.5Z")
    assert parse_event(encode_event(events[0]), "cloud") == events[0]


def test_encoded_event_gives_the_same_statements() -> None:
    for line in recorded():
        original = parse_event(line, "c")
        decoded = parse_event(encode_event(original), "c")
        assert decoded == original
        assert list_statements(decoded) == list_statements(original)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b'{"oslo.version": "3.0", "oslo.message": "{}"}', "envelope version 3.0"),
        (b'{"oslo.version": "2.0", "oslo.message": "{"}', "not JSON"),
        (b'{"oslo.version": "2.0", "oslo.message": 7}', "not a JSON object"),
        (b'{"exchange": "nova", "body": "{"}', "not JSON"),
        (json.dumps(message(message_id=7)).encode(), "message_id is not a string"),
        (json.dumps(message(message_id="x" * 200)).encode(), "message_id is longer"),
        (json.dumps(message(message_id="a\x00b")).encode(), "message_id has invalid characters"),
        (json.dumps(message(event_type=None)).encode(), "event_type is missing"),
        (json.dumps(message(event_type=["volume.create.end"])).encode(), "event_type is not a string"),
        (json.dumps(message(timestamp=None, event_type="volume.resize.end")).encode(), "timestamp is missing"),
        (json.dumps(message(timestamp="yesterday")).encode(), "timestamp is not a valid time"),
        (json.dumps(message(timestamp=12)).encode(), "timestamp is not a valid time"),
        (json.dumps(message(timestamp="9999-12-31T23:59:59-14:00")).encode(), "timestamp is not a valid time"),
        (json.dumps(message(timestamp="1969-12-31T00:00:00")).encode(), "timestamp is out of range"),
        (json.dumps(message(payload=None)).encode(), "tenant_id is missing"),
        (json.dumps(message(payload=VOLUME | {"volume_id": ""})).encode(), "volume_id is missing"),
        (json.dumps(message(payload=VOLUME | {"tenant_id": None})).encode(), "tenant_id is missing"),
        (json.dumps(message(payload=VOLUME | {"size": "big"})).encode(), "size is not a non-negative integer"),
        (json.dumps(message(payload=VOLUME | {"size": -1})).encode(), "size is not a non-negative integer"),
        (json.dumps(message(payload=VOLUME | {"size": "1_000"})).encode(), "size is not a non-negative integer"),
        (json.dumps(message(payload=VOLUME | {"size": " 5"})).encode(), "size is not a non-negative integer"),
        (json.dumps(message(payload=VOLUME | {"size": "٣"})).encode(), "size is not a non-negative integer"),
        (json.dumps(message(payload=VOLUME | {"size": True})).encode(), "size is not a non-negative integer"),
        (json.dumps(message(payload=VOLUME | {"size": 10**30})).encode(), "size is out of range"),
        (json.dumps(message(payload=VOLUME | {"size": "9" * 30})).encode(), "size is out of range"),
        (json.dumps(message(payload=VOLUME | {"launched_at": "soon"})).encode(), "launched_at is not a valid time"),
        (json.dumps(message(event_type="instance.create.end", payload={})).encode(), "nova_object.data is missing"),
        (
            json.dumps(message(event_type="instance.create.end", payload={"uuid": "x"})).encode(),
            "nova_object.data is missing",
        ),
        (json.dumps(message(event_type="compute.instance.update")).encode(), "instance_id is missing"),
    ],
)
def test_invalid_message_has_a_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(InvalidMessage) as raised:
        list_statements(parse_event(raw, "cloud"))
    assert reason in raised.value.message


@pytest.mark.parametrize("event_type", ["usage.correction", "almanach.instance.create"])
def test_reserved_event_type_is_rejected(event_type: str) -> None:
    with pytest.raises(InvalidMessage, match="is reserved"):
        MessageParser.load().parse_message("cloud", json.dumps(message(event_type=event_type)).encode())


@pytest.mark.parametrize(
    "event_type",
    ["identity.authenticate", "port.create.start", "volume.usage", "volume_type_project.access.add", "scheduler.x"],
)
def test_other_event_types_have_no_statements(event_type: str) -> None:
    assert not list_statements(event(event_type, {}))


def test_payload_of_an_ignored_message_is_not_decoded() -> None:
    raw = json.dumps(message(event_type="identity.authenticate", payload="anything")).encode()
    at = parse_iso("2026-01-01T10:00:00.5Z")
    assert PARSER.parse_message("c", raw) == ParsedMessage("c", raw, "identity.authenticate", "m1", at, ())


def test_attributes_of_an_instance() -> None:
    parsed = statement_of("compute.instance.update", INSTANCE)
    assert parsed.resource == ("cloud", "instance", "i1")
    assert parsed.statement.attributes == {
        "vcpus": 1,
        "ram_mib": 64,
        "disk_gib": 7,
        "root_gib": 5,
        "ephemeral_gib": 2,
        "flavor": "m1",
        "image_id": "img",
        "os_distro": "debian",
        "os_version": None,
    }
    assert parsed.statement.state == "active"


def test_instance_has_no_state_before_its_launch() -> None:
    assert (
        statement_of("compute.instance.update", INSTANCE | {"launched_at": "", "state": "error"}).statement.state
        is None
    )
    assert statement_of("compute.instance.update", INSTANCE | {"state": "building"}).statement.state is None


def test_soft_deleted_instance_is_not_deleted() -> None:
    row = INSTANCE | {"state": "soft-delete", "deleted_at": "2026-01-01T11:00:00.000000"}
    parsed = statement_of("compute.instance.soft_delete.end", row).statement
    assert (parsed.deleted_at, parsed.is_deleted, parsed.state) == (None, False, "soft-delete")
    parsed = statement_of("compute.instance.delete.end", row | {"state": "deleted"}).statement
    assert (format_iso(parsed.deleted_at or 0), parsed.is_deleted) == ("2026-01-01T11:00:00.000000Z", True)


@pytest.mark.parametrize("status", ["creating", "downloading", "error", "deleting", "deleted", "error_deleting"])
def test_placeholder_for_the_launch_of_a_volume_is_ignored(status: str) -> None:
    assert statement_of("volume.create.start", VOLUME | {"status": status}).statement.launched_at is None
    whole_second = VOLUME | {"status": status, "launched_at": "2026-01-01T10:00:00+00:00"}
    assert statement_of("volume.create.start", whole_second).statement.launched_at is not None
    assert (
        statement_of("volume.create.start", VOLUME | {"status": status}, "2026-01-01 10:00:09").statement.launched_at
        is not None
    )


def test_volume_has_only_stable_states() -> None:
    states = {
        status: statement_of("volume.x", VOLUME | {"status": status}).statement.state
        for status in (
            "available",
            "in-use",
            "maintenance",
            "extending",
            "detaching",
            "retyping",
            "awaiting-transfer",
            "error_extending",
        )
    }
    assert states == {
        "available": "available",
        "in-use": "in-use",
        "maintenance": "maintenance",
        "extending": None,
        "detaching": None,
        "retyping": None,
        "awaiting-transfer": None,
        "error_extending": "error",
    }


def test_usage_audit_has_the_deletion_time_of_a_volume() -> None:
    deleted = VOLUME | {"status": "deleted", "audit_period_beginning": "2026-01-01 10:30:00+00:00"}
    repeated = statement_of(
        "volume.delete.end", deleted | {"audit_period_ending": "2026-01-01 10:30:00+00:00"}, "2026-01-01 12:00:00"
    )
    assert format_iso(repeated.statement.deleted_at or 0) == "2026-01-01T10:30:00.000000Z"
    unmanaged = statement_of("volume.unmanage.end", VOLUME | {"status": "deleted"}, "2026-01-01 12:00:00.5")
    notification = statement_of("volume.delete.end", VOLUME | {"status": "deleted"}, "2026-01-01 12:00:00.5")
    assert unmanaged.statement.deleted_at == notification.statement.deleted_at
    assert format_iso(notification.statement.deleted_at or 0) == "2026-01-01T12:00:00.500000Z"
    exact = statement_of(
        "volume.delete.end", VOLUME | {"status": "deleted", "deleted_at": "2026-01-01T11:00:00"}, "2026-01-02"
    )
    assert format_iso(exact.statement.deleted_at or 0) == "2026-01-01T11:00:00.000000Z"


def test_token_of_the_user_is_redacted() -> None:
    beside = json.dumps({"_context_auth_token": "gAAAA-secret", "message_id": None})
    inside = json.dumps({"payload": {"_context": {"user_id": "u", "auth_token": "gAAAA-secret"}}})
    forms = [form.encode() for inner in (beside, inside) for form in (inner, json.dumps({"oslo.message": inner}))]
    for raw in forms:
        assert b"gAAAA-secret" not in redact_token(raw)
        json.loads(redact_token(raw))
