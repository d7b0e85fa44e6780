"""Reading messages: every envelope, both of Nova's voices, Cinder's stand-ins, and what is malformed."""

import json
from typing import Any

import pytest

from stratiform.kit.clock import iso, parse_iso
from stratiform.kit.outbox import Event
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.events import MessageParser, envelope_of, event_of, without_token
from stratiform.services.ledger.model import ParsedMessage, ResourceStatement
from support.ledger import recorded

READER = MessageParser.load()
read = READER.list_statements

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
    made = {
        "message_id": "m1",
        "publisher_id": "volume.host",
        "event_type": "volume.create.end",
        "timestamp": "2026-01-01 10:00:00.500000",
        "priority": "INFO",
        "payload": VOLUME,
    }
    return {**made, **changes}


def event(event_type: str, payload: dict[str, Any], at: str = "2026-01-01 10:00:00.500000") -> Event:
    return Event("m1", event_type, "x", parse_iso(at), "cloud", payload)


def fact(event_type: str, payload: dict[str, Any], at: str = "2026-01-01 10:00:00.500000") -> ResourceStatement:
    (found,) = read(event(event_type, payload, at))
    return found


def test_every_envelope_is_the_same_event() -> None:
    bare = message()
    second = {"oslo.version": "2.0", "oslo.message": json.dumps(bare)}
    line = {"ts": 1.5, "exchange": "cinder", "routing_key": "notifications.info", "content_type": "application/json"}
    forms = [bare, second, line | {"body": second}, line | {"body": bare}, line | {"body": json.dumps(second)}]
    events = [event_of(json.dumps(form).encode(), "cloud") for form in forms]
    assert events == [events[0]] * 5
    assert events[0].at == parse_iso("2026-01-01T10:00:00.5Z")
    assert event_of(envelope_of(events[0]), "cloud") == events[0]


def test_rebuilding_an_envelope_loses_nothing_that_is_read() -> None:
    for line in recorded():
        came = event_of(line, "c")
        again = event_of(envelope_of(came), "c")
        assert again == came
        assert read(again) == read(came)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "no JSON object"),
        (b'"text"', "no JSON object"),
        (b'{"oslo.version": "3.0", "oslo.message": "{}"}', "envelope of version 3.0"),
        (b'{"oslo.version": "2.0", "oslo.message": "{"}', "not JSON"),
        (b'{"oslo.version": "2.0", "oslo.message": 7}', "no JSON object"),
        (b'{"exchange": "nova", "body": "{"}', "not JSON"),
        (json.dumps(message(message_id=None)).encode(), "no message_id"),
        (json.dumps(message(message_id="")).encode(), "no message_id"),
        (json.dumps(message(message_id="x" * 200)).encode(), "message_id is longer"),
        (json.dumps(message(message_id="a\x00b")).encode(), "message_id has characters"),
        (json.dumps(message(event_type=None)).encode(), "no event_type"),
        (json.dumps(message(event_type=["volume.create.end"])).encode(), "event_type is no text"),
        (json.dumps(message(timestamp=None)).encode(), "no timestamp"),
        (json.dumps(message(timestamp="yesterday")).encode(), "timestamp is no time"),
        (json.dumps(message(timestamp=12)).encode(), "timestamp is no time"),
        (json.dumps(message(timestamp="9999-12-31T23:59:59-14:00")).encode(), "timestamp is no time"),
        (json.dumps(message(timestamp="1969-12-31T00:00:00")).encode(), "timestamp is out of range"),
        (json.dumps(message(payload=None)).encode(), "no tenant_id"),
        (json.dumps(message(payload=VOLUME | {"volume_id": ""})).encode(), "no volume_id"),
        (json.dumps(message(payload=VOLUME | {"tenant_id": None})).encode(), "no tenant_id"),
        (json.dumps(message(payload=VOLUME | {"size": "big"})).encode(), "size is no whole number"),
        (json.dumps(message(payload=VOLUME | {"size": -1})).encode(), "size is no whole number"),
        (json.dumps(message(payload=VOLUME | {"size": True})).encode(), "size is no whole number"),
        (json.dumps(message(payload=VOLUME | {"size": 10**30})).encode(), "size is no whole number"),
        (json.dumps(message(payload=VOLUME | {"launched_at": "soon"})).encode(), "launched_at is no time"),
        (json.dumps(message(event_type="instance.create.end", payload={})).encode(), "no uuid"),
        (json.dumps(message(event_type="instance.create.end", payload={"uuid": "x"})).encode(), "no nova_object.data"),
        (json.dumps(message(event_type="compute.instance.update")).encode(), "no instance_id"),
    ],
)
def test_what_is_malformed_says_why(raw: bytes, reason: str) -> None:
    with pytest.raises(InvalidMessage) as refused:
        read(event_of(raw, "cloud"))
    assert reason in refused.value.message


@pytest.mark.parametrize("event_type", ["usage.correction", "almanach.instance.create"])
def test_no_message_of_a_bus_corrects_a_bill(event_type: str) -> None:
    with pytest.raises(InvalidMessage, match="is reserved"):
        MessageParser.load().parse_message("cloud", json.dumps(message(event_type=event_type)).encode())


@pytest.mark.parametrize(
    "event_type",
    ["identity.authenticate", "port.create.start", "volume.usage", "volume_type_project.access.add", "scheduler.x"],
)
def test_others_are_of_no_concern(event_type: str) -> None:
    assert not read(event(event_type, {}))


def test_what_nobody_reads_is_not_decoded() -> None:
    raw = json.dumps(message(event_type="identity.authenticate", payload="anything")).encode()
    assert READER.parse_message("c", raw) == ParsedMessage("c", raw, "identity.authenticate", "m1", ())


def test_an_instance() -> None:
    found = fact("compute.instance.update", INSTANCE)
    assert found.resource == ("cloud", "instance", "i1")
    assert found.statement.attributes == {
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
    assert found.statement.state == "active"


def test_before_its_launch_a_machine_has_no_state() -> None:
    assert fact("compute.instance.update", INSTANCE | {"launched_at": "", "state": "error"}).statement.state is None
    assert fact("compute.instance.update", INSTANCE | {"state": "building"}).statement.state is None


def test_a_soft_deleted_machine_is_not_gone() -> None:
    row = INSTANCE | {"state": "soft-delete", "deleted_at": "2026-01-01T11:00:00.000000"}
    found = fact("compute.instance.soft_delete.end", row).statement
    assert (found.deleted_at, found.is_deleted, found.state) == (None, False, "soft-delete")
    found = fact("compute.instance.delete.end", row | {"state": "deleted"}).statement
    assert (iso(found.deleted_at or 0), found.is_deleted) == ("2026-01-01T11:00:00.000000Z", True)


@pytest.mark.parametrize("status", ["creating", "downloading", "error", "deleting", "deleted", "error_deleting"])
def test_cinders_stand_in_for_no_launch_is_none(status: str) -> None:
    assert fact("volume.create.start", VOLUME | {"status": status}).statement.launched_at is None
    whole_second = VOLUME | {"status": status, "launched_at": "2026-01-01T10:00:00+00:00"}
    assert fact("volume.create.start", whole_second).statement.launched_at is not None
    assert (
        fact("volume.create.start", VOLUME | {"status": status}, "2026-01-01 10:00:09").statement.launched_at
        is not None
    )


def test_a_volume_on_its_way_is_what_it_was() -> None:
    states = {
        status: fact("volume.x", VOLUME | {"status": status}).statement.state
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


def test_the_audit_tells_when_a_volume_went() -> None:
    gone = VOLUME | {"status": "deleted", "audit_period_beginning": "2026-01-01 10:30:00+00:00"}
    told = fact("volume.delete.end", gone | {"audit_period_ending": "2026-01-01 10:30:00+00:00"}, "2026-01-01 12:00:00")
    assert iso(told.statement.deleted_at or 0) == "2026-01-01T10:30:00.000000Z"
    own = fact("volume.delete.end", VOLUME | {"status": "deleted"}, "2026-01-01 12:00:00.5")
    assert iso(own.statement.deleted_at or 0) == "2026-01-01T12:00:00.500000Z"
    exact = fact("volume.delete.end", VOLUME | {"status": "deleted", "deleted_at": "2026-01-01T11:00:00"}, "2026-01-02")
    assert iso(exact.statement.deleted_at or 0) == "2026-01-01T11:00:00.000000Z"


def test_a_users_token_is_not_kept() -> None:
    beside = json.dumps({"_context_auth_token": "gAAAA-secret", "message_id": None})
    inside = json.dumps({"payload": {"_context": {"user_id": "u", "auth_token": "gAAAA-secret"}}})
    forms = [one.encode() for inner in (beside, inside) for one in (inner, json.dumps({"oslo.message": inner}))]
    for raw in forms:
        assert b"gAAAA-secret" not in without_token(raw)
        json.loads(without_token(raw))
