"""Entities from notifications: late, duplicate and reordered ones have no effect on the result."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from support.almanach import ANY_TIME, INSTANCE, AlmanachClient, almanach_client

Message = dict[str, Any]


def nova(action: str, hour: str, **changes: Any) -> Message:
    """Return a notification of Nova for an instance that was launched at 10:00."""
    payload = {
        "instance_id": "i-1", "tenant_id": "p", "hostname": "web", "display_name": "web", "state": "active",
        "created_at": "2026-01-01 09:59:58+00:00", "launched_at": "2026-01-01T10:00:00.000000", "terminated_at": "",
        "deleted_at": "", "instance_type": "m1.small", "image_meta": {"os_distro": "debian"}, "os_type": "linux",
        "metadata": {"a.b": "dotted"},
    }  # fmt: skip
    return _message(f"compute.instance.{action}", hour, payload | changes)


def cinder(action: str, hour: str, **changes: Any) -> Message:
    payload = {
        "volume_id": "v-1", "tenant_id": "p", "display_name": "data", "status": "available", "size": 1,
        "launched_at": "2026-01-01T10:00:00+00:00", "created_at": "2026-01-01T09:59:59+00:00", "volume_type": "t-1",
        "metadata": [], "volume_attachment": [],
    }  # fmt: skip
    return _message(f"volume.{action}", hour, payload | changes)


def volume_type(hour: str) -> Message:
    return _message("volume_type.create", hour, {"volume_types": {"id": "t-1", "name": "fast"}})


def attached(*instance_ids: str) -> dict[str, Any]:
    attachments = [{"instance_uuid": instance_id, "attach_status": "attached"} for instance_id in instance_ids]
    return {"status": "in-use" if instance_ids else "available", "volume_attachment": attachments}


def _message(event_type: str, hour: str, payload: Message) -> Message:
    return {
        "message_id": f"{event_type}-{hour}",
        "publisher_id": "x",
        "event_type": event_type,
        "timestamp": f"2026-01-01 {hour}:00.000000",
        "payload": payload,
    }


DELETED = {
    "state": "deleted",
    "terminated_at": "2026-01-01T14:00:00.000000",
    "deleted_at": "2026-01-01T14:00:00.000000",
}
CREATE = nova("create.end", "10:00")
DELETE = nova("delete.end", "14:00", **DELETED)
BIG = nova("resize.confirm.end", "11:00", instance_type="m1.big")
HUGE = nova("resize.confirm.end", "12:00", instance_type="m1.huge")
LIFE = (CREATE, BIG, HUGE, DELETE)
FLAVORS = [
    ("10:00:00", "11:00:00", "m1.small"),
    ("11:00:00", "12:00:00", "m1.big"),
    ("12:00:00", "14:00:00", "m1.huge"),
]


def ingest(client: AlmanachClient, messages: Sequence[Message], entity_id: str, *keys: str) -> list[tuple[Any, ...]]:
    for message in messages:
        client.ingest(message)
    return client.list_intervals(entity_id, *keys)


def test_events_in_any_order_give_the_same_entities(service_harness: Any) -> None:
    with almanach_client(service_harness) as client:
        for number, order in enumerate(itertools.permutations(LIFE)):
            messages = [_with_id(message, "instance_id", f"i-{number}") for message in order]
            event_types = [message["event_type"] for message in order]
            assert ingest(client, messages, f"i-{number}", "flavor") == FLAVORS, event_types


def _with_id(message: Message, key: str, entity_id: str) -> Message:
    payload = message["payload"] | {key: entity_id}
    return message | {"message_id": f"{message['message_id']}-{entity_id}", "payload": payload}


def test_duplicates_have_no_effect(client: AlmanachClient) -> None:
    resent = CREATE | {"message_id": "another"}
    assert ingest(client, [CREATE, CREATE, resent, DELETE, DELETE, resent], "i-1") == [("10:00:00", "14:00:00")]


def test_life_cycle_of_volume(client: AlmanachClient) -> None:
    life = [
        cinder("create.end", "10:00"),
        cinder("attach.end", "11:00", **attached("a")),
        cinder("resize.end", "12:00", size=2, **attached("a")),
        cinder("detach.end", "13:00", size=2),
        cinder("delete.end", "14:00", size=2, status="deleted"),
    ]
    intervals = [
        ("10:00:00", "11:00:00", 1, []),
        ("11:00:00", "12:00:00", 1, ["a"]),
        ("12:00:00", "13:00:00", 2, ["a"]),
        ("13:00:00", "14:00:00", 2, []),
    ]
    assert ingest(client, life, "v-1", "size", "attached_to") == intervals
    reordered = [_with_id(message, "volume_id", "v-2") for message in reversed(life)]
    assert ingest(client, reordered, "v-2", "size", "attached_to") == intervals


def test_short_last_entity_of_volume(client: AlmanachClient) -> None:
    life = [
        cinder("create.end", "10:00"),
        cinder("attach.end", "13:59", **attached("a")),
        cinder("delete.end", "14:00", status="deleted"),
    ]
    assert ingest(client, life, "v-1")[-1] == ("13:59:00", "14:00:00")


def test_attachments_before_kilo(client: AlmanachClient) -> None:
    old = {"volume_attachment": None, "instance_uuid": "a", "status": "in-use"}
    life = [cinder("create.end", "10:00"), cinder("attach.end", "11:00", **old), cinder("detach.end", "12:00", **old)]
    for message in life[1:]:
        del message["payload"]["volume_attachment"]
    life[2]["payload"]["status"] = "available"
    assert ingest(client, life, "v-1", "attached_to") == [
        ("10:00:00", "11:00:00", []),
        ("11:00:00", "12:00:00", ["a"]),
        ("12:00:00", None, []),
    ]


def test_reserved_attachments_are_ignored(client: AlmanachClient) -> None:
    reserved = {"volume_attachment": [{"instance_uuid": "a", "attach_status": "reserved"}], "status": "reserved"}
    life = [cinder("create.end", "10:00"), cinder("attach.start", "11:00", **reserved)]
    assert ingest(client, life, "v-1", "attached_to") == [("10:00:00", None, [])]


def test_volume_type_after_volume(client: AlmanachClient) -> None:
    assert ingest(client, [cinder("create.end", "10:00")], "v-1", "volume_type") == [("10:00:00", None, "t-1")]
    assert ingest(client, [volume_type("12:00")], "v-1", "volume_type") == [("10:00:00", None, "fast")]
    assert client.ok("GET", "/volume_types") == [{"volume_type_id": "t-1", "volume_type_name": "fast"}]


def test_metadata_key_with_dot(service_harness: Any) -> None:
    with almanach_client(service_harness, metadata=("a.b",)) as client:
        client.ingest(CREATE)
        assert client.list_entities("i-1")[0]["metadata"] == {"a.b": "dotted"}


def test_delete_without_terminated_at(client: AlmanachClient) -> None:
    delete = nova("delete.end", "14:00", state="deleted")
    assert ingest(client, [CREATE, delete], "i-1") == [("10:00:00", "14:00:00")]


@pytest.mark.parametrize("action", ["power_off.end", "power_on.end", "shelve.end", "pause.end", "exists"])
def test_state_changes_add_no_entity(client: AlmanachClient, action: str) -> None:
    messages = [CREATE, nova(action, "11:00", state="stopped"), nova("update", "12:00"), DELETE]
    assert ingest(client, messages, "i-1") == [("10:00:00", "14:00:00")]


def test_entity_that_started_before_the_period(client: AlmanachClient) -> None:
    """The entity consists of three segments, only the last of which is in the period."""
    for message in (CREATE, nova("power_off.end", "11:00", state="stopped"), nova("power_on.end", "12:00")):
        client.ingest(message)
    entities = client.ok("GET", "/project/p/instances?start=2026-01-01 13:00:00.0")
    assert [(entity["start"], entity["end"]) for entity in entities] == [("2026-01-01 10:00:00+00:00", None)]
    client.ingest(BIG | {"timestamp": "2026-01-01 12:30:00"})
    entities = client.ok("GET", "/project/p/instances?start=2026-01-01 13:00:00.0")
    assert [(entity["start"], entity["flavor"]) for entity in entities] == [("2026-01-01 12:30:00+00:00", "m1.big")]


def test_events_that_almanach_ignores(client: AlmanachClient) -> None:
    """Almanach 4.1.0 misses reverted resizes, renames, transfers and retypes."""
    for message in (
        CREATE,
        nova("finish_resize.end", "11:00", instance_type="m1.big"),
        nova("resize.revert.end", "12:00"),
        nova("update", "13:00", display_name="renamed"),
        cinder("create.end", "10:00"),
        cinder("transfer.accept.end", "11:00", tenant_id="q"),
        cinder("retype", "12:00", tenant_id="q", volume_type="t-2"),
    ):
        client.ingest(message)
    assert [flavor for *_, flavor in client.list_intervals("i-1", "flavor")] == ["m1.small", "m1.big", "m1.small"]
    assert client.list_entities("i-1")[0]["name"] == "renamed"
    assert client.list_intervals("v-1", "project_id", "volume_type") == [
        ("10:00:00", "11:00:00", "p", "t-1"),
        ("11:00:00", "12:00:00", "q", "t-1"),
        ("12:00:00", None, "q", "t-2"),
    ]
    assert len(client.ok("GET", f"/project/p/volumes?{ANY_TIME}")) == 1


def test_requests_update_resource_of_notifications(client: AlmanachClient) -> None:
    """The resource is in another cloud than the default one of the API."""
    client.ingest(CREATE, cloud="region-two")
    client.ok("PUT", "/instance/i-1/resize", {"date": "2026-01-01T11:00:00Z", "flavor": "m1.big"})
    client.ok("DELETE", "/instance/i-1", {"date": "2026-01-01T12:00:00Z"})
    assert client.list_intervals("i-1", "flavor") == [
        ("10:00:00", "11:00:00", "m1.small"),
        ("11:00:00", "12:00:00", "m1.big"),
    ]


def test_repeated_requests_add_no_event(client: AlmanachClient) -> None:
    client.ok("POST", "/project/p/instance", INSTANCE)
    before = client.get_position()
    client.ok("POST", "/project/p/instance", INSTANCE)
    assert client.get_position() == before
    resize = {"date": "2026-01-01T11:00:00Z", "flavor": "m1.big"}
    for flavor in ("m1.big", "m1.big", "m1.huge", "m1.big"):
        client.ok("PUT", "/instance/i-1/resize", resize | {"flavor": flavor})
    assert client.get_position() == before + 3
    assert client.list_intervals("i-1", "flavor")[-1] == ("11:00:00", None, "m1.big"), (
        "the last request of one time wins"
    )
