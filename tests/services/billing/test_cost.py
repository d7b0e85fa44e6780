"""Running cost: the same figures as the invoice will have."""

from decimal import Decimal
from typing import Any

import pytest

from stratiform.kit.clock import parse_iso
from stratiform.kit.errors import NotFound
from stratiform.kit.outbox import Event
from support.money import PLAN, address, disk, machine
from support.stacks import Bench, customer

FLOATING_IPS = """
[[version.price]]
resource = "floating_ip"
measure = "duration"
price = "0.005"
per = "hour"
"""


@pytest.fixture
def office(stack_bench: Bench) -> Bench:
    stack_bench.clock.at = parse_iso("2026-11-01")
    billing = stack_bench.services.billing
    with stack_bench.services.database.transaction() as db:
        ctx = stack_bench.ctx(db)
        billing.set_prices(ctx, PLAN)
        billing.create_account(ctx, "acme", "EUR", "standard")
        billing.assign(ctx, "acme", "p1")
    return stack_bench


def hear(of: Bench, *events: Event) -> None:
    with of.services.database.transaction() as db:
        of.services.ingest.events.ingest(db, list(events), of.clock.now())


def cost(of: Bench, server_id: str, moment: str) -> dict[str, Any]:
    of.clock.at = parse_iso(moment)
    with of.services.database.snapshot() as db:
        found = of.services.billing.server_cost(of.ctx(db, customer("p1", "reader")), server_id)
    assert found is not None
    return found


def test_a_running_server(office: Bench) -> None:
    hear(office, machine("m1", "p1", "2026-11-10T00:00:00"))
    told = cost(office, "m1", "2026-11-10T02:00:00")
    assert (told["amount"], told["currency"], told["per_hour"]) == ("0.044", "EUR", "0.022")
    assert told["since"] == "2026-11-10T00:00:00.000000Z"
    assert told["as_of"] == "2026-11-10T02:00:00.000000Z"
    assert [(line["meter"], line["quantity"], line["amount"]) for line in told["lines"]] == [
        ("vcpu", "4", "0.04"),
        ("disk", "40", "0.004"),
    ]
    assert told["unpriced"] == []


def test_a_stopped_server_pays_for_its_disk_and_a_deleted_one_for_nothing(office: Bench) -> None:
    launched = "2026-11-10T00:00:00"
    hear(office, machine("m1", "p1", launched), machine("m1", "p1", launched, at="2026-11-10T01:00", state="stopped"))
    assert cost(office, "m1", "2026-11-10T02:00:00")["per_hour"] == "0.002"
    hear(
        office, machine("m1", "p1", launched, at="2026-11-10T03:00", state="deleted", terminated_at="2026-11-10T03:00")
    )
    told = cost(office, "m1", "2026-11-20")
    assert (told["amount"], told["per_hour"]) == ("0.026", "0")


def test_usage_without_a_price_is_listed(office: Bench) -> None:
    hear(office, disk("v1", "p1", "2026-11-10", volume_type_name="slow"), address("f1", "p1", "2026-11-10T12:00:00"))
    volume_cost = cost(office, "v1", "2026-11-11")
    assert volume_cost["amount"] == "0"
    assert volume_cost["unpriced"] == [
        {"resource_type": "volume", "measure": "volume", "resources": 1, "quantity": "24", "unit": "h"}
    ]
    assert "slow" in volume_cost["gaps"][0]["reason"]
    with office.services.database.snapshot() as db:
        month = office.services.billing.project_cost(office.ctx(db), "p1")
    assert month is not None
    assert [(usage["resource_type"], usage["quantity"]) for usage in month["unpriced"]] == [
        ("floating_ip", "12"),
        ("volume", "24"),
    ]


def test_a_floating_ip_has_a_cost(office: Bench) -> None:
    hear(office, address("f1", "p1", "2026-11-10"))
    with office.services.database.transaction() as db:
        office.services.billing.set_prices(office.ctx(db), PLAN.replace("2026-01-01", "2026-11-01") + FLOATING_IPS)
    floating_ip_cost = cost(office, "f1", "2026-11-11")
    assert (floating_ip_cost["amount"], floating_ip_cost["per_hour"]) == ("0.12", "0.005")


def test_nobody_pays_or_nothing_ran(office: Bench) -> None:
    hear(office, machine("m2", "p2", "2026-11-10"))
    with office.services.database.snapshot() as db:
        billing, ctx = office.services.billing, office.ctx(db)
        assert billing.server_cost(ctx, "m2") is None
        assert billing.server_cost(ctx, "never") is None
        assert billing.project_cost(ctx, "p2") is None
        with pytest.raises(NotFound):
            billing.server_cost(office.ctx(db, customer("p1")), "m2")
        with pytest.raises(NotFound):
            billing.project_cost(office.ctx(db, customer("p1")), "p2")


def test_a_project_that_moved_costs_who_pays_for_it(office: Bench) -> None:
    gone = {"at": "2026-11-09", "terminated_at": "2026-11-09", "state": "deleted"}
    hear(office, *(machine(one, "p1", "2026-11-08") for one in ("m1", "m2")), machine("m2", "p1", "2026-11-08", **gone))
    with office.services.database.transaction() as db:
        billing, ctx = office.services.billing, office.ctx(db)
        billing.create_account(ctx, "zeta", "EUR", "standard")
        billing.assign(ctx, "zeta", "p1", parse_iso("2026-11-10"))
    told = cost(office, "m1", "2026-11-11")
    assert (told["account"], told["since"], told["amount"]) == ("zeta", "2026-11-10T00:00:00.000000Z", "0.528")
    told = cost(office, "m2", "2026-11-11")
    assert (told["account"], told["since"], told["amount"]) == ("acme", "2026-11-08T00:00:00.000000Z", "0.528")
    with office.services.database.snapshot() as db:
        month = office.services.billing.project_cost(office.ctx(db), "p1")
    assert month is not None
    assert (month["account"], month["since"], month["amount"]) == ("zeta", "2026-11-10T00:00:00.000000Z", "0.528")


def test_a_month_by_day_and_resource(office: Bench) -> None:
    hear(office, machine("m1", "p1", "2026-11-09T13:00:00"), disk("v1", "p1", "2026-11-10T00:00:00"))
    office.clock.at = parse_iso("2026-11-11T01:00:00")
    with office.services.database.snapshot() as db:
        told = office.services.billing.project_cost(office.ctx(db, customer("p1", "reader")), "p1", "2026-11")
    assert told is not None
    assert [day["date"] for day in told["days"]] == [f"2026-11-{day:02}" for day in range(1, 12)]
    amounts = {day["date"]: Decimal(day["amount"]) for day in told["days"]}
    assert amounts["2026-11-09"] == Decimal("0.022") * 11
    assert amounts["2026-11-10"] == (Decimal("0.022") + Decimal("0.02")) * 24
    assert sum(amounts.values()) == Decimal(told["amount"])
    assert [(one["resource_id"], one["amount"]) for one in told["resources"]] == [("m1", "0.792"), ("v1", "0.5")]
    assert told["as_of"] == "2026-11-11T01:00:00.000000Z"


def test_the_month_costs_what_its_invoice_says(office: Bench) -> None:
    hear(office, *(machine(f"m{i}", "p1", f"2026-11-1{i}T03:0{i}:07.123457") for i in range(9)))
    office.clock.at = parse_iso("2026-12-01")
    with office.services.database.transaction() as db:
        ctx, billing = office.ctx(db), office.services.billing
        told = billing.project_cost(ctx, "p1", "2026-11")
        document = billing.invoice(ctx, billing.close(ctx, "acme", "2026-11").number)[1]
    assert told is not None
    assert f'"exact":"{told["amount"]}"'.encode() in document
