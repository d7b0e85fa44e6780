"""Retroactive price changes of `/api/v1`: previewed, refused without a reason, and listed."""

from collections.abc import Iterator

import httpx
import pytest

from stratiform.kit.clock import parse_iso
from support.money import PLAN, machine
from support.rest import Rest, rest
from support.stacks import ServiceHarness

RAISED = PLAN.replace("2026-01-01", "2026-11-15").replace('"0.01"', '"0.03"')
DIFFERENCE = {
    "account": "acme",
    "currency": "EUR",
    "start": "2026-11-01T00:00:00.000000Z",
    "end": "2026-11-20T00:00:00.000000Z",
    "net_before": "5.28",
    "net_after": "10.08",
    "difference": "4.80",
    "exact_difference": "4.8",
}


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[Rest]:
    """A server on November 20 with a machine of "acme" since the 10th."""
    service_harness.clock.at = parse_iso("2026-11-20")
    with rest(service_harness) as api:
        assert post(api, "prices", PLAN).status_code == 200
        assert api("POST", "accounts", {"name": "acme", "currency": "EUR", "plan": "standard"}).status_code == 201
        assigned = {"project": "demo", "start": "2026-11-10T00:00:00Z"}
        assert api("POST", "accounts/acme/projects", assigned).status_code == 201
        with service_harness.services.database.transaction() as db:
            event = machine("m1", api.demo_project, "2026-11-10")
            service_harness.services.ingest.own_events.ingest(db, [event], service_harness.clock.now())
        yield api


def post(api: Rest, path: str, source: str, token: str | None = None, **params: str) -> httpx.Response:
    headers = {"X-Auth-Token": api.admin if token is None else token, "Content-Type": "application/toml"}
    response: httpx.Response = api.http.post(f"/api/v1/{path}", content=source, params=params, headers=headers)
    return response


def test_a_retroactive_change_is_a_problem_and_changes_nothing(api: Rest) -> None:
    response = post(api, "prices", RAISED)
    assert (response.status_code, response.headers["content-type"]) == (409, "application/problem+json")
    problem = response.json()
    assert "would change the cost of past usage of customer account 'acme' from 5.28 to 10.08 EUR" in problem["detail"]
    assert "`retroactive` and `reason`" in problem["hint"]
    assert len(api("GET", "prices/standard").json()["versions"]) == 1
    assert api("GET", "price-changes").json() == {"price_changes": [], "next": None}


def test_a_preview_has_the_differences(api: Rest) -> None:
    response = post(api, "prices/preview", RAISED)
    assert response.json() == {
        "plan": "standard",
        "currency": "EUR",
        "past_versions": ["2026-11-15T00:00:00.000000Z"],
        "differences": [DIFFERENCE],
    }
    assert len(api("GET", "prices/standard").json()["versions"]) == 1
    assert post(api, "prices/preview", PLAN).json()["differences"] == []


def test_a_retroactive_change_is_recorded(api: Rest) -> None:
    plan = post(api, "prices", RAISED, retroactive="true", reason="agreed").json()
    assert [version["valid_from"][:10] for version in plan["versions"]] == ["2026-01-01", "2026-11-15"]
    (change,) = api("GET", "price-changes").json()["price_changes"]
    assert change == plan["change"]
    assert (change["plan"], change["previous_plan"], change["reason"]) == ("standard", None, "agreed")
    assert change["author"].startswith("admin (")
    assert (change["versions"], change["differences"]) == (["2026-11-15T00:00:00.000000Z"], [DIFFERENCE])
    assert post(api, "prices", RAISED).json()["change"] is None


def test_price_changes_have_pages(api: Rest) -> None:
    for day in (15, 16):
        version = RAISED.replace("2026-11-15", f"2026-11-{day}").replace('"0.03"', f'"0.{day}"')
        assert post(api, "prices", version, retroactive="true", reason=str(day)).status_code == 200
    first = api("GET", "price-changes?limit=1").json()
    second = api("GET", f"price-changes?limit=1&marker={first['next']}").json()
    assert {page["price_changes"][0]["reason"] for page in (first, second)} == {"15", "16"}
    assert second["next"] is None


@pytest.mark.parametrize(
    ("params", "detail"),
    [
        ({"retroactive": "true"}, "`reason`: a retroactive price change needs a reason"),
        ({"retroactive": "true", "reason": " "}, "`reason` is empty"),
        ({"reason": "agreed"}, "`reason` is allowed only for a retroactive change"),
    ],
)
def test_a_reason_and_a_retroactive_change_need_each_other(api: Rest, params: dict[str, str], detail: str) -> None:
    response = post(api, "prices", RAISED, **params)
    assert (response.status_code, response.json()["detail"]) == (400, detail)
    assert len(api("GET", "prices/standard").json()["versions"]) == 1


def test_only_operators_have_access(api: Rest) -> None:
    assert post(api, "prices/preview", RAISED, api.demo).status_code == 403
    assert api("GET", "price-changes", token=api.demo).status_code == 403
    assert api("GET", "price-changes", token="").status_code == 401


PREMIUM = PLAN.replace('"standard"', '"premium"').replace('"0.01"', '"0.03"')
MOVED = {**DIFFERENCE, "net_after": "14.88", "difference": "9.60", "exact_difference": "9.6"}


def test_a_customer_account_moves_to_another_plan(api: Rest) -> None:
    assert post(api, "prices", PREMIUM).status_code == 200
    preview = api("POST", "accounts/acme/plan/preview", {"plan": "premium"})
    assert preview.json() == {
        "account": "acme", "plan": "premium", "previous_plan": "standard", "differences": [MOVED],
    }  # fmt: skip
    refused = api("PUT", "accounts/acme/plan", {"plan": "premium"})
    assert refused.status_code == 409
    assert refused.json()["detail"].startswith("Plan 'premium' would change the cost of past usage")
    moved = api("PUT", "accounts/acme/plan", {"plan": "premium", "retroactive": True, "reason": "agreed"}).json()
    assert (moved["plan"], moved["previous_plan"]) == ("premium", "standard")
    (change,) = api("GET", "price-changes").json()["price_changes"]
    assert change == moved["change"]
    assert (change["plan"], change["previous_plan"], change["versions"]) == ("premium", "standard", [])
    assert api("GET", "accounts/acme").json()["plan"] == "premium"
    assert api("PUT", "accounts/acme/plan", {"plan": "premium"}).json()["change"] is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"plan": "none"}, 404),
        ({"plan": "premium", "reason": "r"}, 400),
        ({"plan": "premium", "retroactive": True}, 400),
        ({}, 400),
    ],
)
def test_an_invalid_move_is_refused(api: Rest, body: dict[str, object], status: int) -> None:
    post(api, "prices", PREMIUM)
    assert api("PUT", "accounts/acme/plan", body).status_code == status
