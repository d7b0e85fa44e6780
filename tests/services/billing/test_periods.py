"""Closing of periods."""

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor, wait
from decimal import Decimal

import pytest

from stratiform.kit import outbox
from stratiform.kit.clock import parse_iso
from stratiform.kit.errors import Conflict, Fault, Invalid
from stratiform.kit.pagination import Page
from stratiform.services.billing.errors import CustomerAccountNotFound, UnpricedUsageConflict
from stratiform.services.billing.model import BillingPeriod
from stratiform.services.billing.repository.periods import insert_period
from support.billing import BillingHarness
from support.money import PLAN, address, disk, machine, request


def test_closing_a_period_again_returns_the_same_invoice(any_billing: BillingHarness) -> None:
    any_billing.ingest(machine("m1", "p1", "2026-11-10"))
    first = any_billing.at("2026-12-02").close("acme", "2026-11")
    stored = any_billing.get(first.number)
    any_billing.ingest(machine("m2", "p1", "2026-11-20", at="2026-12-03"))
    assert any_billing.at("2026-12-05").close("acme", "2026-11") == first
    assert any_billing.get(first.number) == stored
    assert stored.summary == first
    assert hashlib.sha256(stored.content).hexdigest() == first.sha256
    assert len(any_billing.run(lambda billing, ctx: billing.documents.list(ctx, Page())).items) == 1


def test_months_are_closed_in_order_and_after_their_end(billing: BillingHarness) -> None:
    with pytest.raises(Conflict, match="does not end until 2026-12-01"):
        billing.at("2026-11-20").close("acme", "2026-11")
    with pytest.raises(Conflict, match="2026-11 of customer account 'acme' must be closed first"):
        billing.at("2027-01-20").close("acme", "2026-12")
    with pytest.raises(Conflict, match="No period of customer account 'acme' ends at 2026-11-01"):
        billing.close("acme", "2026-10")
    with pytest.raises(Invalid, match="'2026-13' is not a month"):
        billing.close("acme", "2026-13")
    with pytest.raises(Invalid, match="No period specified"):
        billing.close("acme")
    with pytest.raises(CustomerAccountNotFound, match="Customer account 'unknown' not found"):
        billing.close("unknown", "2026-11")
    assert billing.run(lambda billing, ctx: billing.periods.list(ctx, "acme")) == []


def test_an_account_without_projects_has_no_period(billing: BillingHarness) -> None:
    billing.create_account("zeta")
    with pytest.raises(Conflict, match="No project is assigned to customer account 'zeta'"):
        billing.at("2026-12-01").close("zeta", "2026-11")


def test_the_current_month_can_be_closed_at_any_time(any_billing: BillingHarness) -> None:
    any_billing.ingest(machine("m1", "p1", "2026-11-10T00:00:00"))
    first = any_billing.at("2026-11-10T01:00:00").close("acme", until=parse_iso("2026-11-10T01:00:00"))
    assert any_billing.close("acme", until=parse_iso("2026-11-10T01:00:00")) == first
    second = any_billing.at("2026-12-01").close("acme", "2026-11")
    periods = any_billing.run(lambda billing, ctx: billing.periods.list(ctx, "acme"))
    assert [(period.sequence, period.start, period.end, period.document_number) for period in periods] == [
        (1, parse_iso("2026-11-01"), parse_iso("2026-11-10T01:00:00"), first.number),
        (2, parse_iso("2026-11-10T01:00:00"), parse_iso("2026-12-01"), second.number),
    ]
    hours = [Decimal(any_billing.load_json(invoice.number)["lines"][0]["quantity"]) / 2 for invoice in (first, second)]
    assert hours == [1, 30 * 24 - 9 * 24 - 1]
    with pytest.raises(Conflict, match="does not end until"):
        any_billing.close("acme", until=parse_iso("2026-12-24"))
    with pytest.raises(Conflict, match="must be closed first"):
        any_billing.at("2027-01-10").close("acme", until=parse_iso("2027-01-05"))


@pytest.mark.parametrize("until", ["2026-11-10T01:00:00", "2026-11-10T01:30:00", "2026-11-10T03:00:00"])
def test_no_period_is_closed_while_the_clock_is_behind(billing: BillingHarness, until: str) -> None:
    billing.ingest(machine("m1", "p1", "2026-11-10T00:00:00"))
    first = billing.at("2026-11-10T02:00:00").close("acme", until=parse_iso("2026-11-10T02:00:00"))
    with pytest.raises(Conflict):
        billing.at("2026-11-10T01:00:00").close("acme", until=parse_iso(until))
    (period,) = billing.run(lambda billing, ctx: billing.periods.list(ctx, "acme"))
    assert period.document_number == first.number


@pytest.mark.parametrize(
    ("sequence", "start"),
    [(1, "2026-11-20"), (2, "2026-11-20"), (2, "2026-12-02"), (3, "2026-12-01")],
    ids=["second first period", "overlap", "gap", "missing sequence"],
)
def test_the_database_refuses_a_period_that_does_not_follow_the_previous_one(
    any_billing: BillingHarness, sequence: int, start: str
) -> None:
    any_billing.at("2026-12-01").close_period("acme", "2026-11")
    any_billing.create_account("zeta")
    any_billing.assign("zeta", "p2")
    any_billing.ingest(machine("m1", "p2", "2026-12-01"))
    number = any_billing.at("2027-01-01").close("zeta", "2026-12").number
    account_id = any_billing.run(lambda billing, ctx: billing.customer_accounts.get(ctx, "acme")).id
    period = BillingPeriod(
        "x", account_id, sequence, parse_iso(start), parse_iso("2027-01-01"), 1, 1, "standard", number
    )
    with pytest.raises(Conflict):
        any_billing.run(lambda _, ctx: insert_period(ctx.db, period))


def test_pending_events_of_the_outbox_are_on_the_invoice(billing: BillingHarness) -> None:
    billing.ingest(machine("m1", "p1", "2026-11-10T00:00:00"))
    ended = machine("m1", "p1", "2026-11-10T00:00:00", at="2026-11-10T01:00:00", terminated_at="2026-11-10T01:00:00")
    database = billing.stack.services.database
    with database.transaction() as db:
        outbox.append_event(db, ended)
    invoice = billing.load_json(billing.at("2026-12-01").close("acme", "2026-11").number)
    assert [line["quantity"] for line in invoice["lines"]] == ["2", "20"]
    with database.read_transaction() as db:
        assert outbox.list_pending_events(db, 10) == []


def test_a_period_with_usage_that_matches_no_price_cannot_be_closed(billing: BillingHarness) -> None:
    billing.ingest(disk("v1", "p1", "2026-11-10", volume_type_name="slow"))
    with pytest.raises(UnpricedUsageConflict) as error:
        billing.at("2026-12-01").close("acme", "2026-11")
    assert error.value.message.startswith("Usage without a price: volume (1 resource, 504 h)")
    assert re.search(r"First: volume name of v1 \(v1\) from 2026-11-10.* matches .*slow", error.value.message)
    assert error.value.hint == "add prices to plan 'standard' (a price may be 0)"
    assert billing.run(lambda billing, ctx: billing.periods.list(ctx, "acme")) == []
    billing.publish('unpriced = "free"\n' + PLAN)
    assert billing.close_period("acme", "2026-11").invoice is None


def test_a_period_with_a_resource_type_without_prices_is_closed_only_if_the_type_is_declared_free(
    any_billing: BillingHarness,
) -> None:
    any_billing.ingest(
        machine("m1", "p1", "2026-11-30T23:00:00"),
        address("f1", "p1", "2026-11-30T22:00:00"),
        address("f2", "p1", "2026-11-30T21:00:00"),
    )
    with pytest.raises(UnpricedUsageConflict) as error:
        any_billing.at("2026-12-01").close("acme", "2026-11")
    assert error.value.message.startswith("Usage without a price: floating_ip (2 resources, 5 h)")
    assert 'or `free = ["floating_ip"]` for types that cost nothing' in error.value.hint
    assert any_billing.run(lambda billing, ctx: billing.periods.list(ctx, "acme")) == []
    any_billing.publish('free = ["floating_ip"]\n' + PLAN)
    assert any_billing.close("acme", "2026-11").net_minor == 2


def test_a_period_with_samples_of_a_type_without_prices_cannot_be_closed(billing: BillingHarness) -> None:
    billing.ingest(request("p1", "2026-11-11T00:00:00"), request("p1", "2026-11-11T00:00:01"))
    with pytest.raises(UnpricedUsageConflict) as error:
        billing.at("2026-12-01").close("acme", "2026-11")
    expected = "Usage without a price: 'storage.api.request' of object_store (1 resource, 2 request)"
    assert error.value.message.startswith(expected)
    assert '`free = ["object_store"]`' in error.value.hint
    billing.publish('free = ["object_store"]\n' + PLAN)
    assert billing.close_period("acme", "2026-11").invoice is None


def test_no_project_is_assigned_to_a_period_that_is_being_closed(any_billing: BillingHarness) -> None:
    """Otherwise its usage would be on no invoice, or on two."""
    any_billing.create_account("zeta")
    any_billing.assign("zeta", "p9")
    any_billing.at("2026-12-01")

    def assign(account: str, project_id: str) -> str:
        try:
            any_billing.assign(account, project_id, "2026-11-20")
        except Fault as error:
            return error.message
        return "assigned"

    stack = any_billing.stack
    with ThreadPoolExecutor(2) as pool:
        with stack.services.database.transaction() as db:
            stack.services.billing.periods.close(stack.ctx(db), "acme", "2026-11")
            new, moved = pool.submit(assign, "acme", "p2"), pool.submit(assign, "zeta", "p1")
            wait([new, moved], timeout=0.5)
        assert new.result() == "The periods of customer account 'acme' are closed until 2026-12-01T00:00:00.000000Z"
        assert moved.result().startswith("Customer account 'acme' pays for the project at 2026-11-20")
