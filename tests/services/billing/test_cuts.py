"""However often a customer account is closed, its documents sum to the charge computed once at the end, with tax."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratiform.kit.clock import DAY_US, HOUR_US, MINUTE_US, format_iso, parse_iso
from stratiform.kit.outbox import Event
from stratiform.services.billing.document_json import decode_document, encode_document
from stratiform.services.billing.model import ClosedPeriod, CustomerAccountChanges
from stratiform.services.billing.renderer.layout import build_layout
from stratiform.services.rating.service import usage_rating
from support.billing import BillingHarness
from support.money import counter, machine
from support.profiles import examples

HOURLY = """
name = "hourly"
currency = "EUR"

[[version]]
valid_from = 2026-01-01

[[version.price]]
resource = "instance"
measure = "duration"
price = "1"
per = "hour"
granularity = "hour"
"""

GRANULARITIES = ("second", "minute", "hour", "day")


def documents(billing: BillingHarness, account: str, *ends: str) -> list[str]:
    """Close an account at each time, and return the net total of each document, or "" if nothing is charged."""
    invoices = [billing.at(end).close_period(account, until=parse_iso(end)).invoice for end in ends]
    return ["" if invoice is None else billing.load_json(invoice.number)["net"] for invoice in invoices]


def create(
    billing: BillingHarness,
    name: str,
    plan: str,
    start: str = "2026-11-01",
    currency: str = "EUR",
    tax_rate: str = "19",
) -> str:
    """Create an account with a project of its own, and return the project."""
    billing.create_account(name, currency, plan=plan, tax_rate=tax_rate)
    billing.assign(name, f"project-{name}", start)
    return f"project-{name}"


@pytest.mark.parametrize(("rounding", "nets"), [("up", ["1.00", "", "1.00"]), ("down", ["", "1.00", ""])])
def test_an_hour_that_is_closed_in_the_middle_costs_an_hour(
    any_billing: BillingHarness, rounding: str, nets: list[str]
) -> None:
    any_billing.publish(f'{HOURLY}round = "{rounding}"\n')
    project = create(any_billing, "new", "hourly")
    any_billing.ingest(machine("m1", project, "2026-11-10T00:00:00"))
    ends = ("2026-11-10T00:30:00", "2026-11-10T01:00:00", "2026-11-10T01:10:00")
    assert documents(any_billing, "new", *ends) == nets


def test_an_hour_over_the_end_of_a_month_costs_an_hour(any_billing: BillingHarness) -> None:
    any_billing.publish(HOURLY)
    project = create(any_billing, "new", "hourly")
    any_billing.ingest(
        machine("m1", project, "2026-11-30T23:30:00"),
        machine("m1", project, "2026-11-30T23:30:00", at="2026-12-01T00:20:00", state="paused"),
        machine(
            "m1",
            project,
            "2026-11-30T23:30:00",
            at="2026-12-01T00:30:00",
            state="deleted",
            terminated_at="2026-12-01T00:30:00",
        ),
    )
    assert documents(any_billing, "new", "2026-12-01", "2026-12-02") == ["1.00", ""]
    assert any_billing.project_cost(project, "2026-12") is not None
    cost = any_billing.resource_cost("m1")
    assert cost is not None
    assert cost.amount == "1"


def test_an_hour_over_a_new_version_of_the_prices_costs_an_hour(any_billing: BillingHarness) -> None:
    later = HOURLY.split("[[version]]")[1].replace("2026-01-01", "2026-11-10T00:30:00").replace('"1"', '"3"')
    any_billing.publish(f"{HOURLY}\n[[version]]{later}")
    project = create(any_billing, "new", "hourly")
    any_billing.ingest(machine("m1", project, "2026-11-10T00:00:00"))
    assert documents(any_billing, "new", "2026-11-10T00:45:00", "2026-11-10T01:30:00") == ["1.00", "3.00"]


def test_amounts_below_a_cent_are_not_lost(any_billing: BillingHarness) -> None:
    """0.004 each, which would be rounded to nothing thirty times."""
    any_billing.publish(HOURLY.replace('"1"', '"0.004"').replace('granularity = "hour"\n', ""))
    project = create(any_billing, "new", "hourly")
    any_billing.ingest(machine("m1", project, "2026-11-10T00:00:00"))
    nets = documents(any_billing, "new", *(f"2026-11-10T{hour:02}:00:00" for hour in range(1, 7)))
    assert nets == ["0.00", "0.01", "0.00", "0.01", "0.00", "0.00"]
    totals = [any_billing.load_json(f"2026-{number:06}")["taxes"][0] for number in (1, 2, 3)]
    assert [total.get("exact_before") for total in totals] == [None, "0.004", "0.008"]
    assert [total.get("net_before") for total in totals] == [None, "0.00", "0.01"]
    document = decode_document(any_billing.get("2026-000003").content)
    assert encode_document(document) == any_billing.get("2026-000003").content
    assert build_layout(document).carried == "-0.002"
    assert any_billing.render_pdf("2026-000003").startswith(b"%PDF")


CENTS = HOURLY.replace('"1"', '"0.02"').replace('granularity = "hour"\n', "")


def test_taxes_below_a_cent_are_not_lost(any_billing: BillingHarness) -> None:
    """0.02 with 19 % each, whose own tax is nothing."""
    any_billing.publish(CENTS)
    project = create(any_billing, "new", "hourly")
    any_billing.ingest(machine("m1", project, "2026-11-10T00:00:00"))
    assert set(documents(any_billing, "new", *(f"2026-11-10T{hour:02}:00:00" for hour in range(1, 9)))) == {"0.02"}
    invoices = [any_billing.load_json(f"2026-{number:06}") for number in range(1, 9)]
    assert [invoice["tax"] for invoice in invoices] == ["0.00", "0.01", "0.00", "0.01", "0.00", "0.00", "0.01", "0.00"]
    assert [invoice["taxes"][0].get("tax_before") for invoice in invoices[:4]] == [None, "0.00", "0.01", "0.01"]
    document = any_billing.get("2026-000008").content
    assert encode_document(decode_document(document)) == document
    # The tax of the next month starts again.
    documents(any_billing, "new", "2026-12-01", "2026-12-01T01:00:00")
    assert any_billing.load_json("2026-000010")["taxes"][0] == {
        "category": "S",
        "rate": "19",
        "exact": "0.02",
        "net": "0.02",
        "tax": "0.00",
    }


def test_each_tax_category_of_a_month_continues_on_its_own(any_billing: BillingHarness) -> None:
    """The rate of the customer account changes within the month, and changes back."""
    any_billing.publish(CENTS)
    project = create(any_billing, "new", "hourly")
    any_billing.ingest(machine("m1", project, "2026-11-10T00:00:00"))
    taxes = []
    for hour, rate in enumerate(("19", "7", "7", "7", "7", "0", "19", "19"), 1):
        any_billing.update_account("new", CustomerAccountChanges(tax_rate=rate))
        documents(any_billing, "new", f"2026-11-10T{hour:02}:00:00")
        taxes += any_billing.load_json(f"2026-{hour:06}")["taxes"]
    assert [(tax["rate"], tax["tax"], tax.get("tax_before")) for tax in taxes] == [
        ("19", "0.00", None),
        ("7", "0.00", None),
        ("7", "0.00", "0.00"),
        ("7", "0.00", "0.00"),
        ("7", "0.01", "0.00"),
        ("0", "0.00", None),
        ("19", "0.01", "0.00"),
        ("19", "0.00", "0.01"),
    ]


def test_a_third_of_an_hour_three_times_is_an_hour(any_billing: BillingHarness) -> None:
    any_billing.publish(HOURLY.replace('granularity = "hour"\n', ""))
    project = create(any_billing, "new", "hourly")
    any_billing.ingest(machine("m1", project, "2026-11-10T00:00:00"))
    documents(any_billing, "new", "2026-11-10T00:20:00", "2026-11-10T00:40:00", "2026-11-10T01:00:00")
    exact = [any_billing.load_json(f"2026-{number:06}")["exact"] for number in (1, 2, 3)]
    assert exact == ["0.3333333333", "0.3333333334", "0.3333333333"]


def test_a_project_that_is_assigned_again_without_a_gap_goes_on(any_billing: BillingHarness) -> None:
    """The usage of the other customer account is a run of its own."""
    any_billing.publish(HOURLY)
    project = create(any_billing, "first", "hourly")
    any_billing.create_account("second", plan="hourly")
    any_billing.ingest(machine("m1", project, "2026-11-10T00:00:00"))
    any_billing.at("2026-11-10T00:30:00").assign("second", project, "2026-11-10T00:30:00")
    assert documents(any_billing, "first", "2026-11-10T01:00:00") == ["1.00"]
    assert documents(any_billing, "second", "2026-11-10T01:00:00", "2026-11-10T01:20:00") == ["1.00", ""]


@dataclass(frozen=True)
class History:
    """Changes of a machine and samples of its traffic, in minutes of two months, and where its account is closed."""

    changes: Sequence[tuple[int, str, int]]
    samples: Sequence[tuple[int, int]]
    ends: Sequence[int]
    granularity: str
    rounding: str
    price: str
    currency: str
    tax_rate: str


START = parse_iso("2026-11-01")
MINUTES = 61 * DAY_US // MINUTE_US
minutes = st.integers(0, MINUTES - 1) | st.integers(0, 60 * 24).map(lambda minute: 29 * 24 * 60 + minute)


@st.composite
def histories(draw: st.DrawFn) -> History:
    times = sorted(draw(st.sets(minutes, min_size=1, max_size=6)))
    changes = [
        (time, draw(st.sampled_from(["active", "active", "stopped"])), draw(st.sampled_from([1, 2]))) for time in times
    ]
    readings = sorted(draw(st.sets(minutes, max_size=4)))
    return History(
        changes,
        [(time, 1_000_003 * number) for number, time in enumerate(readings)],
        sorted(draw(st.sets(st.integers(1, MINUTES - 1), max_size=5))),
        draw(st.sampled_from(GRANULARITIES)),
        draw(st.sampled_from(["up", "down", "nearest"])),
        draw(st.sampled_from(["1", "0.007", "0.0105", "12.3456789012"[:11]])),
        draw(st.sampled_from(["EUR", "JPY", "KWD"])),
        draw(st.sampled_from(["19", "7.7", "50"])),
    )


def plan_of(history: History, name: str) -> str:
    return f"""
name = "{name}"
currency = "{history.currency}"
unpriced = "free"

[[version]]
valid_from = 2026-01-01

[[version.price]]
resource = "instance"
measure = "attribute"
attribute = "vcpus"
price = "{history.price}"
per = "hour"
granularity = "{history.granularity}"
round = "{history.rounding}"
states = ["active"]

[[version.price]]
resource = "instance"
measure = "attribute"
attribute = "ram_mib"
price = "0.0013"
per = "GiB month"
tax_category = {{ code = "S", rate = "7" }}

[[version.price]]
resource = "instance"
measure = "samples"
meter = "network.outgoing.bytes"
price = "{history.price}"
per = "GiB"
"""


def events_of(history: History, server: str, project: str) -> list[Event]:
    launched = _time(history.changes[0][0])
    changes = [
        machine(server, project, launched, at=_time(minute), state=state, vcpus=vcpus)
        for minute, state, vcpus in history.changes
    ]
    return changes + [counter(server, project, _time(minute), value) for minute, value in history.samples]


def _time(minute: int) -> str:
    return format_iso(START + minute * MINUTE_US)


def closings(history: History) -> list[int]:
    """Return the ends of periods: those of the history, and of both months."""
    months = [parse_iso("2026-12-01"), parse_iso("2027-01-01")]
    return sorted({*months, *(START + minute * MINUTE_US for minute in history.ends)})


def check_closings(billing: BillingHarness, max_examples: int) -> None:
    """Close two accounts with the same history, one often and one monthly, and compare the sums of their documents."""
    numbers = iter(range(10**6))

    @settings(max_examples=max_examples)
    @given(histories())
    def check(history: History) -> None:
        number = next(numbers)
        billing.at("2026-11-01")
        billing.publish(plan_of(history, f"plan-{number}"))
        often, once = (
            create(billing, f"{name}-{number}", f"plan-{number}", currency=history.currency, tax_rate=history.tax_rate)
            for name in ("often", "once")
        )
        for project in (often, once):
            billing.ingest(*events_of(history, f"m-{project}", project))
        billing.at("2027-02-01")
        cut = [billing.close_period(f"often-{number}", until=end) for end in closings(history)]
        monthly = [billing.close_period(f"once-{number}", month) for month in ("2026-11", "2026-12")]
        for field in ("exact", "net", "tax", "total"):
            assert sum_documents(billing, cut, field) == sum_documents(billing, monthly, field), field
        cost = billing.resource_cost(f"m-{once}")
        if cost is not None:
            exact = sum_documents(billing, monthly, "exact") + Decimal(_open_month(billing, once))
            assert Decimal(cost.amount) == exact
        for earlier, later in pairwise(cut):
            assert earlier.period.end == later.period.start

    check()


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("plain_segments", "count"), [(usage_rating.MAX_PLAIN_SEGMENTS, 100), (0, 25)], ids=["Python", "DuckDB"]
)
def test_any_closings_sum_to_the_charge_computed_once(
    billing: BillingHarness, plain_segments: int, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB takes nine times as long for so little usage; other tests compare the engines."""
    monkeypatch.setattr(usage_rating, "MAX_PLAIN_SEGMENTS", plain_segments)
    check_closings(billing, examples(count))


def test_some_closings_sum_to_the_charge_computed_once_on_each_database(any_billing: BillingHarness) -> None:
    check_closings(any_billing, 4)


def sum_documents(billing: BillingHarness, periods: Sequence[ClosedPeriod], field: str) -> Decimal:
    invoices = [closed.invoice for closed in periods if closed.invoice is not None]
    return sum((Decimal(billing.load_json(invoice.number)[field]) for invoice in invoices), Decimal(0))


def _open_month(billing: BillingHarness, project: str) -> str:
    cost = billing.project_cost(project, "2027-01")
    return "0" if cost is None else cost.amount


def test_a_long_run_needs_the_hours_since_its_start(billing: BillingHarness) -> None:
    """The start of the run is in a period that was closed long ago, in an earlier segment."""
    billing.publish(HOURLY)
    project = create(billing, "new", "hourly")
    billing.ingest(
        machine("m1", project, "2026-11-10T00:40:00"),
        machine("m1", project, "2026-11-10T00:40:00", at="2026-12-24T00:00:00", instance_type="renamed"),
    )
    for month, next_month in (("2026-11", "2026-12-01"), ("2026-12", "2027-01-01"), ("2027-01", "2027-02-01")):
        billing.at(next_month).close("new", month)
    nets = [billing.load_json(each)["net"] for each in ("2026-000001", "2027-000001", "2027-000002")]
    hours = [(parse_iso(f"{day}T00:00:00") - START) / HOUR_US for day in ("2026-12-01", "2027-01-01", "2027-02-01")]
    assert nets == [f"{hours[0] - 9 * 24:.2f}", f"{31 * 24}.00", f"{31 * 24}.00"]
