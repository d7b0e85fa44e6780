"""The contract's table of errors: what is missed first, what is said of it, and what never is a 500."""

import json
from typing import Any

import pytest

from support.almanach import ALWAYS, INSTANCE, VOLUME, Api

HOUR = "2026-01-01T11:00:00Z"
PAYLOAD = "Invalid parameter or payload"
DATE = (
    "The provided date has an invalid format. Format should be of yyyy-mm-ddThh:mm:ss.msZ, "
    "ex: 2015-01-31T18:24:34.1523Z"
)
DATES: tuple[Any, ...] = (None, 5, "", "junk", "10", "2026-01-32T00:00:00Z", "1969-12-31T23:59:59Z", [], {})
FORMAT = "value does not match expected format %Y-%m-%dT%H:%M:%S.%fZ"


@pytest.fixture
def full(api: Api) -> Api:
    own = api.folk.projects["green"]
    api.ok("POST", f"/project/{own}/instance", INSTANCE)
    api.ok("POST", f"/project/{own}/volume", VOLUME)
    return api


def refused(api: Api, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    before = api.position()
    answer = api(method, path, body)
    assert answer.headers["content-type"] == "application/json"
    assert api.position() == before
    return answer.status_code, answer.json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "keys"),
    [
        ("POST", "/project/p/instance", "id created_at name flavor os_distro os_version os_type"),
        ("POST", "/project/p/volume", "volume_id start volume_type size volume_name attached_to"),
        ("DELETE", "/instance/i-1", "date"),
        ("DELETE", "/volume/v-1", "date"),
        ("PUT", "/instance/i-1/resize", "date flavor"),
        ("PUT", "/instance/i-1/rebuild", "rebuild_date distro version os_type"),
        ("PUT", "/volume/v-1/resize", "size date"),
        ("PUT", "/volume/v-1/attach", "date attachments"),
        ("PUT", "/volume/v-1/detach", "date attachments"),
        ("POST", "/volume_type", "type_id type_name"),
    ],
)
def test_keys_are_missed_in_almanachs_order(full: Api, method: str, path: str, keys: str) -> None:
    body: dict[str, Any] = {"extra": "is ignored"}
    for key in keys.split():
        message = f"The '{key}' param is mandatory for the request you have made."
        assert refused(full, method, path, body) == (400, message)
        body[key] = None


@pytest.mark.parametrize(
    "query",
    [
        "start=2026-01-01T00:00:00.0",
        "start=2026-01-01 00:00:00",
        "start=2026-01-01",
        "start=2026-01-01 00:00:00.0Z",
        "start=",
        "start=2026-01-01 00:00:00.0&end=",
        "start=2026-01-01 00:00:00.0&end=now",
        "start=2026-13-01 00:00:00.0",
        "start=" + "9" * 5000,
    ],
)
def test_periods_have_one_form(full: Api, query: str) -> None:
    for kind in ("instances", "volumes", "entities"):
        assert refused(full, "GET", f"/project/p/{kind}?{query}") == (400, PAYLOAD), kind


def test_a_period_must_begin(full: Api) -> None:
    message = "The 'start' param is mandatory for the request you have made."
    for kind in ("instances", "volumes", "entities"):
        assert refused(full, "GET", f"/project/p/{kind}?end=2026-01-01 00:00:00.0") == (400, message)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/project/p/instance", INSTANCE | {"created_at": ...}),
        ("POST", "/project/p/volume", VOLUME | {"start": ...}),
        ("DELETE", "/instance/i-1", {"date": ...}),
        ("DELETE", "/volume/v-1", {"date": ...}),
        ("PUT", "/instance/i-1/resize", {"date": ..., "flavor": "x"}),
        ("PUT", "/volume/v-1/attach", {"date": ..., "attachments": []}),
    ],
    ids=["instance", "volume", "delete-instance", "delete-volume", "resize", "attach"],
)
def test_dates_are_dates(full: Api, method: str, path: str, body: dict[str, Any]) -> None:
    for date in DATES:
        given = {key: date if value is ... else value for key, value in body.items()}
        assert refused(full, method, path, given) == (400, DATE), date


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("2026-01-01T10:00:00.000000Z", "10:00:00"),
        ("2026-01-01T10:00:00.1523Z", "10:00:00.152300"),
        ("2026-01-01 10:00:00", "10:00:00"),
        ("2026-01-01T10:00:00+02:00", "08:00:00"),
        ("2026-01-01", "00:00:00"),
    ],
)
def test_dates_without_an_offset_are_utc(api: Api, text: str, start: str) -> None:
    api.ok("POST", "/project/p/instance", INSTANCE | {"created_at": text})
    assert api.spans("i-1") == [(start, None)]


@pytest.mark.parametrize(
    "wrong",
    [
        ("instance", {"id": ""}), ("instance", {"id": 5}), ("instance", {"name": 5}), ("instance", {"flavor": ["a"]}),
        ("instance", {"os_type": 5}), ("volume", {"size": -1}), ("volume", {"size": "x"}), ("volume", {"size": 1.5}),
        ("volume", {"size": True}), ("volume", {"size": 10**30}), ("volume", {"attached_to": "i-1"}),
        ("volume", {"attached_to": [5]}), ("volume", {"attached_to": ["a,b"]}), ("volume", {"volume_type": 5}),
    ],
    ids=str,
)  # fmt: skip
def test_what_has_the_wrong_type_is_refused(api: Api, wrong: tuple[str, dict[str, Any]]) -> None:
    kind, changes = wrong
    body = (INSTANCE if kind == "instance" else VOLUME) | changes
    assert refused(api, "POST", f"/project/p/{kind}", body) == (400, PAYLOAD)


@pytest.mark.parametrize("nothing", ["", None, [], {}])
def test_no_attachments_may_be_said_in_many_ways(api: Api, nothing: Any) -> None:
    api.ok("POST", "/project/p/volume", VOLUME | {"attached_to": nothing, "size": "20"})
    assert api.spans("v-1", "attached_to", "size") == [("10:00:00", None, [], 20)]


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("DELETE", "/instance/no", {"date": "junk"}, "InstanceId: no Not Found"),
        ("DELETE", "/volume/no", {"date": HOUR}, "Entity no not found"),
        ("PUT", "/instance/no/resize", {"date": HOUR, "flavor": "x"}, "Entity no not found"),
        ("PUT", "/instance/v-1/resize", {"date": HOUR, "flavor": "x"}, "Entity v-1 not found"),
        ("PUT", "/volume/i-1/resize", {"date": HOUR, "size": 1}, "Entity i-1 not found"),
        ("PUT", "/volume/no/detach", {"date": HOUR, "attachments": []}, "Entity no not found"),
        ("PUT", "/entity/instance/no", {"name": "x"}, "Entity no not found"),
        ("PUT", f"/entity/instance/i-1?{ALWAYS}", {"name": "x"}, "InstanceId: i-1 Not Found with start"),
        ("GET", "/entity/no", None, "Entity not found"),
        ("GET", "/volume_type/no", None, 'Unable to find volume_type_id "no"'),
        ("DELETE", "/volume_type/no", None, 'Unable to find volume_type_id "no"'),
        ("POST", "/project/p/volume", VOLUME | {"volume_type": "no"}, 'Unable to find volume_type_id "no"'),
    ],
)
def test_what_there_is_not(full: Api, method: str, path: str, body: Any, message: str) -> None:
    assert refused(full, method, path, body) == (404, message)


def test_a_volumes_date_is_read_before_the_volume_is_looked_for(api: Api) -> None:
    assert refused(api, "DELETE", "/volume/no", {"date": "junk"}) == (400, DATE)


def test_what_has_ended_is_not_there_for_changes(full: Api) -> None:
    for kind, entity_id in (("instance", "i-1"), ("volume", "v-1")):
        full.ok("DELETE", f"/{kind}/{entity_id}", {"date": HOUR})
        assert refused(full, "DELETE", f"/{kind}/{entity_id}", {"date": HOUR})[0] == 404


@pytest.mark.parametrize(
    ("body", "reasons"),
    [
        ({"nonsense": 1}, {"nonsense": "extra keys not allowed"}),
        ({"name": 1, "flavor": None}, {"name": "expected str", "flavor": "expected str"}),
        ({"metadata": []}, {"metadata": "expected dict"}),
        ({"metadata": {"a": 1}}, {"metadata": "expected str"}),
        ({"os": "linux"}, {"os": "expected a dictionary"}),
        ({"os": {"distro": "debian"}}, {"os": "required key not provided"}),
        ({"os": {"distro": "d", "version": "1", "os_type": "l", "x": "y"}}, {"os": "extra keys not allowed"}),
        ({"os": {"distro": 1, "version": "1", "os_type": "l"}}, {"os": "expected str"}),
        ({"start_date": HOUR}, {"start_date": FORMAT}),
        ({"end_date": "2026-01-01T12:00:00.000000+00:00"}, {"end_date": FORMAT}),
        ({"end_date": None}, {"end_date": FORMAT}),
        ({"end_date": "2026-01-01T09:00:00.0Z"}, {"end_date": "must be after the start"}),
    ],
)
def test_an_update_says_what_is_wrong_with_each_key(full: Api, body: Any, reasons: dict[str, str]) -> None:
    assert refused(full, "PUT", "/entity/instance/i-1", body) == (400, reasons)


def test_an_update_is_checked_before_the_entity_is_looked_for(api: Api) -> None:
    assert refused(api, "PUT", "/entity/instance/no", {"x": 1}) == (400, {"x": "extra keys not allowed"})


def test_an_update_may_not_name_another_machine(full: Api) -> None:
    assert refused(full, "PUT", "/entity/instance/i-1", {"instance_id": "i-2"}) == (400, PAYLOAD)


def test_of_two_closed_entities_one_must_be_chosen(full: Api) -> None:
    full.ok("PUT", "/instance/i-1/resize", {"date": HOUR, "flavor": "m1.big"})
    full.ok("DELETE", "/instance/i-1", {"date": "2026-01-01T12:00:00Z"})
    message = "Multiple entities found while updating a closed entity"
    assert refused(full, "PUT", f"/entity/instance/i-1?{ALWAYS}", {"flavor": "x"}) == (400, message)


ODD_IDS = ("%00", "a%00b", "%F0%9F%98%80", "a" * 10_000, "%FF", "%ED%A0%80")


@pytest.mark.parametrize("odd", ODD_IDS, ids=range(len(ODD_IDS)))
def test_ids_may_be_anything(full: Api, odd: str) -> None:
    bodies: dict[str, Any] = {
        f"POST /project/{odd}/instance": INSTANCE, f"POST /project/{odd}/volume": VOLUME,
        f"DELETE /instance/{odd}": {"date": HOUR}, f"DELETE /volume/{odd}": {"date": HOUR},
        f"PUT /instance/{odd}/resize": {"date": HOUR, "flavor": "x"}, f"PUT /entity/instance/{odd}": {"name": "x"},
        f"PUT /volume/{odd}/resize": {"date": HOUR, "size": 1}, f"GET /entity/{odd}": None, f"HEAD /entity/{odd}": None,
        f"GET /project/{odd}/entities?{ALWAYS}": None, f"GET /volume_type/{odd}": None,
        f"DELETE /volume_type/{odd}": None,
    }  # fmt: skip
    for line, body in bodies.items():
        method, path = line.split(" ", 1)
        assert full(method, path, body).status_code < 500, line


@pytest.mark.parametrize(
    "text", ["a" * 300, "a\x00b", "\ud800", "\U0001f600" * 300], ids=["long", "nul", "half", "long-wide"]
)
def test_texts_may_be_anything(full: Api, text: str) -> None:
    bodies: dict[str, Any] = {
        "POST /project/p/instance": [INSTANCE | {key: text} for key in ("id", "name", "flavor", "os_type")],
        "POST /project/p/volume": [VOLUME | {key: text} for key in ("volume_id", "volume_name", "volume_type")],
        "POST /volume_type": [{"type_id": text, "type_name": "x"}, {"type_id": "x", "type_name": text}],
        "PUT /entity/instance/i-1": [{"name": text}, {"flavor": text}, {"metadata": {text: "x"}}],
        "PUT /volume/v-1/attach": [{"date": HOUR, "attachments": [text]}],
    }
    for line, kinds in bodies.items():
        method, path = line.split(" ", 1)
        for body in kinds:
            answer = full(method, path, content=json.dumps(body).encode())
            assert answer.status_code < 500, (line, body, answer.text)
