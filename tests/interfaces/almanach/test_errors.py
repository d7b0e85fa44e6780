"""Error messages of the contract, their precedence, and invalid input that must not cause a 500."""

import json
from typing import Any

import pytest

from support.almanach import ANY_TIME, INSTANCE, VOLUME, AlmanachClient

HOUR = "2026-01-01T11:00:00Z"
PAYLOAD = "Invalid parameter or payload"
DATE = (
    "The provided date has an invalid format. Format should be of yyyy-mm-ddThh:mm:ss.msZ, "
    "ex: 2015-01-31T18:24:34.1523Z"
)
DATES: tuple[Any, ...] = (None, 5, "", "junk", "10", "2026-01-32T00:00:00Z", "1969-12-31T23:59:59Z", [], {})
FORMAT = "value does not match expected format %Y-%m-%dT%H:%M:%S.%fZ"


@pytest.fixture
def full(client: AlmanachClient) -> AlmanachClient:
    client.ok("POST", f"/project/{client.project_id}/instance", INSTANCE)
    client.ok("POST", f"/project/{client.project_id}/volume", VOLUME)
    return client


def get_error(client: AlmanachClient, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    before = client.get_position()
    response = client.request(method, path, body)
    assert response.headers["content-type"] == "application/json"
    assert client.get_position() == before
    return response.status_code, response.json()["error"]


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
def test_missing_keys_are_reported_in_order(full: AlmanachClient, method: str, path: str, keys: str) -> None:
    body: dict[str, Any] = {"extra": "is ignored"}
    for key in keys.split():
        message = f"The '{key}' param is mandatory for the request you have made."
        assert get_error(full, method, path, body) == (400, message)
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
def test_period_format(full: AlmanachClient, query: str) -> None:
    for path in ("instances", "volumes", "entities"):
        assert get_error(full, "GET", f"/project/p/{path}?{query}") == (400, PAYLOAD), path


def test_period_requires_start(full: AlmanachClient) -> None:
    message = "The 'start' param is mandatory for the request you have made."
    for path in ("instances", "volumes", "entities"):
        assert get_error(full, "GET", f"/project/p/{path}?end=2026-01-01 00:00:00.0") == (400, message)


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
def test_invalid_dates(full: AlmanachClient, method: str, path: str, body: dict[str, Any]) -> None:
    for date in DATES:
        dated = {key: date if value is ... else value for key, value in body.items()}
        assert get_error(full, method, path, dated) == (400, DATE), date


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
def test_date_formats(client: AlmanachClient, text: str, start: str) -> None:
    client.ok("POST", "/project/p/instance", INSTANCE | {"created_at": text})
    assert client.list_intervals("i-1") == [(start, None)]


@pytest.mark.parametrize(
    ("entity_type", "changes"),
    [
        ("instance", {"id": ""}), ("instance", {"id": 5}), ("instance", {"name": 5}), ("instance", {"flavor": ["a"]}),
        ("instance", {"os_type": 5}), ("volume", {"size": -1}), ("volume", {"size": "x"}), ("volume", {"size": 1.5}),
        ("volume", {"size": True}), ("volume", {"size": 10**30}), ("volume", {"attached_to": "i-1"}),
        ("volume", {"attached_to": [5]}), ("volume", {"attached_to": ["a,b"]}), ("volume", {"volume_type": 5}),
    ],
    ids=str,
)  # fmt: skip
def test_invalid_types(client: AlmanachClient, entity_type: str, changes: dict[str, Any]) -> None:
    body = (INSTANCE if entity_type == "instance" else VOLUME) | changes
    assert get_error(client, "POST", f"/project/p/{entity_type}", body) == (400, PAYLOAD)


@pytest.mark.parametrize("empty", ["", None, [], {}])
def test_empty_attachments(client: AlmanachClient, empty: Any) -> None:
    client.ok("POST", "/project/p/volume", VOLUME | {"attached_to": empty, "size": "20"})
    assert client.list_intervals("v-1", "attached_to", "size") == [("10:00:00", None, [], "20")]


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
        ("PUT", f"/entity/instance/i-1?{ANY_TIME}", {"name": "x"}, "InstanceId: i-1 Not Found with start"),
        ("GET", "/entity/no", None, "Entity not found"),
        ("GET", "/volume_type/no", None, 'Unable to find volume_type_id "no"'),
        ("DELETE", "/volume_type/no", None, 'Unable to find volume_type_id "no"'),
        ("POST", "/project/p/volume", VOLUME | {"volume_type": "no"}, 'Unable to find volume_type_id "no"'),
    ],
)
def test_not_found(full: AlmanachClient, method: str, path: str, body: Any, message: str) -> None:
    assert get_error(full, method, path, body) == (404, message)


def test_date_of_volume_is_validated_before_lookup(client: AlmanachClient) -> None:
    assert get_error(client, "DELETE", "/volume/no", {"date": "junk"}) == (400, DATE)


def test_closed_entities_cannot_be_deleted(full: AlmanachClient) -> None:
    for entity_type, entity_id in (("instance", "i-1"), ("volume", "v-1")):
        full.ok("DELETE", f"/{entity_type}/{entity_id}", {"date": HOUR})
        assert get_error(full, "DELETE", f"/{entity_type}/{entity_id}", {"date": HOUR})[0] == 404


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
def test_update_reports_each_invalid_key(full: AlmanachClient, body: Any, reasons: dict[str, str]) -> None:
    assert get_error(full, "PUT", "/entity/instance/i-1", body) == (400, reasons)


def test_update_is_validated_before_lookup(client: AlmanachClient) -> None:
    assert get_error(client, "PUT", "/entity/instance/no", {"x": 1}) == (400, {"x": "extra keys not allowed"})


def test_update_cannot_change_instance_id(full: AlmanachClient) -> None:
    assert get_error(full, "PUT", "/entity/instance/i-1", {"instance_id": "i-2"}) == (400, PAYLOAD)


def test_update_of_several_closed_entities(full: AlmanachClient) -> None:
    full.ok("PUT", "/instance/i-1/resize", {"date": HOUR, "flavor": "m1.big"})
    full.ok("DELETE", "/instance/i-1", {"date": "2026-01-01T12:00:00Z"})
    message = "Multiple entities found while updating a closed entity"
    assert get_error(full, "PUT", f"/entity/instance/i-1?{ANY_TIME}", {"flavor": "x"}) == (400, message)


UNUSUAL_IDS = ("%00", "a%00b", "%F0%9F%98%80", "a" * 10_000, "%FF", "%ED%A0%80")


@pytest.mark.parametrize("entity_id", UNUSUAL_IDS, ids=range(len(UNUSUAL_IDS)))
def test_unusual_ids_cause_no_server_error(full: AlmanachClient, entity_id: str) -> None:
    bodies: dict[str, Any] = {
        f"POST /project/{entity_id}/instance": INSTANCE,
        f"POST /project/{entity_id}/volume": VOLUME,
        f"DELETE /instance/{entity_id}": {"date": HOUR},
        f"DELETE /volume/{entity_id}": {"date": HOUR},
        f"PUT /instance/{entity_id}/resize": {"date": HOUR, "flavor": "x"},
        f"PUT /entity/instance/{entity_id}": {"name": "x"},
        f"PUT /volume/{entity_id}/resize": {"date": HOUR, "size": 1},
        f"GET /entity/{entity_id}": None,
        f"HEAD /entity/{entity_id}": None,
        f"GET /project/{entity_id}/entities?{ANY_TIME}": None,
        f"GET /volume_type/{entity_id}": None,
        f"DELETE /volume_type/{entity_id}": None,
    }
    for line, body in bodies.items():
        method, path = line.split(" ", 1)
        assert full.request(method, path, body).status_code < 500, line


@pytest.mark.parametrize(
    "text", ["a" * 300, "a\x00b", "\ud800", "\U0001f600" * 300], ids=["long", "nul", "surrogate", "long-wide"]
)
def test_unusual_strings_cause_no_server_error(full: AlmanachClient, text: str) -> None:
    bodies: dict[str, Any] = {
        "POST /project/p/instance": [INSTANCE | {key: text} for key in ("id", "name", "flavor", "os_type")],
        "POST /project/p/volume": [VOLUME | {key: text} for key in ("volume_id", "volume_name", "volume_type")],
        "POST /volume_type": [{"type_id": text, "type_name": "x"}, {"type_id": "x", "type_name": text}],
        "PUT /entity/instance/i-1": [{"name": text}, {"flavor": text}, {"metadata": {text: "x"}}],
        "PUT /volume/v-1/attach": [{"date": HOUR, "attachments": [text]}],
    }
    for line, variants in bodies.items():
        method, path = line.split(" ", 1)
        for body in variants:
            response = full.request(method, path, content=json.dumps(body).encode())
            assert response.status_code < 500, (line, body, response.text)
