"""What is shown of the ledger, and what updates make of it."""

from typing import Any

import pytest

from support.almanach import ALWAYS, INSTANCE, VOLUME, Api, almanach


def spans(text: str) -> list[tuple[str, str | None, str]]:
    """`10 12 m1.small, 12 - m1.big` as `Api.spans` has it."""
    return [(_hour(start) or "", _hour(end), flavor) for start, end, flavor in map(str.split, text.split(", "))]


def _hour(text: str) -> str | None:
    return None if text == "-" else f"{text}:00:00"[:8]


def body(hour: str, **more: Any) -> dict[str, Any]:
    return {"date": f"2026-01-01T{hour}:00Z", **more}


@pytest.fixture
def resized(api: Api) -> Api:
    """m1.small from 10, m1.big from 12, m1.huge from 14 on."""
    own = api.folk.projects["green"]
    api.ok("POST", f"/project/{own}/instance", INSTANCE)
    api.ok("PUT", "/instance/i-1/resize", body("12:00", flavor="m1.big"))
    api.ok("PUT", "/instance/i-1/resize", body("14:00", flavor="m1.huge"))
    return api


def test_an_instance_has_all_keys_in_order(api: Api) -> None:
    own = api.folk.projects["green"]
    api.ok("POST", f"/project/{own}/instance", INSTANCE)
    answer = api("GET", "/entity/i-1")
    image = {"distro": "debian", "version": "12", "os_type": "linux"}
    assert answer.json() == [
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
            "project_id": own,
            "start": "2026-01-01 10:00:00+00:00",
        }
    ]
    assert list(answer.json()[0]) == sorted(answer.json()[0])


def test_a_volume_has_all_keys_in_order(api: Api) -> None:
    own = api.folk.projects["green"]
    api.ok("POST", "/volume_type", {"type_id": "t-1", "type_name": "fast"})
    api.ok("POST", f"/project/{own}/volume", VOLUME | {"volume_type": "t-1", "attached_to": ["b", "a"]})
    api.ok("DELETE", "/volume/v-1", body("11:00"))
    answer = api("GET", f"/project/{own}/volumes?{ALWAYS}")
    assert answer.json() == [
        {
            "attached_to": ["a", "b"],
            "end": "2026-01-01 11:00:00+00:00",
            "entity_id": "v-1",
            "entity_type": "volume",
            "last_event": "2026-01-01 11:00:00+00:00",
            "name": "data",
            "processed": "2026-01-02 00:00:00.000003+00:00",
            "project_id": own,
            "size": 10,
            "start": "2026-01-01 10:00:00+00:00",
            "volume_type": "fast",
        }
    ]
    assert list(answer.json()[0]) == sorted(answer.json()[0])


def test_a_fraction_is_shown_where_there_is_one(api: Api) -> None:
    api.ok("POST", "/project/p/instance", INSTANCE | {"created_at": "2026-01-01T10:00:00.5Z"})
    assert api.entity("i-1")[0]["start"] == "2026-01-01 10:00:00.500000+00:00"


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
def test_a_period_has_both_its_ends_and_cuts_nothing(resized: Api, start: str, end: str, flavors: list[str]) -> None:
    own = resized.folk.projects["green"]
    found = resized.ok("GET", f"/project/{own}/instances?start=2026-01-01 {start}&end=2026-01-01 {end}")
    assert [one["flavor"] for one in found] == flavors
    assert all(one["start"] in resized.ok("GET", "/entity/i-1").__repr__() for one in found)


def test_a_period_ends_now_in_utc_unless_told(resized: Api) -> None:
    own = resized.folk.projects["green"]
    future = {"created_at": "2026-01-02T00:00:01Z", "id": "i-2"}
    resized.ok("POST", f"/project/{own}/instance", INSTANCE | future)
    assert len(resized.ok("GET", f"/project/{own}/instances?start=2026-01-01 23:00:00.0")) == 1
    resized.of.clock.advance(2_000_000)
    assert len(resized.ok("GET", f"/project/{own}/instances?start=2026-01-01 23:00:00.0")) == 2


def test_lists_are_of_kinds(resized: Api) -> None:
    own = resized.folk.projects["green"]
    resized.ok("POST", f"/project/{own}/volume", VOLUME)
    kinds = {
        kind: {one["entity_type"] for one in resized.ok("GET", f"/project/{own}/{kind}?{ALWAYS}")}
        for kind in ("instances", "volumes", "entities")
    }
    assert kinds == {"instances": {"instance"}, "volumes": {"volume"}, "entities": {"instance", "volume"}}


def test_a_project_that_nobody_knows_has_nothing(api: Api) -> None:
    assert api.ok("GET", f"/project/unknown/entities?{ALWAYS}") == []


def test_the_keys_of_images_and_labels_are_chosen(stack_bench: Any) -> None:
    with almanach(stack_bench, image_meta=("os_distro", "colour"), metadata=("team",)) as api:
        api.ok("POST", "/project/p/instance", INSTANCE)
        api.ok("PUT", "/entity/instance/i-1", {"metadata": {"team": "blue", "secret": "x"}})
        found = api.entity("i-1")[0]
    assert found["image_meta"] == found["os"] == {"os_distro": "debian"}
    assert found["metadata"] == {"team": "blue"}


def test_what_isnt_shown_splits_nothing(api: Api) -> None:
    """A rebuild from one version to another is no new entity where versions aren't shown."""
    api.ok("POST", "/project/p/instance", INSTANCE)
    rebuild = {"rebuild_date": "2026-01-01T12:00:00Z", "distro": "debian", "version": "13", "os_type": "linux"}
    api.ok("PUT", "/instance/i-1/rebuild", rebuild)
    assert len(api.entity("i-1")) == 2
    api.ok("PUT", "/instance/i-1/rebuild", rebuild | {"rebuild_date": "2026-01-01T13:00:00Z"})
    assert len(api.entity("i-1")) == 2


def test_attachments_are_told_to_the_moment(api: Api) -> None:
    api.ok("POST", "/project/p/volume", VOLUME)
    api.ok("PUT", "/volume/v-1/attach", body("10:00", attachments=["a"]) | {"date": "2026-01-01T10:00:05Z"})
    api.ok("PUT", "/volume/v-1/attach", body("11:00", attachments=["a", "b"]))
    api.ok("PUT", "/volume/v-1/detach", body("12:00", attachments=["b"]))
    api.ok("PUT", "/volume/v-1/detach", body("13:00", attachments=[]))
    assert api.spans("v-1", "attached_to") == [
        ("10:00:00", "10:00:05", []),
        ("10:00:05", "11:00:00", ["a"]),
        ("11:00:00", "12:00:00", ["a", "b"]),
        ("12:00:00", "13:00:00", ["b"]),
        ("13:00:00", None, []),
    ]


def test_volume_types_come_go_and_come_again(api: Api) -> None:
    fast = {"type_id": "t-1", "type_name": "fast"}
    api.ok("POST", "/volume_type", fast)
    api.ok("POST", "/volume_type", fast)
    api.ok("POST", "/volume_type", {"type_id": "t-0", "type_name": "slow"})
    assert api.ok("GET", "/volume_types") == [
        {"volume_type_id": "t-0", "volume_type_name": "slow"},
        {"volume_type_id": "t-1", "volume_type_name": "fast"},
    ]
    api.ok("POST", "/project/p/volume", VOLUME | {"volume_type": "t-1"})
    api.ok("DELETE", "/volume_type/t-1")
    assert api("GET", "/volume_type/t-1").status_code == 404
    assert api("POST", "/project/p/volume", VOLUME | {"volume_type": "t-1", "volume_id": "v-2"}).status_code == 404
    api.ok("POST", "/volume_type", fast | {"type_name": "faster"})
    assert api.ok("GET", "/volume_type/t-1") == {"volume_type_id": "t-1", "volume_type_name": "faster"}
    assert api.entity("v-1")[0]["volume_type"] == "fast", "the name that it had then"


def test_an_update_of_the_active_one(resized: Api) -> None:
    changes = {"flavor": "m1.tiny", "name": "new", "os": {"distro": "bsd", "version": "14", "os_type": "unix"}}
    answer = resized.ok("PUT", "/entity/instance/i-1", changes)
    assert (answer["start"], answer["end"]) == ("2026-01-01 14:00:00+00:00", None)
    assert (answer["flavor"], answer["name"], answer["os"]) == ("m1.tiny", "new", changes["os"])
    assert resized.entity("i-1")[-1] == answer, "the answer is what is stored"
    assert resized.spans("i-1", "flavor")[:2] == [
        ("10:00:00", "12:00:00", "m1.small"),
        ("12:00:00", "14:00:00", "m1.big"),
    ]


def test_what_is_told_after_an_update_counts_again(resized: Api) -> None:
    resized.ok("PUT", "/entity/instance/i-1", {"flavor": "m1.tiny"})
    resized.ok("PUT", "/instance/i-1/resize", body("15:00", flavor="m1.vast"))
    assert resized.spans("i-1", "flavor")[2:] == spans("14 15 m1.tiny, 15 - m1.vast")


def test_an_update_can_end_the_active_one(resized: Api) -> None:
    answer = resized.ok("PUT", "/entity/instance/i-1", {"end_date": "2026-01-01T16:00:00.000000Z"})
    assert (answer["end"], answer["last_event"]) == ("2026-01-01 16:00:00+00:00",) * 2
    assert resized("DELETE", "/instance/i-1", body("17:00")).status_code == 404


@pytest.mark.parametrize(
    ("start", "kept"),
    [
        ("13:00", "10 12 m1.small, 12 13 m1.big, 13 - m1.huge"),
        ("15:00", "10 12 m1.small, 12 14 m1.big, 15 - m1.huge"),
        ("11:00", "10 11 m1.small, 11 - m1.huge"),
    ],
)  # fmt: skip
def test_an_update_can_move_the_start_without_overlap(resized: Api, start: str, kept: str) -> None:
    answer = resized.ok("PUT", "/entity/instance/i-1", {"start_date": f"2026-01-01T{start}:00.0Z"})
    assert answer["start"] == f"2026-01-01 {start}:00+00:00"
    assert resized.spans("i-1", "flavor") == spans(kept)


def test_the_first_one_can_begin_earlier_or_later(api: Api) -> None:
    api.ok("POST", "/project/p/instance", INSTANCE)
    for hour in ("08:00:00", "11:00:00"):
        api.ok("PUT", "/entity/instance/i-1", {"start_date": f"2026-01-01T{hour}.0Z"})
        assert api.spans("i-1") == [(hour, None)]


@pytest.mark.parametrize(
    ("period", "changes", "kept"),
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
def test_one_that_is_closed_can_be_updated(
    resized: Api, period: tuple[str, str], changes: dict[str, str], kept: str
) -> None:
    resized.ok("DELETE", "/instance/i-1", body("16:00"))
    start, end = (f"2026-01-01 {hour}:00.0" for hour in period)
    answer = resized.ok("PUT", f"/entity/instance/i-1?start={start}&end={end}", changes)
    found = resized.entity("i-1")
    assert answer in found
    assert resized.spans("i-1", "flavor") == spans(kept)


def test_nothing_in_an_update_changes_nothing(resized: Api) -> None:
    before = resized.entity("i-1")
    for changes in ({}, {"name": "", "os": {}, "metadata": {}}, {"flavor": "m1.huge"}):
        assert resized.ok("PUT", "/entity/instance/i-1", changes)["flavor"] == "m1.huge"
    assert resized.entity("i-1") == before


def test_an_update_is_a_correction_with_author_and_reason(resized: Api) -> None:
    resized.ok("PUT", "/entity/instance/i-1", {"flavor": "m1.tiny"}, who="admin")
    with resized.of.services.database.snapshot() as db:
        rows = db.exec_driver_sql("SELECT publisher_id, fact FROM metering_event ORDER BY seq").all()
    publisher, fact = rows[-2]
    assert publisher == "almanach.admin"
    assert '"author":"admin"' in fact
    assert '"reason":"PUT /entity/instance"' in fact


def test_a_flavor_of_which_only_the_name_is_told_has_no_sizes(resized: Api) -> None:
    """Else the new flavor would be billed by the sizes of the old one."""
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
    resized.take(nova)
    resized.ok("PUT", "/instance/i-1/resize", body("17:00", flavor="m1.new"))
    resized.ok("PUT", "/instance/i-1/resize", body("18:00", flavor="m1.huge"))
    with resized.of.services.database.snapshot() as db:
        found = [one.attributes for one in resized.of.services.ledger.segments.iterate(db)]
    assert [one.get("vcpus") for one in found[-2:]] == [None, 8], "a flavor that the machine had before is known"
