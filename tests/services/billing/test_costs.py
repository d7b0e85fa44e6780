"""Running costs."""

from decimal import Decimal

import pytest

from stratiform.kit.errors import NotFound
from stratiform.services.billing.model import ProjectCost, ResourceCost, UnpricedUsageTotal
from support.billing import BillingHarness
from support.money import PLAN, address, disk, machine
from support.stacks import customer

FLOATING_IPS = """
[[version.price]]
resource = "floating_ip"
measure = "duration"
price = "0.005"
per = "hour"
"""


def resource_cost(billing: BillingHarness, resource_id: str, time: str) -> ResourceCost:
    cost = billing.at(time).resource_cost(resource_id, customer("p1", "reader"))
    assert cost is not None
    return cost


def project_cost(billing: BillingHarness, month: str | None = None) -> ProjectCost:
    cost = billing.project_cost("p1", month, customer("p1", "reader"))
    assert cost is not None
    return cost


def test_the_cost_of_an_active_server(billing: BillingHarness) -> None:
    billing.ingest(machine("m1", "p1", "2026-11-10T00:00:00"))
    cost = resource_cost(billing, "m1", "2026-11-10T02:00:00")
    assert (cost.amount, cost.currency, cost.per_hour) == ("0.044", "EUR", "0.022")
    assert (cost.since, cost.as_of) == ("2026-11-10T00:00:00.000000Z", "2026-11-10T02:00:00.000000Z")
    assert [(line.meter, line.quantity, line.amount) for line in cost.lines] == [
        ("vcpu", "4", "0.04"),
        ("disk", "40", "0.004"),
    ]
    assert cost.unpriced == []


def test_a_stopped_server_pays_for_its_disk_and_a_deleted_server_for_nothing(billing: BillingHarness) -> None:
    launched = "2026-11-10T00:00:00"
    billing.ingest(machine("m1", "p1", launched), machine("m1", "p1", launched, at="2026-11-10T01:00", state="stopped"))
    assert resource_cost(billing, "m1", "2026-11-10T02:00:00").per_hour == "0.002"
    billing.ingest(
        machine("m1", "p1", launched, at="2026-11-10T03:00", state="deleted", terminated_at="2026-11-10T03:00")
    )
    cost = resource_cost(billing, "m1", "2026-11-20")
    assert (cost.amount, cost.per_hour) == ("0.026", "0")


def test_usage_without_a_price_is_listed(billing: BillingHarness) -> None:
    billing.ingest(disk("v1", "p1", "2026-11-10", volume_type_name="slow"), address("f1", "p1", "2026-11-10T12:00:00"))
    cost = resource_cost(billing, "v1", "2026-11-11")
    assert cost.amount == "0"
    assert cost.unpriced == [UnpricedUsageTotal("volume", "volume", 1, "24", "h")]
    assert "slow" in cost.gaps[0].reason
    assert [(usage.resource_type, usage.quantity) for usage in project_cost(billing).unpriced] == [
        ("floating_ip", "12"),
        ("volume", "24"),
    ]


def test_a_floating_ip_has_a_cost(billing: BillingHarness) -> None:
    billing.ingest(address("f1", "p1", "2026-11-10"))
    billing.publish(PLAN.replace("2026-01-01", "2026-11-01") + FLOATING_IPS)
    cost = resource_cost(billing, "f1", "2026-11-11")
    assert (cost.amount, cost.per_hour) == ("0.12", "0.005")


def test_there_is_no_cost_without_an_account_or_usage(billing: BillingHarness) -> None:
    billing.ingest(machine("m2", "p2", "2026-11-10"))
    assert billing.resource_cost("m2") is None
    assert billing.resource_cost("unknown") is None
    assert billing.project_cost("p2") is None
    with pytest.raises(NotFound):
        billing.resource_cost("m2", customer("p1"))
    with pytest.raises(NotFound):
        billing.project_cost("p2", caller=customer("p1"))


def test_the_cost_after_a_move_is_that_of_the_account_that_pays(billing: BillingHarness) -> None:
    deleted = {"at": "2026-11-09", "terminated_at": "2026-11-09", "state": "deleted"}
    billing.ingest(
        machine("m1", "p1", "2026-11-08"),
        machine("m2", "p1", "2026-11-08"),
        machine("m2", "p1", "2026-11-08", **deleted),
    )
    billing.create_account("zeta")
    billing.assign("zeta", "p1", "2026-11-10")
    cost = resource_cost(billing, "m1", "2026-11-11")
    assert (cost.account, cost.since, cost.amount) == ("zeta", "2026-11-10T00:00:00.000000Z", "0.528")
    cost = resource_cost(billing, "m2", "2026-11-11")
    assert (cost.account, cost.since, cost.amount) == ("acme", "2026-11-08T00:00:00.000000Z", "0.528")
    month = project_cost(billing)
    assert (month.account, month.since, month.amount) == ("zeta", "2026-11-10T00:00:00.000000Z", "0.528")


def test_the_cost_of_a_month_by_day_and_resource(billing: BillingHarness) -> None:
    billing.ingest(machine("m1", "p1", "2026-11-09T13:00:00"), disk("v1", "p1", "2026-11-10T00:00:00"))
    cost = project_cost(billing.at("2026-11-11T01:00:00"), "2026-11")
    assert [day.date for day in cost.days] == [f"2026-11-{day:02}" for day in range(1, 12)]
    amounts = {day.date: Decimal(day.amount) for day in cost.days}
    assert amounts["2026-11-09"] == Decimal("0.022") * 11
    assert amounts["2026-11-10"] == (Decimal("0.022") + Decimal("0.02")) * 24
    assert sum(amounts.values()) == Decimal(cost.amount)
    assert [(resource.resource_id, resource.amount) for resource in cost.resources] == [("m1", "0.792"), ("v1", "0.5")]
    assert cost.as_of == "2026-11-11T01:00:00.000000Z"
