"""Notifications as Almanach heard them: the late, the doubled and the reordered are as if they had been none of it."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from support.almanach import ALWAYS, INSTANCE, Api, almanach

Message = dict[str, Any]


def nova(verb: str, hour: str, **more: Any) -> Message:
    """A machine of a real Nova; launched at ten."""
    payload = {
        "instance_id": "i-1", "tenant_id": "p", "hostname": "web", "display_name": "web", "state": "active",
        "created_at": "2026-01-01 09:59:58+00:00", "launched_at": "2026-01-01T10:00:00.000000", "terminated_at": "",
        "deleted_at": "", "instance_type": "m1.small", "image_meta": {"os_distro": "debian"}, "os_type": "linux",
        "metadata": {"a.b": "dotted"},
    }  # fmt: skip
    return _message(f"compute.instance.{verb}", hour, payload | more)


def cinder(verb: str, hour: str, **more: Any) -> Message:
    payload = {
        "volume_id": "v-1", "tenant_id": "p", "display_name": "data", "status": "available", "size": 1,
        "launched_at": "2026-01-01T10:00:00+00:00", "created_at": "2026-01-01T09:59:59+00:00", "volume_type": "t-1",
        "metadata": [], "volume_attachment": [],
    }  # fmt: skip
    return _message(f"volume.{verb}", hour, payload | more)


def volume_type(hour: str) -> Message:
    return _message("volume_type.create", hour, {"volume_types": {"id": "t-1", "name": "fast"}})


def attached(*machines: str) -> dict[str, Any]:
    listed = [{"instance_uuid": one, "attach_status": "attached"} for one in machines]
    return {"status": "in-use" if machines else "available", "volume_attachment": listed}


def _message(kind: str, hour: str, payload: Message) -> Message:
    return {
        "message_id": f"{kind}-{hour}",
        "publisher_id": "x",
        "event_type": kind,
        "timestamp": f"2026-01-01 {hour}:00.000000",
        "payload": payload,
    }


GONE = {"state": "deleted", "terminated_at": "2026-01-01T14:00:00.000000", "deleted_at": "2026-01-01T14:00:00.000000"}
CREATE = nova("create.end", "10:00")
DELETE = nova("delete.end", "14:00", **GONE)
BIG = nova("resize.confirm.end", "11:00", instance_type="m1.big")
HUGE = nova("resize.confirm.end", "12:00", instance_type="m1.huge")
LIFE = (CREATE, BIG, HUGE, DELETE)
FLAVORS = [
    ("10:00:00", "11:00:00", "m1.small"),
    ("11:00:00", "12:00:00", "m1.big"),
    ("12:00:00", "14:00:00", "m1.huge"),
]


def shown(api: Api, messages: Sequence[Message], entity_id: str, *names: str) -> list[tuple[Any, ...]]:
    for message in messages:
        api.take(message)
    return api.spans(entity_id, *names)


def test_a_life_in_any_order_is_one_life(stack_bench: Any) -> None:
    """Delete before create, create after delete, resizes reversed, resize after delete: all the same use."""
    with almanach(stack_bench) as api:
        for number, order in enumerate(itertools.permutations(LIFE)):
            mine = [_of(message, f"i-{number}") for message in order]
            assert shown(api, mine, f"i-{number}", "flavor") == FLAVORS, [one["event_type"] for one in order]


def _of(message: Message, entity_id: str) -> Message:
    payload = message["payload"] | {"instance_id": entity_id}
    return message | {"message_id": f"{message['message_id']}-{entity_id}", "payload": payload}


def test_what_is_delivered_twice_counts_once(api: Api) -> None:
    again = CREATE | {"message_id": "another"}
    assert shown(api, [CREATE, CREATE, again, DELETE, DELETE, again], "i-1") == [("10:00:00", "14:00:00")]


def test_a_volume_s_life(api: Api) -> None:
    life = [
        cinder("create.end", "10:00"),
        cinder("attach.end", "11:00", **attached("a")),
        cinder("resize.end", "12:00", size=2, **attached("a")),
        cinder("detach.end", "13:00", size=2),
        cinder("delete.end", "14:00", size=2, status="deleted"),
    ]
    spans = [
        ("10:00:00", "11:00:00", 1, []),
        ("11:00:00", "12:00:00", 1, ["a"]),
        ("12:00:00", "13:00:00", 2, ["a"]),
        ("13:00:00", "14:00:00", 2, []),
    ]
    assert shown(api, life, "v-1", "size", "attached_to") == spans
    backwards = [_message_of(one, "v-2") for one in reversed(life)]
    assert shown(api, backwards, "v-2", "size", "attached_to") == spans


def _message_of(message: Message, volume_id: str) -> Message:
    return message | {
        "message_id": f"{message['message_id']}-{volume_id}",
        "payload": message["payload"] | {"volume_id": volume_id},
    }


def test_the_last_minute_of_a_volume_is_not_forgotten(api: Api) -> None:
    life = [
        cinder("create.end", "10:00"),
        cinder("attach.end", "13:59", **attached("a")),
        cinder("delete.end", "14:00", status="deleted"),
    ]
    assert shown(api, life, "v-1")[-1] == ("13:59:00", "14:00:00")


def test_attachments_before_kilo(api: Api) -> None:
    old = {"volume_attachment": None, "instance_uuid": "a", "status": "in-use"}
    life = [cinder("create.end", "10:00"), cinder("attach.end", "11:00", **old), cinder("detach.end", "12:00", **old)]
    for message in life[1:]:
        del message["payload"]["volume_attachment"]
    life[2]["payload"]["status"] = "available"
    assert shown(api, life, "v-1", "attached_to") == [
        ("10:00:00", "11:00:00", []),
        ("11:00:00", "12:00:00", ["a"]),
        ("12:00:00", None, []),
    ]


def test_a_machine_that_is_on_its_way_to_a_volume_does_not_have_it(api: Api) -> None:
    reserved = {"volume_attachment": [{"instance_uuid": "a", "attach_status": "reserved"}], "status": "reserved"}
    life = [cinder("create.end", "10:00"), cinder("attach.start", "11:00", **reserved)]
    assert shown(api, life, "v-1", "attached_to") == [("10:00:00", None, [])]


def test_a_volume_type_may_come_late_or_never(api: Api) -> None:
    assert shown(api, [cinder("create.end", "10:00")], "v-1", "volume_type") == [("10:00:00", None, "t-1")]
    assert shown(api, [volume_type("12:00")], "v-1", "volume_type") == [("10:00:00", None, "fast")]
    assert api.ok("GET", "/volume_types") == [{"volume_type_id": "t-1", "volume_type_name": "fast"}]


def test_a_label_with_a_dot_loses_no_machine(stack_bench: Any) -> None:
    with almanach(stack_bench, metadata=("a.b",)) as api:
        api.take(CREATE)
        assert api.entity("i-1")[0]["metadata"] == {"a.b": "dotted"}


def test_an_empty_end_ends_at_the_deletion(api: Api) -> None:
    empty = nova("delete.end", "14:00", state="deleted")
    assert shown(api, [CREATE, empty], "i-1") == [("10:00:00", "14:00:00")]


@pytest.mark.parametrize("verb", ["power_off.end", "power_on.end", "shelve.end", "pause.end", "exists"])
def test_states_split_no_entity(api: Api, verb: str) -> None:
    messages = [CREATE, nova(verb, "11:00", state="stopped"), nova("update", "12:00"), DELETE]
    assert shown(api, messages, "i-1") == [("10:00:00", "14:00:00")]


def test_what_began_before_a_period_is_whole(api: Api) -> None:
    """The ledger has three segments of it, of which the period touches the last."""
    for message in (CREATE, nova("power_off.end", "11:00", state="stopped"), nova("power_on.end", "12:00")):
        api.take(message)
    found = api.ok("GET", "/project/p/instances?start=2026-01-01 13:00:00.0")
    assert [(one["start"], one["end"]) for one in found] == [("2026-01-01 10:00:00+00:00", None)]
    api.take(BIG | {"timestamp": "2026-01-01 12:30:00"})
    found = api.ok("GET", "/project/p/instances?start=2026-01-01 13:00:00.0")
    assert [(one["start"], one["flavor"]) for one in found] == [("2026-01-01 12:30:00+00:00", "m1.big")]


def test_what_almanach_never_heard_of(api: Api) -> None:
    """A reverted resize, a rename, a transfer, a retype."""
    for message in (
        CREATE,
        nova("finish_resize.end", "11:00", instance_type="m1.big"),
        nova("resize.revert.end", "12:00"),
        nova("update", "13:00", display_name="renamed"),
        cinder("create.end", "10:00"),
        cinder("transfer.accept.end", "11:00", tenant_id="q"),
        cinder("retype", "12:00", tenant_id="q", volume_type="t-2"),
    ):
        api.take(message)
    assert [flavor for *_, flavor in api.spans("i-1", "flavor")] == ["m1.small", "m1.big", "m1.small"]
    assert api.entity("i-1")[0]["name"] == "renamed"
    assert api.spans("v-1", "project_id", "volume_type") == [
        ("10:00:00", "11:00:00", "p", "t-1"),
        ("11:00:00", "12:00:00", "q", "t-1"),
        ("12:00:00", None, "q", "t-2"),
    ]
    assert len(api.ok("GET", f"/project/p/volumes?{ALWAYS}")) == 1


def test_messages_and_the_api_speak_of_the_same_machine(api: Api) -> None:
    """Told by a cloud of another name than the API's own."""
    api.take(CREATE, cloud="region-two")
    api.ok("PUT", "/instance/i-1/resize", {"date": "2026-01-01T11:00:00Z", "flavor": "m1.big"})
    api.ok("DELETE", "/instance/i-1", {"date": "2026-01-01T12:00:00Z"})
    assert api.spans("i-1", "flavor") == [("10:00:00", "11:00:00", "m1.small"), ("11:00:00", "12:00:00", "m1.big")]


def test_what_is_told_twice_through_the_api_is_one_event(api: Api) -> None:
    api.ok("POST", "/project/p/instance", INSTANCE)
    before = api.position()
    api.ok("POST", "/project/p/instance", INSTANCE)
    assert api.position() == before
    resize = {"date": "2026-01-01T11:00:00Z", "flavor": "m1.big"}
    for flavor in ("m1.big", "m1.big", "m1.huge", "m1.big"):
        api.ok("PUT", "/instance/i-1/resize", resize | {"flavor": flavor})
    assert api.position() == before + 3
    assert api.spans("i-1", "flavor")[-1] == ("11:00:00", None, "m1.big"), "of one instant the last word counts"
