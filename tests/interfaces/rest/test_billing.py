"""Prices, accounts, periods, invoices and costs of `/api/v1`."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from stratiform.kit.clock import parse_iso
from stratiform.services.identity.model import SYSTEM_TARGET, ListQuery, RoleAssignment, ScopeRequest
from support.money import PLAN, machine
from support.rest import Rest, rest, sign_in
from support.stacks import ServiceHarness


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[Rest]:
    """A server with "acme" as customer account of the project "demo", in which a server was launched an hour ago."""
    service_harness.clock.at = parse_iso("2026-11-10T01:00:00")
    with rest(service_harness) as api:
        assert publish(api, PLAN).status_code == 200
        assert api("PUT", "seller", {"legal_name": "Seller"}).status_code == 200
        assert api("POST", "accounts", {"name": "acme", "currency": "EUR", "plan": "standard"}).status_code == 201
        assigned = {"project": "demo", "start": "2026-11-10T00:00:00Z"}
        assert api("POST", "accounts/acme/projects", assigned).status_code == 201
        with service_harness.services.database.transaction() as db:
            event = machine("m1", api.demo_project, "2026-11-10T00:00:00")
            service_harness.services.ingest.own_events.ingest(db, [event], service_harness.clock.now())
        yield api


def publish(api: Rest, source: str, token: str | None = None) -> Any:
    headers = {"X-Auth-Token": api.admin if token is None else token, "Content-Type": "application/toml"}
    return api.http.post("/api/v1/prices", content=source.encode(), headers=headers)


def test_a_published_plan_is_listed_and_shown(api: Rest) -> None:
    (plan,) = api("GET", "prices", token=api.demo).json()["prices"]
    assert plan == api("GET", "prices/standard").json()
    assert (plan["name"], plan["currency"], plan["unpriced"]) == ("standard", "EUR", "refuse")
    (version,) = plan["versions"]
    assert version["prices"][0] == {
        "resource": "instance",
        "measure": "attribute",
        "attribute": "vcpus",
        "meter": None,
        "name": "vcpu",
        "price": "0.01",
        "unit": "vCPU-hour",
        "granularity": "second",
        "round": "up",
        "states": ["active"],
        "where": {},
        "label": "",
        "tax_category": None,
    }
    assert version["prices"][2]["where"] == {"volume_type": ["fast"]}


def test_a_customer_sees_only_their_own_price_plan(api: Rest, service_harness: ServiceHarness) -> None:
    assert publish(api, PLAN.replace('name = "standard"', 'name = "reseller"', 1)).status_code == 200
    assert [plan["name"] for plan in api("GET", "prices").json()["prices"]] == ["reseller", "standard"]
    assert [plan["name"] for plan in api("GET", "prices", token=api.demo).json()["prices"]] == ["standard"]
    foreign, unknown = (api("GET", f"prices/{name}", token=api.demo) for name in ("reseller", "unknown"))
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert foreign.json()["detail"] == unknown.json()["detail"].replace("unknown", "reseller")
    assert api("POST", "accounts", {"name": "b", "currency": "EUR", "plan": "reseller"}).status_code == 201
    later = {"project": "demo", "start": "2026-11-10T01:00:00Z"}
    assert api("POST", "accounts/b/projects", later).status_code == 201
    assert [plan["name"] for plan in api("GET", "prices", token=api.demo).json()["prices"]] == ["reseller"]
    unscoped = sign_in(service_harness, "demo", scope=ScopeRequest("unscoped"))
    assert api("GET", "prices", token=unscoped).status_code == 403
    assert api("GET", "prices/standard", token=unscoped).status_code == 403


def test_an_auditor_of_the_system_reads_prices_and_invoices(api: Rest, service_harness: ServiceHarness) -> None:
    identity = service_harness.services.identity
    with service_harness.services.database.transaction() as db:
        ctx = service_harness.ctx(db)
        user = identity.users.list(ctx, ListQuery({"name": "demo"})).items[0]
        role = identity.roles.list(ctx, ListQuery({"name": "reader"})).items[0]
        identity.role_assignments.grant(ctx, RoleAssignment(role.id, "user", user.id, "system", SYSTEM_TARGET))
    token = sign_in(service_harness, "demo", scope=ScopeRequest("system"))
    assert api("GET", "prices/standard", token=token).status_code == 200
    assert api("GET", "invoices", token=token).status_code == 200
    assert api("POST", "accounts", {}, token=token).status_code == 403


def test_an_invalid_plan_is_refused_in_one_line(api: Rest) -> None:
    response = publish(api, PLAN.replace("per =", "pre =", 1))
    assert response.status_code == 400
    assert response.json()["detail"] == "price 1 of version 1: unknown key 'pre'"
    assert publish(api, PLAN.replace('"0.01"', '"0.02"')).status_code == 409
    assert api.http.post("/api/v1/prices", content=b"\xff", headers={"X-Auth-Token": api.admin}).status_code == 400


def test_an_account_is_shown_with_its_projects(api: Rest, service_harness: ServiceHarness) -> None:
    with service_harness.services.database.transaction() as db:
        service_harness.services.ingest.own_events.ingest_outbox(db, service_harness.clock.now(), 100)
    account = api("GET", "accounts/acme").json()
    project = {"project_id": api.demo_project, "project_name": "demo"}
    assert account["projects"] == [{**project, "start": "2026-11-10T00:00:00.000000Z", "until": None}]
    assert account["billed_until"] == "2026-11-01T00:00:00.000000Z"
    assert [account["name"] for account in api("GET", "accounts").json()["accounts"]] == ["acme"]
    assert api("GET", "accounts/unknown").status_code == 404


def test_projects_are_assigned_by_name_or_id_also_without_a_project_of_ours(api: Rest) -> None:
    assert api("POST", "accounts/acme/projects", {"project": "nothing"}).status_code == 404
    assert api("POST", "accounts/acme/projects", {"project": "8782449b8ab1452ba506264c4923f734"}).status_code == 201
    response = api("POST", "accounts/acme/projects", {"project": "admin", "start": "soon"})
    assert (response.status_code, response.json()["detail"]) == (400, "`start` is not a valid timestamp: 'soon'")


def test_a_project_of_the_ledger_is_assigned_whatever_the_form_of_its_id(
    api: Rest, service_harness: ServiceHarness
) -> None:
    with service_harness.services.database.transaction() as db:
        event = machine("m2", "lab-7", "2026-11-10T00:00:00")
        service_harness.services.ingest.own_events.ingest(db, [event], service_harness.clock.now())
    (unassigned,) = api("GET", "unassigned-usage?month=2026-11").json()["unassigned"]
    assert unassigned["project_id"] == "lab-7"
    assigned = {"project": "lab-7", "start": "2026-11-10T00:00:00Z"}
    assert api("POST", "accounts/acme/projects", assigned).status_code == 201
    assert api("GET", "costs/month?project=lab-7&month=2026-11").status_code == 200
    assert api("DELETE", "accounts/acme/projects/lab-7").status_code == 200


def test_a_period_is_closed_once_and_its_invoice_downloaded(api: Rest) -> None:
    assert api("POST", "accounts/acme/periods", {"month": "2026-11"}).status_code == 409
    closed = api("POST", "accounts/acme/periods", {"until": "now"})
    assert closed.status_code == 200
    assert api("POST", "accounts/acme/periods", {"until": "2026-11-10T01:00:00Z"}).json() == closed.json()
    number = closed.json()["number"]
    document = api("GET", f"invoices/{number}")
    assert document.json()["exact"] == "0.022"
    assert hashlib.sha256(document.content).hexdigest() == closed.json()["sha256"]
    assert document.headers["etag"] == f'"{closed.json()["sha256"]}"'
    pdf = api("GET", f"invoices/{number}/pdf", token=api.demo)
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    (listed,) = api("GET", "invoices", token=api.demo).json()["invoices"]
    assert listed | {"late_usage": []} == closed.json()
    states = [(period["state"], period["invoice"]) for period in api("GET", "accounts/acme/periods").json()["periods"]]
    assert states == [("closed", number), ("open", None)]


def test_running_cost_by_id_and_of_the_month(api: Rest) -> None:
    cost = api("GET", "costs/servers/m1", token=api.demo).json()
    assert (cost["amount"], cost["per_hour"], cost["resource_name"]) == ("0.022", "0.022", "name of m1")
    month = api("GET", "costs/month", token=api.demo).json()
    assert (month["month"], month["amount"], month["project_id"]) == ("2026-11", "0.022", api.demo_project)
    assert api("GET", "costs/month?project=demo&month=2026-11").json() == month
    assert api("GET", "costs/servers/nothing").status_code == 404
    assert api("GET", "costs/month?project=admin").status_code == 404
    assert api("GET", "costs/month?month=nov", token=api.demo).status_code == 400


def test_the_seller_is_updated_and_shown(api: Rest) -> None:
    party = {"legal_name": "Seller", "address": ["Street 1"], "country": "DE", "tax_id": "DE1"}
    assert api("PUT", "seller", party).json() == party
    assert api("GET", "seller").json() == party
    assert api("PUT", "seller", {"country": "XX"}).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "body", "allowed"),
    [
        ("POST", "prices", None, False),
        ("GET", "prices", None, True),
        ("GET", "prices/standard", None, True),
        ("POST", "accounts", {"name": "b", "currency": "EUR", "plan": "standard"}, False),
        ("GET", "accounts", None, False),
        ("GET", "accounts/acme", None, False),
        ("POST", "accounts/acme/projects", {"project": "p1"}, False),
        ("GET", "accounts/acme/periods", None, False),
        ("POST", "accounts/acme/periods", {"until": "now"}, False),
        ("GET", "seller", None, False),
        ("PUT", "seller", {}, False),
        ("GET", "invoices", None, True),
        ("GET", "costs/servers/m1", None, True),
        ("GET", "costs/month", None, True),
    ],
)
def test_members_have_access_to_prices_invoices_and_costs(
    api: Rest, method: str, path: str, body: Any, allowed: bool
) -> None:
    def status(token: str) -> int:
        if path == "prices" and method == "POST":
            return int(publish(api, PLAN, token).status_code)
        return api(method, path, body, token=token).status_code

    assert status("") == 401
    assert status(api.demo) == (200 if allowed else 403)


def test_documents_and_costs_of_other_projects_are_not_found(api: Rest, service_harness: ServiceHarness) -> None:
    number = api("POST", "accounts/acme/periods", {"until": "now"}).json()["number"]
    for path in (f"invoices/{number}", f"invoices/{number}/pdf"):
        assert api("GET", path, token="").status_code == 401
        assert api("GET", path, token=api.demo).status_code == 200
    other_project = "0" * 31 + "1"
    assert api("POST", "accounts", {"name": "zeta", "currency": "EUR", "plan": "standard"}).status_code == 201
    assert api("POST", "accounts/zeta/projects", {"project": other_project}).status_code == 201
    with service_harness.services.database.transaction() as db:
        event = machine("m2", other_project, "2026-11-10T00:00:00")
        service_harness.services.ingest.own_events.ingest(db, [event], service_harness.clock.now())
    other_number = api("POST", "accounts/zeta/periods", {"until": "now"}).json()["number"]
    hidden = (
        f"invoices/{other_number}",
        f"invoices/{other_number}/pdf",
        "costs/servers/m2",
        f"costs/month?project={other_project}",
    )
    assert [api("GET", path, token=api.demo).status_code for path in hidden] == [404] * 4
    invoices = api("GET", "invoices?account=zeta", token=api.demo).json()["invoices"]
    assert [invoice["number"] for invoice in invoices] == [number]
