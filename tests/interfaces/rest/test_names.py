"""`/usage/names`: names that operators set."""

from collections.abc import Iterator

import pytest

from stratiform.kit.clock import parse_iso
from support.money import disk
from support.rest import Rest, rest
from support.stacks import ServiceHarness

TYPE = "8e92e9ee-879e-4c28-b238-a3467aa0b039"


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[Rest]:
    service_harness.clock.at = parse_iso("2026-11-10T01:00:00")
    with rest(service_harness) as api:
        yield api


def set_name(api: Rest, name: str, **changes: str) -> list[dict[str, str]]:
    body = {"resource_type": "volume_type", "resource_id": TYPE, "name": name, **changes}
    response = api("POST", "usage/names", body)
    assert response.status_code == 201, response.json()
    return list(response.json()["names"])


def list_names(api: Rest) -> list[tuple[str, str, str]]:
    names = api("GET", "usage/names?resource_type=volume_type").json()["names"]
    return [(name["cloud"], name["name"], name["start"]) for name in names]


def test_name_is_set_for_all_clouds_until_one_has_named_it(api: Rest) -> None:
    assert set_name(api, "fast", start="2026-11-01T00:00:00Z")[0]["cloud"] == ""
    assert set_name(api, "fast", start="2026-11-01T00:00:00Z") == set_name(api, "fast", start="2026-11-01T00:00:00Z")
    assert list_names(api) == [("", "fast", "2026-11-01T00:00:00.000000Z")]
    set_name(api, "gold")
    set_name(api, "blue", cloud="dc-1")
    assert [name["cloud"] for name in set_name(api, "red", start="2026-11-10T00:00:00Z")] == ["", "dc-1"]
    assert list_names(api) == [
        ("", "fast", "2026-11-01T00:00:00.000000Z"),
        ("", "red", "2026-11-10T00:00:00.000000Z"),
        ("", "gold", "2026-11-10T01:00:00.000000Z"),
        ("dc-1", "red", "2026-11-10T00:00:00.000000Z"),
        ("dc-1", "blue", "2026-11-10T01:00:00.000000Z"),
    ]


def test_name_is_used_for_prices(api: Rest, service_harness: ServiceHarness) -> None:
    with service_harness.services.database.transaction() as db:
        event = disk("v1", "p1", "2026-11-10T00:00:00", volume_type_name=None)
        service_harness.services.ingest.own_events.ingest(db, [event], service_harness.clock.now())
    set_name(api, "fast")
    with service_harness.services.database.read_transaction() as db:
        ledger = service_harness.services.ledger
        (segment,) = ledger.name_timelines.open_reader(db).add_names(ledger.segments.iterate(db))
    assert segment.attributes["volume_type_name"] == "fast"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"resource_type": "volume"}, "volume"),
        ({"name": " "}, "name: must not be empty"),
        ({"name": "x" * 256}, "name is longer than 255 characters"),
        ({"resource_id": ""}, "resource_id is missing"),
        ({"start": "2026-11-10T01:00:01Z"}, "start: must not be in the future"),
        ({"start": "soon"}, "soon"),
        ({"cloud": "a\nb"}, "cloud"),
    ],
)
def test_invalid_name_is_refused(api: Rest, changes: dict[str, str], problem: str) -> None:
    body = {"resource_type": "volume_type", "resource_id": TYPE, "name": "fast", **changes}
    response = api("POST", "usage/names", body)
    assert response.status_code == 400
    assert problem in response.json()["detail"]
    assert list_names(api) == []


def test_customer_may_not_set_or_list_names(api: Rest) -> None:
    body = {"resource_type": "volume_type", "resource_id": TYPE, "name": "fast"}
    assert api("POST", "usage/names", body, token=api.demo).status_code == 403
    assert api("GET", "usage/names", token=api.demo).status_code == 403
