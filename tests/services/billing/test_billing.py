"""From usage to an invoice, on every database."""

import hashlib
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest

from stratiform.kit import outbox
from stratiform.kit.clock import iso_naive, parse_iso
from stratiform.kit.errors import Conflict, Fault, Forbidden, Invalid, NotFound
from stratiform.kit.outbox import Event
from stratiform.kit.pagination import Page
from stratiform.kit.policy import SYSTEM, Caller
from stratiform.services.billing.errors import NoAccount, NoInvoice, NotPriced
from stratiform.services.billing.model import Invoice, Party
from support.money import PLAN, address, counter, disk, machine, request
from support.stacks import Bench, bench, customer

_DEARER = """
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

_ADDRESSES = """
[[version.price]]
resource = "floating_ip"
measure = "duration"
price = "0.005"
per = "hour"
label = "Floating IP"
"""

_SAMPLES = """
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

_BEING_CLOSED = "account 'acme' is being closed by someone else"


class Office:
    """The verbs of billing, each in its own transaction, at a time that is told."""

    def __init__(self, of: Bench) -> None:
        self.of = of

    def __call__(self, verb: str, *given: Any, caller: Caller = SYSTEM, **named: Any) -> Any:
        with self.of.services.database.transaction() as db:
            return getattr(self.of.services.billing, verb)(self.of.ctx(db, caller), *given, **named)

    def at(self, moment: str) -> "Office":
        self.of.clock.at = parse_iso(moment)
        return self

    def hear(self, *events: Event) -> None:
        with self.of.services.database.transaction() as db:
            self.of.services.ingest.events.ingest(db, list(events), self.of.clock.now())

    def document(self, invoice: Invoice) -> dict[str, Any]:
        return dict(json.loads(self("invoice", invoice.number)[1]))


@pytest.fixture
def office(stack_bench: Bench) -> Office:
    return prepared(stack_bench)


@pytest.fixture
def any_office(database_url: str, home: Path) -> Iterator[Office]:
    home.mkdir()
    of = bench(home, database_url)
    yield prepared(of)
    of.services.database.close()


def prepared(of: Bench) -> Office:
    """The account "acme" pays for project "p1" from 2026-11-01 on."""
    office = Office(of).at("2026-11-01")
    office("set_prices", PLAN)
    office("create_account", "acme", "EUR", "standard", Party("Acme Ltd", ("1 Road",), "GB", "GB1"), "20")
    office("assign", "acme", "p1")
    return office


def test_a_month_becomes_an_invoice(any_office: Office) -> None:
    any_office.hear(
        machine("m1", "p1", "2026-11-10T00:00:00"),
        machine("m1", "p1", "2026-11-10T00:00:00", at="2026-11-10T10:00:00", state="stopped"),
        disk("v1", "p1", "2026-11-30T23:00:00"),
    )
    invoice = any_office.at("2026-12-02")("close", "acme", "2026-11")
    document = any_office.document(invoice)
    lines = [(line["description"], line["quantity"], line["unit"], line["amount"]) for line in document["lines"]]
    assert lines == [
        ("vcpu", "20", "vCPU-hour", "0.2"),
        ("Root disk", "10080", "GiB-hour", "1.008"),
        ("volume (fast)", "100", "GiB-hour", "0.02"),
    ]
    assert (document["exact"], document["net"], document["tax"], document["total"]) == ("1.228", "1.23", "0.25", "1.48")
    assert [line["net"] for line in document["lines"]] == ["0.20", "1.01", "0.02"]
    assert document["lines"][0]["resource_name"] == "name of m1"
    assert document["customer"]["name"] == "Acme Ltd"
    assert (invoice.number, invoice.total) == ("2026-000001", "1.48")


def test_the_figures_of_an_invoice_sum_to_the_last_digit(office: Office) -> None:
    for i in range(20):
        begins = iso_naive(parse_iso("2026-11-10") + i * 7_777_777_777)
        office.hear(machine(f"m{i}", "p1", begins, vcpus=i), disk(f"v{i}", "p1", begins))
    document = office.document(office.at("2026-12-01")("close", "acme", "2026-11"))
    lines = document["lines"]
    assert len(lines) == 59
    for line in lines:
        assert Decimal(line["quantity"]) * Decimal(line["unit_price"]) == Decimal(line["amount"])
    assert sum(Decimal(line["amount"]) for line in lines) == Decimal(document["exact"])
    assert sum(Decimal(line["net"]) for line in lines) == Decimal(document["net"])
    assert abs(Decimal(document["exact"]) - Decimal(document["net"])) <= Decimal("0.005")
    assert Decimal(document["net"]) + Decimal(document["tax"]) == Decimal(document["total"])


def test_large_figures_are_what_anyone_recomputes(office: Office) -> None:
    """A price changes and the project moves in the middle of the month."""
    office("set_prices", PLAN + _DEARER)
    office("create_account", "zeta", "EUR", "standard", Party("Zeta"), "19")
    for i in range(9):
        office.hear(machine(f"m{i}", "p1", f"2026-11-0{i + 1}T03:0{i}:07.123457", vcpus=64 + i))
    office("assign", "zeta", "p1", parse_iso("2026-11-20T03:04:05.000006"))
    office.at("2026-12-01")
    first, second = (office.document(office("close", name, "2026-11")) for name in ("acme", "zeta"))
    assert [first["taxes"][0]["rate"], second["taxes"][0]["rate"]] == ["20", "19"]
    for document in (first, second):
        amounts = (Decimal(line["quantity"]) * Decimal(line["unit_price"]) for line in document["lines"])
        exact = sum(amounts, Decimal(0))
        net = exact.quantize(Decimal("0.01"), ROUND_HALF_EVEN)
        tax = (net * Decimal(document["taxes"][0]["rate"]) / 100).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
        assert net > 2000
        assert [document[key] for key in ("exact", "net", "tax", "total")] == [
            f"{figure:f}" for figure in (exact.normalize(), net, tax, net + tax)
        ]
    pieces = [(line["start"], line["end"]) for line in first["lines"] + second["lines"] if line["resource_id"] == "m0"]
    change, move = "2026-11-15T12:34:56.000000Z", "2026-11-20T03:04:05.000006Z"
    began, ended = "2026-11-01T03:00:07.123457Z", "2026-12-01T00:00:00.000000Z"
    assert set(pieces) == {(began, change), (change, move), (move, ended)}


def test_what_comes_late_is_in_the_running_cost_and_not_on_the_invoice(office: Office) -> None:
    office.hear(machine("m1", "p1", "2026-11-10T00:00:00"))
    invoice = office.at("2026-12-01")("close", "acme", "2026-11")
    issued = office("invoice", invoice.number)
    ended = {"terminated_at": "2026-11-10T01:00:00", "state": "deleted"}
    office.hear(machine("m1", "p1", "2026-11-10T00:00:00", at="2026-11-10T01:00:00", **ended))
    assert office("server_cost", "m1")["amount"] == "0.022"
    assert office("invoice", invoice.number) == issued
    assert office.document(office.at("2027-01-01")("close", "acme", "2026-12"))["lines"] == []


def test_closing_again_gives_the_same_invoice(any_office: Office) -> None:
    any_office.hear(machine("m1", "p1", "2026-11-10"))
    first = any_office.at("2026-12-02")("close", "acme", "2026-11")
    _, document = any_office("invoice", first.number)
    any_office.hear(machine("m2", "p1", "2026-11-20", at="2026-12-03"))
    assert any_office.at("2026-12-05")("close", "acme", "2026-11") == first
    assert any_office("invoice", first.number) == (first, document)
    assert hashlib.sha256(document).hexdigest() == first.sha256
    assert len(any_office("invoices", Page()).items) == 1


def test_numbers_have_no_gap(any_office: Office) -> None:
    any_office.at("2027-01-05")("create_account", "zeta", "EUR", "standard")
    any_office("assign", "zeta", "p2", parse_iso("2026-11-01"))
    any_office.hear(machine("m1", "p2", "2026-11-10", root_gb=20))
    any_office.hear(disk("v1", "p1", "2026-11-10", volume_type_name="slow"))
    numbers = [any_office("close", "zeta", "2026-11").number]
    with pytest.raises(NotPriced):
        any_office("close", "acme", "2026-11")
    numbers += [any_office("close", "zeta", "2026-12").number]
    assert numbers == ["2027-000001", "2027-000002"]


def test_numbers_have_no_gap_where_many_close_at_once(any_office: Office) -> None:
    names = [f"a{i}" for i in range(6)]
    for name in names:
        any_office("create_account", name, "EUR", "standard")
        any_office("assign", name, f"project of {name}")
    any_office.hear(disk("v1", "project of a3", "2026-11-10", volume_type_name="slow"))
    any_office.at("2026-12-01")

    def close(name: str) -> str:
        try:
            return str(any_office("close", name, "2026-11").number)
        except NotPriced:
            return ""

    with ThreadPoolExecutor(6) as pool:
        numbers = list(pool.map(close, names))
    assert sorted(numbers) == ["", *(f"2026-00000{i}" for i in range(1, 6))]
    assert numbers[3] == ""


def test_months_are_closed_in_their_order_and_when_they_are_over(office: Office) -> None:
    with pytest.raises(Conflict, match="isn't over before 2026-12-01"):
        office.at("2026-11-20")("close", "acme", "2026-11")
    with pytest.raises(Conflict, match="2026-11 of account 'acme' has to be closed before"):
        office.at("2027-01-20")("close", "acme", "2026-12")
    with pytest.raises(Conflict, match="no period of account 'acme' ends 2026-11-01"):
        office("close", "acme", "2026-10")
    with pytest.raises(Invalid, match="'2026-13' is not a month"):
        office("close", "acme", "2026-13")
    with pytest.raises(Invalid, match="which period"):
        office("close", "acme")
    with pytest.raises(NoAccount, match="no account 'nobody'"):
        office("close", "nobody", "2026-11")
    assert office("periods", "acme") == []


def test_the_running_month_can_be_closed_until_now(office: Office) -> None:
    office.hear(machine("m1", "p1", "2026-11-10T00:00:00"))
    first = office.at("2026-11-10T01:00:00")("close", "acme", until=parse_iso("2026-11-10T01:00:00"))
    assert office("close", "acme", until=parse_iso("2026-11-10T01:00:00")) == first
    rest = office.at("2026-12-01")("close", "acme", "2026-11")
    assert [(one.start, one.end) for one in office("periods", "acme")] == [
        (parse_iso("2026-11-01"), parse_iso("2026-11-10T01:00:00")),
        (parse_iso("2026-11-10T01:00:00"), parse_iso("2026-12-01")),
    ]
    hours = [Decimal(office.document(one)["lines"][0]["quantity"]) / 2 for one in (first, rest)]
    assert hours == [1, 30 * 24 - 9 * 24 - 1]
    with pytest.raises(Conflict, match="isn't over"):
        office("close", "acme", until=parse_iso("2026-12-24"))
    with pytest.raises(Conflict, match="has to be closed before"):
        office.at("2027-01-10")("close", "acme", until=parse_iso("2027-01-05"))


def test_what_waits_in_the_outbox_is_on_the_invoice(office: Office) -> None:
    office.hear(machine("m1", "p1", "2026-11-10T00:00:00"))
    ended = machine("m1", "p1", "2026-11-10T00:00:00", at="2026-11-10T01:00:00", terminated_at="2026-11-10T01:00:00")
    with office.of.services.database.transaction() as db:
        outbox.append(db, ended)
    document = office.document(office.at("2026-12-01")("close", "acme", "2026-11"))
    assert [line["quantity"] for line in document["lines"]] == ["2", "20"]
    with office.of.services.database.snapshot() as db:
        assert outbox.list_pending(db, 10) == []


def test_a_period_with_usage_that_matches_no_price_is_not_closed(office: Office) -> None:
    office.hear(disk("v1", "p1", "2026-11-10", volume_type_name="slow"))
    with pytest.raises(NotPriced) as error:
        office.at("2026-12-01")("close", "acme", "2026-11")
    assert error.value.message.startswith("Usage without a price: volume (1 resource, 504 h)")
    assert re.search(r"First: volume name of v1 \(v1\) from 2026-11-10.* matches .*slow", error.value.message)
    assert error.value.hint == "add prices to plan 'standard' (a price may be 0)"
    assert office("periods", "acme") == []
    office("set_prices", 'unpriced = "free"\n' + PLAN)
    assert office("close", "acme", "2026-11").total == "0.00"


def test_a_period_with_a_resource_type_without_prices_is_closed_only_if_the_type_is_declared_free(
    any_office: Office,
) -> None:
    any_office.hear(
        machine("m1", "p1", "2026-11-30T23:00:00"),
        address("f1", "p1", "2026-11-30T22:00:00"),
        address("f2", "p1", "2026-11-30T21:00:00"),
    )
    with pytest.raises(NotPriced) as error:
        any_office.at("2026-12-01")("close", "acme", "2026-11")
    assert error.value.message.startswith("Usage without a price: floating_ip (2 resources, 5 h)")
    assert 'or `free = ["floating_ip"]` for types that cost nothing' in error.value.hint
    assert any_office("periods", "acme") == []
    any_office("set_prices", 'free = ["floating_ip"]\n' + PLAN)
    assert any_office("close", "acme", "2026-11").total == "0.02"


def test_floating_ips_are_on_the_invoice(office: Office) -> None:
    office("set_prices", PLAN.replace("2026-01-01", "2026-11-01") + _ADDRESSES)
    office.hear(address("f1", "p1", "2026-11-30T22:00:00"))
    document = office.document(office.at("2026-12-01")("close", "acme", "2026-11"))
    (line,) = document["lines"]
    assert (line["resource_type"], line["resource_name"]) == ("floating_ip", "192.0.2.1")
    assert (line["description"], line["meter"]) == ("Floating IP", "floating_ip")
    assert (line["quantity"], line["unit"], line["amount"]) == ("2", "address-hour", "0.01")


def test_traffic_and_requests_are_on_the_invoice(any_office: Office) -> None:
    any_office("set_prices", PLAN.replace("2026-01-01", "2026-11-01") + _SAMPLES)
    any_office("assign", "acme", "p2")
    any_office.hear(
        machine("m1", "p1", "2026-11-10T00:00:00"),
        machine("m1", "p1", "2026-11-10T00:00:00", at="2026-11-10T01:00:00", terminated_at="2026-11-10T01:00:00"),
        counter("m1", "p1", "2026-10-31T23:55:00", 10**9),
        counter("m1", "p1", "2026-11-10T00:05:00", 2 * 10**9),
        counter("m1", "p1", "2026-11-10T00:10:00", 5 * 10**9),
        counter("m1", "p1", "2026-12-01T00:05:00", 99 * 10**9),
        *(request("p2", f"2026-11-11T00:00:0{second}") for second in range(5)),
        request("stranger", "2026-11-11T00:00:00"),
    )
    document = any_office.document(any_office.at("2026-12-01T01:00:00")("close", "acme", "2026-11"))
    lines = [
        (line["meter"], line["project_id"], line["quantity"], line["unit"], line["amount"])
        for line in document["lines"]
        if line["meter"] not in ("vcpu", "disk")
    ]
    assert lines == [
        ("network.outgoing.bytes", "p1", "4", "GB", "0.04"),
        ("storage.api.request", "p2", "0.5", "10 requests", "0.001"),
    ]
    month = any_office("project_cost", "p1", "2026-11")
    assert Decimal(month["amount"]) == Decimal("0.04") + Decimal("0.022")
    assert {day["date"]: day["amount"] for day in month["days"]}["2026-11-10"] == month["amount"]
    assert Decimal(any_office("server_cost", "m1")["amount"]) == Decimal(month["amount"])


def test_samples_of_a_type_without_prices_keep_a_period_from_being_closed(office: Office) -> None:
    office.hear(request("p1", "2026-11-11T00:00:00"), request("p1", "2026-11-11T00:00:01"))
    with pytest.raises(NotPriced) as error:
        office.at("2026-12-01")("close", "acme", "2026-11")
    expected = "Usage without a price: 'storage.api.request' of object_store (1 resource, 2 request)"
    assert error.value.message.startswith(expected)
    assert '`free = ["object_store"]`' in error.value.hint
    office("set_prices", 'free = ["object_store"]\n' + PLAN)
    assert office("close", "acme", "2026-11").total == "0.00"


def test_prices_of_billed_time_stay(office: Office) -> None:
    office.at("2026-12-01")("close", "acme", "2026-11")
    with pytest.raises(Invalid, match="starts in a closed period; the last one ended at 2026-12-01"):
        office("set_prices", PLAN.replace("2026-01-01", "2026-11-15"))
    office("set_prices", PLAN.replace("2026-01-01", "2026-12-01"))


def test_a_project_changes_its_account(office: Office) -> None:
    office("create_account", "zeta", "EUR", "standard")
    office("assign", "zeta", "p1", parse_iso("2026-11-11"))
    office.hear(machine("m1", "p1", "2026-11-10"))
    office.at("2026-12-01")
    hours = [
        Decimal(office.document(office("close", name, "2026-11"))["lines"][0]["quantity"]) / 2
        for name in ("acme", "zeta")
    ]
    assert hours == [24, 20 * 24]
    with pytest.raises(Conflict, match="account 'zeta' pays for this project at 2026-11-20"):
        office("assign", "acme", "p1", parse_iso("2026-11-20"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("acme", "EUR", "standard"), "there is an account 'acme' already"),
        (("", "EUR", "standard"), "the name of an account"),
        (("Hansen A/S", "EUR", "standard"), "no '/'"),
        (("new", "USD", "standard"), "plan 'standard' is in EUR, not USD"),
        (("new", "EUR", "gold"), "Price plan 'gold' not found"),
        (("new", "EUR", "standard", Party(country="XX")), "'XX' is not a country code"),
        (("new", "EUR", "standard", Party(), "101"), "'101' is not a percentage"),
        (("new", "EUR", "standard", Party(), "-1"), "'-1' is not a percentage"),
    ],
)
def test_a_wrong_account_is_told(office: Office, given: tuple[Any, ...], said: str) -> None:
    with pytest.raises(Fault, match=said):
        office("create_account", *given)
    assert [account.name for account in office("accounts", Page()).items] == ["acme"]


def test_members_see_the_invoices_of_who_pays_for_them(any_office: Office) -> None:
    invoice = any_office.at("2026-12-01")("close", "acme", "2026-11")
    ours, others = customer("p1", "reader"), customer("p2", "member")
    assert any_office("invoices", Page(), caller=ours).items == [invoice]
    assert any_office("invoice", invoice.number, caller=ours)[0] == invoice
    assert any_office("invoices", Page(), caller=others).items == []
    for verb in ("invoice", "invoice_pdf"):
        with pytest.raises(NoInvoice):
            any_office(verb, invoice.number, caller=others)


@pytest.mark.parametrize(
    ("verb", "given"),
    [
        ("set_prices", (PLAN,)),
        ("create_account", ("a", "EUR", "standard")),
        ("accounts", (Page(),)),
        ("account", ("acme",)),
        ("assignments", ("acme",)),
        ("assign", ("acme", "p1")),
        ("close", ("acme", "2026-11")),
        ("periods", ("acme",)),
        ("seller", ()),
        ("set_seller", (Party(),)),
    ],
)
def test_the_rest_is_the_operators(office: Office, verb: str, given: tuple[Any, ...]) -> None:
    with pytest.raises(Forbidden):
        office(verb, *given, caller=customer("p1", "member"))


def test_the_pdf_of_an_invoice_is_always_the_same(office: Office) -> None:
    office("set_seller", Party("Cloud Seller AG", ("Street 1",), "CH", "CHE-1"))
    office.hear(machine("m1", "p1", "2026-11-10"))
    invoice = office.at("2026-12-01")("close", "acme", "2026-11")
    pdf = office("invoice_pdf", invoice.number)
    assert pdf.startswith(b"%PDF-")
    assert office.at("2027-06-01")("invoice_pdf", invoice.number) == pdf


def test_the_pdf_of_a_large_invoice_sums_its_lines(office: Office) -> None:
    office.hear(*(disk(f"v{i:04}", "p1", "2026-11-10") for i in range(2100)))
    invoice = office.at("2026-12-01")("close", "acme", "2026-11")
    assert len(office.document(invoice)["lines"]) == 2100
    assert len(office("invoice_pdf", invoice.number)) < 100_000


def test_two_that_close_at_once_issue_one_invoice(any_office: Office) -> None:
    any_office.hear(machine("m1", "p1", "2026-11-10"))
    any_office.at("2026-12-01")

    def close(_: int) -> str:
        try:
            return str(any_office("close", "acme", "2026-11").number)
        except Conflict as error:
            return error.message

    with ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(close, range(4)))
    assert answers <= {"2026-000001", _BEING_CLOSED}
    assert [one.number for one in any_office("invoices", Page()).items] == ["2026-000001"]


def test_who_pays_is_settled_before_an_account_is_closed(any_office: Office) -> None:
    """What is assigned into a period while it is being closed would be on no invoice, or on two."""
    any_office("create_account", "zeta", "EUR", "standard")
    any_office("assign", "zeta", "p9")
    any_office.at("2026-12-01")

    def assign(name: str, project_id: str) -> str:
        try:
            any_office("assign", name, project_id, parse_iso("2026-11-20"))
        except Fault as error:
            return error.message
        return "assigned"

    with ThreadPoolExecutor(2) as pool:
        with any_office.of.services.database.transaction() as db:
            any_office.of.services.billing.close(any_office.of.ctx(db), "acme", "2026-11")
            new, moved = pool.submit(assign, "acme", "p2"), pool.submit(assign, "zeta", "p1")
            wait([new, moved], timeout=0.5)
        assert new.result() in {_BEING_CLOSED, "account 'acme' is closed until 2026-12-01T00:00:00.000000Z"}
        assert "assigned" not in moved.result()


def test_a_missing_invoice_is_told(office: Office) -> None:
    with pytest.raises(NotFound, match="no invoice '2026-000009'"):
        office("invoice", "2026-000009")
