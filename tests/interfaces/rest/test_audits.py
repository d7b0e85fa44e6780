"""`/api/v1/usage/audits`."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from stratiform.connectors.memory.usage import MemoryUsageDriver
from stratiform.contract.usage import InventoryItem
from stratiform.kit.clock import HOUR_US, SECOND_US, format_iso, format_iso_seconds, parse_iso
from stratiform.kit.errors import Unavailable
from stratiform.services.ledger import repository
from support.money import machine
from support.rest import Rest, rest
from support.servers import with_servers
from support.stacks import ServiceHarness

NOW = parse_iso("2026-11-10T10:00:00")


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[Rest]:
    """A cloud with a server that is not in the ledger, and a server in the ledger that the cloud does not list."""
    service_harness.clock.at = NOW
    with_servers(service_harness).create_active()
    service_harness.clock.advance(HOUR_US)
    with rest(service_harness) as api:
        unlisted = replace(machine("unlisted", api.demo_project, "2026-11-09T00:00:00"), cloud="sim")
        with service_harness.services.database.transaction() as db:
            service_harness.services.ingest.own_events.ingest(db, [unlisted], service_harness.clock.now())
        yield api


def run_audit(api: Rest, **fields: Any) -> list[dict[str, Any]]:
    response = api("POST", "usage/audits", {"period": "2026-11", **fields})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in response.text.splitlines()]


def test_progress_resources_and_summary(api: Rest, service_harness: ServiceHarness) -> None:
    first, second, *results, last = run_audit(api)
    assert first == {"progress": {"cloud": "sim", "count": 0}}
    assert second == {"progress": {"cloud": "sim", "count": 1}}
    resources = {line["resource"]["findings"][0]["kind"]: line["resource"] for line in results}
    surplus, missing = resources["surplus"], resources["missing"]
    now = format_iso(service_harness.clock.now())
    assert surplus["resource_id"] == "unlisted"
    assert surplus["findings"] == [
        {
            "kind": "surplus",
            "start": "2026-11-09T00:00:00.000000Z",
            "end": now,
            "seconds": f"{(service_harness.clock.now() - parse_iso('2026-11-09')) // SECOND_US}.000000",
            "exact": False,
            "evidence": [f"inventory of sim at {format_iso_seconds(service_harness.clock.now())}"],
            "changes": {},
        }
    ]
    (proposal,) = surplus["proposals"]
    assert (proposal["content"], proposal["at"], proposal["made"]) == ({"gone": True}, now, False)
    assert missing["proposals"] == [], "the project of the server is unknown"
    assert last["summary"] == {
        "period": "2026-11",
        "start": "2026-11-01T00:00:00.000000Z",
        "end": "2026-12-01T00:00:00.000000Z",
        "clean": False,
        "resources": 2,
        "found": {
            "missing": {"seconds": missing["findings"][0]["seconds"], "findings": 1},
            "surplus": {"seconds": surplus["findings"][0]["seconds"], "findings": 1},
        },
        "proposals": 1,
        "made": 0,
        "coverage": [
            {
                "cloud": "sim",
                "resources": 2,
                "in_inventory": 2,
                "in_exists": 0,
                "without_source": 0,
                "no_inventory": None,
            }
        ],
        "clouds": [{"cloud": "sim", "items": 1}],
        "failed_inventories": [],
    }


def test_projects_in_findings_have_names(api: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    item = InventoryItem("instance", "foreign", "p9", "web", "active", parse_iso("2026-11-09"), {"vcpus": 2})
    monkeypatch.setattr(MemoryUsageDriver, "list_inventory", lambda _: iter([item]))
    body = {"resource_type": "project", "resource_id": "p9", "cloud": "sim", "name": "shop", "start": "2026-11-01"}
    assert api("POST", "usage/names", body).status_code == 201
    resources = {line["resource"]["resource_id"]: line["resource"] for line in run_audit(api) if "resource" in line}
    assert resources["foreign"]["proposals"][0]["content"]["project_id"] == "p9"
    assert resources["foreign"]["project_names"] == {"p9": "shop"}
    assert resources["unlisted"]["project_names"] == {}


def test_applied_corrections_are_listed(api: Rest) -> None:
    *_, last = run_audit(api, apply=True)
    assert last["summary"]["made"] == 1
    (correction,) = api("GET", "usage/corrections").json()["corrections"]
    assert correction["author"].startswith("admin (")
    assert correction["reason"].startswith("audit 2026-11: not in inventory of sim at ")
    assert correction["seen"] == {"gone": True}
    assert correction["content"] == {}
    *_, second = run_audit(api, apply=True)
    assert second["summary"]["found"].keys() == {"missing"}
    assert second["summary"]["proposals"] == 0
    assert len(api("GET", "usage/corrections").json()["corrections"]) == 1


def test_filters(api: Rest) -> None:
    results = run_audit(api, project_id=api.demo_project, clouds=["sim"])[2:-1]
    assert [line["resource"]["resource_id"] for line in results] == ["unlisted"]


def test_unknown_project(api: Rest) -> None:
    response = api("POST", "usage/audits", {"period": "2026-11", "project_id": "demo"})
    assert response.status_code == 404
    assert response.json()["hint"] == f"'demo' is a name; use the ID: {api.demo_project}"


def test_access(api: Rest) -> None:
    body = {"period": "2026-11"}
    assert api("POST", "usage/audits", body, token="").status_code == 401
    assert api("POST", "usage/audits", body, token="nobody").status_code == 401
    assert api("POST", "usage/audits", body, token=api.demo).status_code == 403
    assert api("POST", "usage/audits", {}, token=api.demo).status_code == 403


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"period": "november"}, "november"),
        ({"period": "2027-01"}, "is in the future"),
        ({"period": "2026-11", "clouds": ["other"]}, "Cloud 'other'"),
        ({"period": "2026-11", "aply": True}, "aply"),
        ({}, "period"),
    ],
)
def test_invalid_requests(api: Rest, body: Any, detail: str) -> None:
    response = api("POST", "usage/audits", body)
    assert response.status_code == 400, response.text
    assert detail in response.json()["detail"]


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (Unavailable("the database does not answer"), {"detail": "the database does not answer", "hint": ""}),
        (RuntimeError("secret"), {"detail": "An internal error occurred; see the server log."}),
    ],
)
def test_errors_are_the_last_line(
    api: Rest, monkeypatch: pytest.MonkeyPatch, error: Exception, problem: dict[str, str]
) -> None:
    def fail(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(repository.resources, "list_page", fail)
    *_, last = run_audit(api)
    assert last == {"problem": problem}
