"""`/api/v1/usage/audits`."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from stratiform.kit.clock import HOUR_US, SECOND_US, iso, iso_seconds, parse_iso
from stratiform.kit.errors import Unavailable
from stratiform.services.ledger import repository
from support.money import machine
from support.rest import Rest, rest
from support.servers import with_servers
from support.stacks import Bench

NOW = parse_iso("2026-11-10T10:00:00")


@pytest.fixture
def api(stack_bench: Bench) -> Iterator[Rest]:
    """A simulated cloud with a machine, of which the ledger was never told, and the other way round."""
    stack_bench.clock.at = NOW
    with_servers(stack_bench).create_active()
    stack_bench.clock.advance(HOUR_US)
    with rest(stack_bench) as made:
        lost = replace(machine("lost", made.demo_project, "2026-11-09T00:00:00"), cloud="sim")
        with stack_bench.services.database.transaction() as db:
            stack_bench.services.ingest.events.ingest(db, [lost], stack_bench.clock.now())
        yield made


def lines(api: Rest, **asked: Any) -> list[dict[str, Any]]:
    answer = api("POST", "usage/audits", {"period": "2026-11", **asked})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def test_it_tells_as_it_goes(api: Rest, stack_bench: Bench) -> None:
    first, second, *found, last = lines(api)
    assert first == {"progress": {"cloud": "sim", "count": 0}}
    assert second == {"progress": {"cloud": "sim", "count": 1}}
    resources = {one["resource"]["findings"][0]["kind"]: one["resource"] for one in found}
    surplus, missing = resources["surplus"], resources["missing"]
    now = iso(stack_bench.clock.now())
    assert surplus["resource_id"] == "lost"
    assert surplus["findings"] == [
        {
            "kind": "surplus",
            "start": "2026-11-09T00:00:00.000000Z",
            "end": now,
            "seconds": f"{(stack_bench.clock.now() - parse_iso('2026-11-09')) // SECOND_US}.000000",
            "exact": False,
            "evidence": [f"inventory of sim at {iso_seconds(stack_bench.clock.now())}"],
            "changes": {},
        }
    ]
    (proposal,) = surplus["proposals"]
    assert (proposal["says"], proposal["at"], proposal["made"]) == ({"gone": True}, now, False)
    assert missing["proposals"] == [], "whose it is is only known to the ledger"
    assert last["summary"] == {
        "period": "2026-11",
        "start": "2026-11-01T00:00:00.000000Z",
        "end": "2026-12-01T00:00:00.000000Z",
        "clean": False,
        "resources": 2,
        "found": {
            "missing": {"seconds": missing["findings"][0]["seconds"], "stretches": 1},
            "surplus": {"seconds": surplus["findings"][0]["seconds"], "stretches": 1},
        },
        "proposals": 1,
        "made": 0,
        "clouds": [{"cloud": "sim", "items": 1}],
        "unasked": [],
    }


def test_what_is_applied_is_listed_with_author_and_reason(api: Rest) -> None:
    *_, last = lines(api, apply=True)
    assert last["summary"]["made"] == 1
    (one,) = api("GET", "usage/corrections").json()["corrections"]
    assert one["author"].startswith("admin (")
    assert one["reason"].startswith("audit 2026-11: not in inventory of sim at ")
    assert one["seen"] == {"gone": True}
    assert one["says"] == {}
    *_, again = lines(api, apply=True)
    assert again["summary"]["found"].keys() == {"missing"}
    assert again["summary"]["proposals"] == 0
    assert len(api("GET", "usage/corrections").json()["corrections"]) == 1


def test_only_what_is_asked_for(api: Rest) -> None:
    found = lines(api, project_id=api.demo_project, clouds=["sim"])[2:-1]
    assert [one["resource"]["resource_id"] for one in found] == ["lost"]


def test_a_misspelt_project_is_told(api: Rest) -> None:
    answer = api("POST", "usage/audits", {"period": "2026-11", "project_id": "demo"})
    assert answer.status_code == 404
    assert answer.json()["hint"] == f"'demo' is a name; use the id: {api.demo_project}"


def test_who_may(api: Rest) -> None:
    asked = {"period": "2026-11"}
    assert api("POST", "usage/audits", asked, token="").status_code == 401
    assert api("POST", "usage/audits", asked, token="nobody").status_code == 401
    assert api("POST", "usage/audits", asked, token=api.demo).status_code == 403
    assert api("POST", "usage/audits", {}, token=api.demo).status_code == 403


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"period": "november"}, "november"),
        ({"period": "2027-01"}, "is in the future"),
        ({"period": "2026-11", "clouds": ["other"]}, "Cloud 'other'"),
        ({"period": "2026-11", "aply": True}, "aply"),
        ({}, "period"),
    ],
)
def test_what_is_refused_is_refused_at_once(api: Rest, body: Any, why: str) -> None:
    answer = api("POST", "usage/audits", body)
    assert answer.status_code == 400, answer.text
    assert why in answer.json()["detail"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Unavailable("the database does not answer"), {"detail": "the database does not answer", "hint": ""}),
        (RuntimeError("secret"), {"detail": "An internal error occurred; the server's log has the details."}),
    ],
)
def test_what_breaks_off_says_so(
    api: Rest, monkeypatch: pytest.MonkeyPatch, error: Exception, told: dict[str, str]
) -> None:
    def broken(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(repository.resources, "list_page", broken)
    *_, last = lines(api)
    assert last == {"problem": told}
