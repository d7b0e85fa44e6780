"""The content of invoices."""

from decimal import ROUND_HALF_EVEN, Decimal

import pytest

from stratiform.kit.clock import format_iso_naive, parse_iso
from stratiform.services.billing.model import Party
from support.billing import BillingHarness
from support.money import PLAN, address, counter, disk, machine, request

HIGHER_PRICES = """
[[version]]
valid_from = 2026-11-15T12:34:56Z

[[version.price]]
meter = "vcpu"
price = "0.137"
per = "hour"
granularity = "hour"

[[version.price]]
meter = "disk"
price = "0.000211"
per = "hour"
"""

FLOATING_IPS = """
[[version.price]]
resource = "floating_ip"
measure = "duration"
price = "0.005"
per = "hour"
label = "Floating IP"
"""

SAMPLES = """
[[version.price]]
resource = "instance"
measure = "samples"
meter = "network.outgoing.bytes"
where = { flavor = "m1.small" }
price = "0.01"
per = "GB"

[[version.price]]
resource = "object_store"
measure = "samples"
meter = "storage.api.request"
price = "0.002"
per = "10 requests"
"""


def test_an_invoice_has_lines_net_tax_and_total(any_billing: BillingHarness) -> None:
    any_billing.ingest(
        machine("m1", "p1", "2026-11-10T00:00:00"),
        machine("m1", "p1", "2026-11-10T00:00:00", at="2026-11-10T10:00:00", state="stopped"),
        disk("v1", "p1", "2026-11-30T23:00:00"),
    )
    summary = any_billing.at("2026-12-02").close("acme", "2026-11")
    invoice = any_billing.load_json(summary.number)
    lines = [(line["description"], line["quantity"], line["unit"], line["amount"]) for line in invoice["lines"]]
    assert lines == [
        ("vcpu", "20", "vCPU-hour", "0.2"),
        ("Root disk", "10080", "GiB-hour", "1.008"),
        ("volume (fast)", "100", "GiB-hour", "0.02"),
    ]
    assert (invoice["exact"], invoice["net"], invoice["tax"], invoice["total"]) == ("1.228", "1.23", "0.25", "1.48")
    assert invoice["taxes"] == [{"category": "S", "rate": "20", "exact": "1.228", "net": "1.23", "tax": "0.25"}]
    assert [line["net"] for line in invoice["lines"]] == ["0.20", "1.01", "0.02"]
    assert {(line["tax_category"], line["tax_rate"]) for line in invoice["lines"]} == {("S", "20")}
    assert invoice["lines"][0]["resource_name"] == "name of m1"
    assert invoice["customer"]["name"] == "Acme Ltd"
    assert (invoice["kind"], invoice["references"]) == ("invoice", [])
    assert (summary.number, summary.total) == ("2026-000001", "1.48")
    assert (summary.net_minor, summary.tax_minor, summary.total_minor) == (123, 25, 148)


def test_prices_with_tax_categories_give_an_invoice_with_several_rates(any_billing: BillingHarness) -> None:
    plan = PLAN.replace("2026-01-01", "2026-11-01").replace(
        'label = "Root disk"', 'label = "Root disk"\ntax_category = { code = "S", rate = "5.5" }'
    )
    any_billing.publish(plan.replace('volume_type = "fast"', 'volume_type = "fast"\ntax_category = { code = "E" }'))
    any_billing.ingest(machine("m1", "p1", "2026-11-10T00:00:00"), disk("v1", "p1", "2026-11-10T00:00:00"))
    summary = any_billing.at("2026-12-02").close("acme", "2026-11")
    invoice = any_billing.load_json(summary.number)
    taxes = [(tax["category"], tax["rate"], tax["net"], tax["tax"]) for tax in invoice["taxes"]]
    assert taxes == [("E", "0", "10.08", "0.00"), ("S", "20", "10.08", "2.02"), ("S", "5.5", "1.01", "0.06")]
    assert (invoice["net"], invoice["tax"], invoice["total"]) == ("21.17", "2.08", "23.25")
    rates = {line["description"]: (line["tax_category"], line["tax_rate"]) for line in invoice["lines"]}
    assert rates == {"vcpu": ("S", "20"), "Root disk": ("S", "5.5"), "volume (fast)": ("E", "0")}
    assert any_billing.render_pdf(summary.number).startswith(b"%PDF-")


def test_the_amounts_of_an_invoice_sum_to_the_last_digit(billing: BillingHarness) -> None:
    for i in range(20):
        start = format_iso_naive(parse_iso("2026-11-10") + i * 7_777_777_777)
        billing.ingest(machine(f"m{i}", "p1", start, vcpus=i), disk(f"v{i}", "p1", start))
    invoice = billing.load_json(billing.at("2026-12-01").close("acme", "2026-11").number)
    lines = invoice["lines"]
    assert len(lines) == 59
    for line in lines:
        assert Decimal(line["quantity"]) * Decimal(line["unit_price"]) == Decimal(line["amount"])
    assert sum(Decimal(line["amount"]) for line in lines) == Decimal(invoice["exact"])
    assert sum(Decimal(line["net"]) for line in lines) == Decimal(invoice["net"])
    assert abs(Decimal(invoice["exact"]) - Decimal(invoice["net"])) <= Decimal("0.005")
    assert Decimal(invoice["net"]) + Decimal(invoice["tax"]) == Decimal(invoice["total"])


def test_large_amounts_can_be_recomputed_after_a_new_price_and_a_new_account(billing: BillingHarness) -> None:
    billing.publish(PLAN + HIGHER_PRICES)
    billing.create_account("zeta", party=Party("Zeta"), tax_rate="19")
    for i in range(9):
        billing.ingest(machine(f"m{i}", "p1", f"2026-11-0{i + 1}T03:0{i}:07.123457", vcpus=64 + i))
    billing.assign("zeta", "p1", "2026-11-20T03:04:05.000006")
    billing.at("2026-12-01")
    first, second = (billing.load_json(billing.close(name, "2026-11").number) for name in ("acme", "zeta"))
    assert [first["taxes"][0]["rate"], second["taxes"][0]["rate"]] == ["20", "19"]
    for invoice in (first, second):
        amounts = (Decimal(line["quantity"]) * Decimal(line["unit_price"]) for line in invoice["lines"])
        exact = sum(amounts, Decimal(0))
        net = exact.quantize(Decimal("0.01"), ROUND_HALF_EVEN)
        tax = (net * Decimal(invoice["taxes"][0]["rate"]) / 100).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
        assert net > 2000
        assert [invoice[key] for key in ("exact", "net", "tax", "total")] == [
            f"{amount:f}" for amount in (exact.normalize(), net, tax, net + tax)
        ]
    lines = [line for line in first["lines"] + second["lines"] if line["resource_id"] == "m0"]
    intervals = {(line["start"], line["end"]) for line in lines}
    change, move = "2026-11-15T12:34:56.000000Z", "2026-11-20T03:04:05.000006Z"
    start, end = "2026-11-01T03:00:07.123457Z", "2026-12-01T00:00:00.000000Z"
    assert intervals == {(start, change), (change, move), (move, end)}


def test_late_events_change_the_running_cost_but_not_the_invoice(billing: BillingHarness) -> None:
    billing.ingest(machine("m1", "p1", "2026-11-10T00:00:00"))
    number = billing.at("2026-12-01").close("acme", "2026-11").number
    issued = billing.get(number)
    ended = {"terminated_at": "2026-11-10T01:00:00", "state": "deleted"}
    billing.ingest(machine("m1", "p1", "2026-11-10T00:00:00", at="2026-11-10T01:00:00", **ended))
    cost = billing.resource_cost("m1")
    assert cost is not None
    assert cost.amount == "0.022"
    assert billing.get(number) == issued
    assert billing.at("2027-01-01").close_period("acme", "2026-12").invoice is None


def test_floating_ips_are_on_the_invoice(billing: BillingHarness) -> None:
    billing.publish(PLAN.replace("2026-01-01", "2026-11-01") + FLOATING_IPS)
    billing.ingest(address("f1", "p1", "2026-11-30T22:00:00"))
    (line,) = billing.load_json(billing.at("2026-12-01").close("acme", "2026-11").number)["lines"]
    assert (line["resource_type"], line["resource_name"]) == ("floating_ip", "192.0.2.1")
    assert (line["description"], line["meter"]) == ("Floating IP", "floating_ip")
    assert (line["quantity"], line["unit"], line["amount"]) == ("2", "address-hour", "0.01")


def test_traffic_and_requests_are_on_the_invoice(any_billing: BillingHarness) -> None:
    any_billing.publish(PLAN.replace("2026-01-01", "2026-11-01") + SAMPLES)
    any_billing.assign("acme", "p2")
    any_billing.ingest(
        machine("m1", "p1", "2026-11-10T00:00:00"),
        machine("m1", "p1", "2026-11-10T00:00:00", at="2026-11-10T01:00:00", terminated_at="2026-11-10T01:00:00"),
        counter("m1", "p1", "2026-10-31T23:55:00", 10**9),
        counter("m1", "p1", "2026-11-10T00:05:00", 2 * 10**9),
        counter("m1", "p1", "2026-11-10T00:10:00", 5 * 10**9),
        counter("m1", "p1", "2026-12-01T00:05:00", 99 * 10**9),
        *(request("p2", f"2026-11-11T00:00:0{second}") for second in range(5)),
        request("other-project", "2026-11-11T00:00:00"),
    )
    invoice = any_billing.load_json(any_billing.at("2026-12-01T01:00:00").close("acme", "2026-11").number)
    lines = [
        (line["meter"], line["project_id"], line["quantity"], line["unit"], line["amount"])
        for line in invoice["lines"]
        if line["meter"] not in ("vcpu", "disk")
    ]
    assert lines == [
        ("network.outgoing.bytes", "p1", "4", "GB", "0.04"),
        ("storage.api.request", "p2", "0.5", "10 requests", "0.001"),
    ]
    month, resource = any_billing.project_cost("p1", "2026-11"), any_billing.resource_cost("m1")
    assert month is not None
    assert resource is not None
    assert Decimal(month.amount) == Decimal("0.04") + Decimal("0.022")
    assert {day.date: day.amount for day in month.days}["2026-11-10"] == month.amount
    assert Decimal(resource.amount) == Decimal(month.amount)


def test_usage_is_divided_when_a_project_moves_to_another_account(billing: BillingHarness) -> None:
    billing.create_account("zeta")
    billing.assign("zeta", "p1", "2026-11-11")
    billing.ingest(machine("m1", "p1", "2026-11-10"))
    billing.at("2026-12-01")
    invoices = [billing.load_json(billing.close(name, "2026-11").number) for name in ("acme", "zeta")]
    assert [Decimal(invoice["lines"][0]["quantity"]) / 2 for invoice in invoices] == [24, 20 * 24]


def test_the_month_costs_what_its_invoice_charges(billing: BillingHarness) -> None:
    billing.ingest(*(machine(f"m{i}", "p1", f"2026-11-1{i}T03:0{i}:07.123457") for i in range(9)))
    cost = billing.at("2026-12-01").project_cost("p1", "2026-11")
    assert cost is not None
    assert billing.load_json(billing.close("acme", "2026-11").number)["exact"] == cost.amount


@pytest.mark.parametrize(("currency", "total"), [("JPY", "11"), ("KWD", "11.108")])
def test_minor_units_are_those_of_the_currency(billing: BillingHarness, currency: str, total: str) -> None:
    billing.publish(PLAN.replace('"standard"', '"local"').replace('"EUR"', f'"{currency}"'))
    billing.create_account("zeta", currency, "local")
    billing.assign("zeta", "p2")
    billing.ingest(machine("m1", "p2", "2026-11-10T00:00:00"), disk("v1", "p2", "2026-11-30T23:00:00"))
    assert billing.at("2026-12-01").close("zeta", "2026-11").total == total
