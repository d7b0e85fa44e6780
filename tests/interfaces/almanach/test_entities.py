"""Entities: their format, lists of them, and updates."""

from typing import Any

import pytest

from stratiform.kit.clock import parse_iso
from stratiform.kit.outbox import Event
from support.almanach import ANY_TIME, INSTANCE, VOLUME, AlmanachClient, almanach_client
from support.money import disk
from support.stacks import ServiceHarness


def intervals(text: str) -> list[tuple[str, str | None, str]]:
    """Parse `10 12 m1.small, 12 - m1.big` to the format of `AlmanachClient.list_intervals`."""
    return [(_hour(start) or "", _hour(end), flavor) for start, end, flavor in map(str.split, text.split(", "))]


def _hour(text: str) -> str | None:
    return None if text == "-" else f"{text}:00:00"[:8]


def body(hour: str, **fields: Any) -> dict[str, Any]:
    return {"date": f"2026-01-01T{hour}:00Z", **fields}


@pytest.fixture
def resized(client: AlmanachClient) -> AlmanachClient:
    """An instance with m1.small from 10, m1.big from 12, m1.huge from 14."""
    client.ok("POST", f"/project/{client.project_id}/instance", INSTANCE)
    client.ok("PUT", "/instance/i-1/resize", body("12:00", flavor="m1.big"))
    client.ok("PUT", "/instance/i-1/resize", body("14:00", flavor="m1.huge"))
    return client


def test_instance_format(client: AlmanachClient) -> None:
    client.ok("POST", f"/project/{client.project_id}/instance", INSTANCE)
    entities = client.list_entities("i-1")
    image = {"distro": "debian", "version": "12", "os_type": "linux"}
    assert entities == [
        {
            "end": None,
            "entity_id": "i-1",
            "entity_type": "instance",
            "flavor": "m1.small",
            "image_meta": image,
            "last_event": "2026-01-01 10:00:00+00:00",
            "metadata": {},
            "name": "web",
            "os": image,
            "processed": "2026-01-02 00:00:00.000001+00:00",
            "project_id": client.project_id,
            "start": "2026-01-01 10:00:00+00:00",
        }
    ]
    assert list(entities[0]) == sorted(entities[0])


def test_volume_format(client: AlmanachClient) -> None:
    client.ok("POST", "/volume_type", {"type_id": "t-1", "type_name": "fast"})
    client.ok(
        "POST", f"/project/{client.project_id}/volume", VOLUME | {"volume_type": "t-1", "attached_to": ["b", "a"]}
    )
    client.ok("DELETE", "/volume/v-1", body("11:00"))
    entities = client.ok("GET", f"/project/{client.project_id}/volumes?{ANY_TIME}")
    assert entities == [
        {
            "attached_to": ["b", "a"],
            "end": "2026-01-01 11:00:00+00:00",
            "entity_id": "v-1",
            "entity_type": "volume",
            "last_event": "2026-01-01 11:00:00+00:00",
            "name": "data",
            "processed": "2026-01-02 00:00:00.000003+00:00",
            "project_id": client.project_id,
            "size": 10,
            "start": "2026-01-01 10:00:00+00:00",
            "volume_type": "fast",
        }
    ]
    assert list(entities[0]) == sorted(entities[0])


def test_size_is_returned_as_it_was_sent(client: AlmanachClient) -> None:
    """Almanach's command line sends strings. The ledger has numbers, and a notification replaces both."""
    client.ok("POST", "/project/p/volume", VOLUME | {"size": "20"})
    client.ok("PUT", "/volume/v-1/resize", body("11:00", size="150"))
    client.ok("PUT", "/volume/v-1/resize", body("12:00", size=200))
    client.ok("PUT", "/volume/v-1/resize", body("13:00", size="0300"))
    notification = {"volume_id": "v-1", "tenant_id": "p", "size": 400, "status": "available"}
    client.ingest(
        {"message_id": "m", "event_type": "volume.resize.end", "timestamp": "2026-01-01 14:00", "payload": notification}
    )
    client.ok("PUT", "/volume/v-1/resize", body("15:00", size="400"))
    assert [size for *_, size in client.list_intervals("v-1", "size")] == ["20", "150", 200, "0300", 400, "400"]
    with client.harness.services.database.read_transaction() as db:
        segments = client.harness.services.ledger.segment_histories.list_all_by_id(db, "v-1", ["volume"])
    assert [segment.attributes["size_gib"] for segment in segments] == [20, 150, 200, 300, 400, 400]


def test_fractions_of_seconds(client: AlmanachClient) -> None:
    client.ok("POST", "/project/p/instance", INSTANCE | {"created_at": "2026-01-01T10:00:00.5Z"})
    assert client.list_entities("i-1")[0]["start"] == "2026-01-01 10:00:00.500000+00:00"


@pytest.mark.parametrize(
    ("start", "end", "flavors"),
    [
        ("09:00:00.0", "23:00:00.0", ["m1.small", "m1.big", "m1.huge"]),
        ("09:00:00.0", "09:59:59.999999", []),
        ("09:00:00.0", "10:00:00.0", ["m1.small"]),
        ("12:00:00.0", "12:00:00.0", ["m1.small", "m1.big"]),
        ("12:00:00.000001", "13:00:00.0", ["m1.big"]),
        ("14:00:00.000001", "14:00:00.000001", ["m1.huge"]),
    ],
)
def test_period_includes_both_ends_and_cuts_no_entity(
    resized: AlmanachClient, start: str, end: str, flavors: list[str]
) -> None:
    entities = resized.ok(
        "GET", f"/project/{resized.project_id}/instances?start=2026-01-01 {start}&end=2026-01-01 {end}"
    )
    assert [entity["flavor"] for entity in entities] == flavors
    starts = {entity["start"] for entity in resized.list_entities("i-1")}
    assert {entity["start"] for entity in entities} <= starts


def test_period_ends_now_by_default(resized: AlmanachClient) -> None:
    future = {"created_at": "2026-01-02T00:00:01Z", "id": "i-2"}
    resized.ok("POST", f"/project/{resized.project_id}/instance", INSTANCE | future)
    assert len(resized.ok("GET", f"/project/{resized.project_id}/instances?start=2026-01-01 23:00:00.0")) == 1
    resized.harness.clock.advance(2_000_000)
    assert len(resized.ok("GET", f"/project/{resized.project_id}/instances?start=2026-01-01 23:00:00.0")) == 2


def test_lists_by_entity_type(resized: AlmanachClient) -> None:
    resized.ok("POST", f"/project/{resized.project_id}/volume", VOLUME)
    entity_types = {
        path: {
            entity["entity_type"] for entity in resized.ok("GET", f"/project/{resized.project_id}/{path}?{ANY_TIME}")
        }
        for path in ("instances", "volumes", "entities")
    }
    assert entity_types == {
        "instances": {"instance"},
        "volumes": {"volume"},
        "entities": {"instance", "volume"},
    }


def test_unknown_project_has_no_entities(client: AlmanachClient) -> None:
    assert client.ok("GET", f"/project/unknown/entities?{ANY_TIME}") == []


def test_settings_select_keys_of_metadata(service_harness: Any) -> None:
    with almanach_client(service_harness, image_meta=("os_distro", "color"), metadata=("team",)) as client:
        client.ok("POST", "/project/p/instance", INSTANCE)
        client.ok("PUT", "/entity/instance/i-1", {"metadata": {"team": "blue", "secret": "x"}})
        entity = client.list_entities("i-1")[0]
    assert entity["image_meta"] == entity["os"] == {"os_distro": "debian"}
    assert entity["metadata"] == {"team": "blue"}


def test_unchanged_rebuild_adds_no_entity(client: AlmanachClient) -> None:
    client.ok("POST", "/project/p/instance", INSTANCE)
    rebuild = {"rebuild_date": "2026-01-01T12:00:00Z", "distro": "debian", "version": "13", "os_type": "linux"}
    client.ok("PUT", "/instance/i-1/rebuild", rebuild)
    assert len(client.list_entities("i-1")) == 2
    client.ok("PUT", "/instance/i-1/rebuild", rebuild | {"rebuild_date": "2026-01-01T13:00:00Z"})
    assert len(client.list_entities("i-1")) == 2


def test_attachments(client: AlmanachClient) -> None:
    client.ok("POST", "/project/p/volume", VOLUME)
    client.ok("PUT", "/volume/v-1/attach", body("10:00", attachments=["a"]) | {"date": "2026-01-01T10:00:05Z"})
    client.ok("PUT", "/volume/v-1/attach", body("11:00", attachments=["a", "b"]))
    client.ok("PUT", "/volume/v-1/detach", body("12:00", attachments=["b"]))
    client.ok("PUT", "/volume/v-1/detach", body("13:00", attachments=[]))
    assert client.list_intervals("v-1", "attached_to") == [
        ("10:00:00", "10:00:05", []),
        ("10:00:05", "11:00:00", ["a"]),
        ("11:00:00", "12:00:00", ["a", "b"]),
        ("12:00:00", "13:00:00", ["b"]),
        ("13:00:00", None, []),
    ]


def test_volume_types(client: AlmanachClient) -> None:
    fast = {"type_id": "t-1", "type_name": "fast"}
    client.ok("POST", "/volume_type", fast)
    client.ok("POST", "/volume_type", fast)
    client.ok("POST", "/volume_type", {"type_id": "t-0", "type_name": "slow"})
    assert client.ok("GET", "/volume_types") == [
        {"volume_type_id": "t-0", "volume_type_name": "slow"},
        {"volume_type_id": "t-1", "volume_type_name": "fast"},
    ]
    client.ok("POST", "/project/p/volume", VOLUME | {"volume_type": "t-1"})
    client.ok("DELETE", "/volume_type/t-1")
    assert client.request("GET", "/volume_type/t-1").status_code == 404
    assert (
        client.request("POST", "/project/p/volume", VOLUME | {"volume_type": "t-1", "volume_id": "v-2"}).status_code
        == 404
    )
    client.ok("POST", "/volume_type", fast | {"type_name": "faster"})
    assert client.ok("GET", "/volume_type/t-1") == {"volume_type_id": "t-1", "volume_type_name": "faster"}
    assert client.list_entities("v-1")[0]["volume_type"] == "fast", "the name at the time of the entity"


def test_entity_has_the_name_of_its_volume_type_at_its_start(
    client: AlmanachClient, service_harness: ServiceHarness
) -> None:
    created = disk("v-1", client.project_id, "2026-01-01T10:00:00", volume_type="t-1", volume_type_name=None)
    extended = disk(
        "v-1",
        client.project_id,
        "2026-01-01T10:00:00",
        at="2026-01-01T14:00:00",
        volume_type="t-1",
        volume_type_name=None,
        size=9,
    )
    events = [created, extended]
    for at, name in (("2025-12-01T00:00:00", "fast"), ("2026-01-01T12:00:00", "slow"), ("2026-01-01T16:00:00", "old")):
        payload = {"volume_types": {"id": "t-1", "name": name}}
        events.append(Event(at, "volume_type.update", "volumeType.test", parse_iso(at), "dc-1", payload))
    with service_harness.services.database.transaction() as db:
        service_harness.services.ingest.own_events.ingest(db, events, service_harness.clock.now())
    assert [entity["volume_type"] for entity in client.list_entities("v-1")] == ["fast", "slow"]


def test_update_active_entity(resized: AlmanachClient) -> None:
    changes = {"flavor": "m1.tiny", "name": "new", "os": {"distro": "bsd", "version": "14", "os_type": "unix"}}
    response = resized.ok("PUT", "/entity/instance/i-1", changes)
    assert (response["start"], response["end"]) == ("2026-01-01 14:00:00+00:00", None)
    assert (response["flavor"], response["name"], response["os"]) == ("m1.tiny", "new", changes["os"])
    assert resized.list_entities("i-1")[-1] == response, "the response is the stored entity"
    assert resized.list_intervals("i-1", "flavor")[:2] == [
        ("10:00:00", "12:00:00", "m1.small"),
        ("12:00:00", "14:00:00", "m1.big"),
    ]


def test_later_events_override_update(resized: AlmanachClient) -> None:
    resized.ok("PUT", "/entity/instance/i-1", {"flavor": "m1.tiny"})
    resized.ok("PUT", "/instance/i-1/resize", body("15:00", flavor="m1.vast"))
    assert resized.list_intervals("i-1", "flavor")[2:] == intervals("14 15 m1.tiny, 15 - m1.vast")


def test_update_ends_active_entity(resized: AlmanachClient) -> None:
    response = resized.ok("PUT", "/entity/instance/i-1", {"end_date": "2026-01-01T16:00:00.000000Z"})
    assert (response["end"], response["last_event"]) == ("2026-01-01 16:00:00+00:00",) * 2
    assert resized.request("DELETE", "/instance/i-1", body("17:00")).status_code == 404


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("13:00", "10 12 m1.small, 12 13 m1.big, 13 - m1.huge"),
        ("15:00", "10 12 m1.small, 12 14 m1.big, 15 - m1.huge"),
        ("11:00", "10 11 m1.small, 11 - m1.huge"),
    ],
)  # fmt: skip
def test_update_moves_start_without_overlap(resized: AlmanachClient, start: str, expected: str) -> None:
    response = resized.ok("PUT", "/entity/instance/i-1", {"start_date": f"2026-01-01T{start}:00.0Z"})
    assert response["start"] == f"2026-01-01 {start}:00+00:00"
    assert resized.list_intervals("i-1", "flavor") == intervals(expected)


def test_update_moves_start_of_first_entity(client: AlmanachClient) -> None:
    client.ok("POST", "/project/p/instance", INSTANCE)
    for hour in ("08:00:00", "11:00:00"):
        client.ok("PUT", "/entity/instance/i-1", {"start_date": f"2026-01-01T{hour}.0Z"})
        assert client.list_intervals("i-1") == [(hour, None)]


@pytest.mark.parametrize(
    ("period", "changes", "expected"),
    [
        (
            ("10:00", "12:00"),
            {"flavor": "m1.tiny"},
            "10 12 m1.tiny, 12 14 m1.big, 14 16 m1.huge",
        ),
        (
            ("12:00", "14:00"),
            {"start_date": "2026-01-01T11:00:00Z", "end_date": "2026-01-01 13:00"},
            "10 11 m1.small, 11 13 m1.big, 14 16 m1.huge",
        ),
        (
            ("12:00", "14:00"),
            {"start": "2026-01-01T12:30:00Z", "end": "2026-01-01T15:00:00Z"},
            "10 12 m1.small, 12:30 15 m1.big, 15 16 m1.huge",
        ),
        (
            ("14:00", "16:00"),
            {"end_date": "2026-01-01T18:00:00Z"},
            "10 12 m1.small, 12 14 m1.big, 14 18 m1.huge",
        ),
        (
            ("12:00", "14:00"),
            {"flavor": "m1.small", "unknown": "keys are ignored"},
            "10 14 m1.small, 14 16 m1.huge",
        ),
    ],
)  # fmt: skip
def test_update_closed_entity(
    resized: AlmanachClient, period: tuple[str, str], changes: dict[str, str], expected: str
) -> None:
    resized.ok("DELETE", "/instance/i-1", body("16:00"))
    start, end = (f"2026-01-01 {hour}:00.0" for hour in period)
    response = resized.ok("PUT", f"/entity/instance/i-1?start={start}&end={end}", changes)
    assert response in resized.list_entities("i-1")
    assert resized.list_intervals("i-1", "flavor") == intervals(expected)


def test_empty_update_changes_nothing(resized: AlmanachClient) -> None:
    before = resized.list_entities("i-1")
    for changes in ({}, {"name": "", "os": {}, "metadata": {}}, {"flavor": "m1.huge"}):
        assert resized.ok("PUT", "/entity/instance/i-1", changes)["flavor"] == "m1.huge"
    assert resized.list_entities("i-1") == before


def test_update_records_author_and_reason(resized: AlmanachClient) -> None:
    resized.ok("PUT", "/entity/instance/i-1", {"flavor": "m1.tiny"}, user="admin")
    with resized.harness.services.database.read_transaction() as db:
        rows = db.exec_driver_sql("SELECT publisher_id, fact FROM metering_event ORDER BY seq").all()
    publisher, fact = rows[-2]
    assert publisher == "almanach.admin"
    assert '"author":"admin"' in fact
    assert '"reason":"PUT /entity/instance"' in fact


def test_flavor_known_by_name_only_has_no_sizes(resized: AlmanachClient) -> None:
    """Otherwise the new flavor would be rated with the sizes of the old one."""
    nova = {
        "message_id": "m-1",
        "event_type": "compute.instance.update",
        "publisher_id": "compute.x",
        "timestamp": "2026-01-01 16:00:00",
        "payload": {
            "instance_id": "i-1", "tenant_id": "p", "state": "active", "launched_at": "2026-01-01T10:00:00",
            "instance_type": "m1.huge", "vcpus": 8, "memory_mb": 64,
        },
    }  # fmt: skip
    resized.ingest(nova)
    resized.ok("PUT", "/instance/i-1/resize", body("17:00", flavor="m1.new"))
    resized.ok("PUT", "/instance/i-1/resize", body("18:00", flavor="m1.huge"))
    with resized.harness.services.database.read_transaction() as db:
        attributes = [segment.attributes for segment in resized.harness.services.ledger.segments.iterate(db)]
    assert [segment.get("vcpus") for segment in attributes[-2:]] == [None, 8], "the instance had m1.huge before"
