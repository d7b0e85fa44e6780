"""Retroactive price changes: past usage costs something else only with a reason, which is recorded."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from threading import Barrier

import pytest

from stratiform.kit.clock import parse_iso
from stratiform.kit.context import RequestContext
from stratiform.kit.database import IntegrityError
from stratiform.kit.errors import Fault, Forbidden, Invalid
from stratiform.kit.outbox import append_event
from stratiform.kit.pagination import Page
from stratiform.kit.policy import Caller
from stratiform.services.billing.errors import RetroactivePriceChange
from stratiform.services.billing.model import ClosedPeriod, CostDifference, PlanPublication, PlanVersionReference
from stratiform.services.billing.service import BillingService
from stratiform.services.billing.tables import price_changes_table
from support.billing import BillingHarness
from support.money import PLAN, address, machine
from support.stacks import customer

#: From the 15th on, a vCPU costs three times as much.
RAISED = PLAN.replace("2026-01-01", "2026-11-15").replace('"0.01"', '"0.03"')
#: From the 15th on, with the same prices.
REPEATED = PLAN.replace("2026-01-01", "2026-11-15")


@pytest.fixture
def used(billing: BillingHarness) -> BillingHarness:
    """Billing on the 20th, with a machine of "acme" since the 10th that costs 0.022 an hour."""
    billing.ingest(machine("m1", "p1", "2026-11-10"))
    return billing.at("2026-11-20")


def amounts(publication: PlanPublication) -> list[tuple[str, str, str, str]]:
    return [(each.account_name, each.net_before, each.net_after, each.difference) for each in publication.differences]


def test_a_version_that_changes_the_cost_of_past_usage_is_refused(used: BillingHarness) -> None:
    with pytest.raises(RetroactivePriceChange) as error:
        used.publish(RAISED)
    assert error.value.message == (
        "The version of 2026-11-15T00:00:00.000000Z of plan 'standard' would change the cost of past usage of customer"
        " account 'acme' from 5.28 to 10.08 EUR net"
    )
    assert "--dry-run" in error.value.hint
    assert len(used.run(lambda billing, ctx: billing.prices.get(ctx, "standard")).versions) == 1
    cost = used.project_cost("p1")
    assert cost is not None
    assert cost.amount == "5.28"
    assert used.price_changes() == []


def test_the_error_counts_the_other_accounts(used: BillingHarness) -> None:
    for number in (2, 3):
        used.create_account(f"zeta-{number}")
        used.assign(f"zeta-{number}", f"p{number}", "2026-11-01")
        used.ingest(machine(f"m{number}", f"p{number}", "2026-11-16"))
    with pytest.raises(RetroactivePriceChange, match=r"of customer account 'acme' from .*, and of 2 others$"):
        used.publish(RAISED)


def test_a_preview_shows_the_difference_and_changes_nothing(used: BillingHarness) -> None:
    assert amounts(used.preview_prices(RAISED)) == [("acme", "5.28", "10.08", "4.80")]
    assert len(used.run(lambda billing, ctx: billing.prices.get(ctx, "standard")).versions) == 1
    assert used.price_changes() == []


def test_a_retroactive_change_is_applied_and_recorded(used: BillingHarness) -> None:
    publication = used.publish_changes(RAISED, "contract of 2026-11-15")
    account = used.run(lambda billing, ctx: billing.customer_accounts.get(ctx, "acme"))
    (change,) = used.price_changes()
    assert change == publication.change
    version = publication.plan.versions[1]
    assert change.versions == (PlanVersionReference(parse_iso("2026-11-15"), version.sha256),)
    assert (change.plan, change.previous_plan, change.author, change.created_at, change.reason) == (
        "standard",
        None,
        "stratiform",
        parse_iso("2026-11-20"),
        "contract of 2026-11-15",
    )
    assert change.differences == (
        CostDifference(
            account_id=account.id,
            account_name="acme",
            currency="EUR",
            start=parse_iso("2026-11-01"),
            end=parse_iso("2026-11-20"),
            net_before="5.28",
            net_after="10.08",
            difference="4.80",
            exact_difference="4.8",
        ),
    )
    cost = used.project_cost("p1")
    assert cost is not None
    assert cost.amount == "10.08"


def test_the_author_of_a_change_is_the_caller(used: BillingHarness) -> None:
    caller = Caller("u1", roles=frozenset({"admin"}), user_name="olga")
    used.run(lambda billing, ctx: billing.prices.publish(ctx, RAISED, reason="agreed"), caller)
    assert used.price_changes()[0].author == "olga (u1)"


def test_the_difference_is_that_of_the_invoices(used: BillingHarness) -> None:
    used.publish(RAISED, "agreed")
    (difference,) = used.price_changes()[0].differences
    invoice = used.load_json(used.close("acme", until=parse_iso("2026-11-20")).number)
    assert (invoice["net"], invoice["exact"]) == (difference.net_after, "10.08")


def test_an_open_period_of_two_months_has_the_net_of_their_invoices(used: BillingHarness) -> None:
    used.at("2026-12-01T01:00:00")
    raised = RAISED.replace('"0.03"', '"0.013333"')
    (difference,) = used.preview_prices(raised).differences
    used.publish(raised, "agreed")
    numbers = (used.close("acme", "2026-11").number, used.close("acme", until=parse_iso("2026-12-01T01:00:00")).number)
    assert sum(Decimal(used.load_json(number)["net"]) for number in numbers) == Decimal(difference.net_after)


def test_a_difference_below_the_smallest_unit_of_the_currency_counts(used: BillingHarness) -> None:
    (difference,) = used.preview_prices(RAISED.replace('"0.03"', '"0.0100000001"')).differences
    assert (difference.difference, difference.exact_difference) == ("0.00", "0.000000024")
    with pytest.raises(RetroactivePriceChange):
        used.publish(RAISED.replace('"0.03"', '"0.0100000001"'))


def test_another_tax_category_is_a_difference(used: BillingHarness) -> None:
    taxed = REPEATED.replace('price = "0.01"', 'price = "0.01"\ntax_category = { code = "S", rate = "7" }')
    with pytest.raises(RetroactivePriceChange):
        used.publish(taxed)


@pytest.mark.parametrize("reason", [None, "agreed"])
def test_a_version_that_changes_no_amount_is_accepted(used: BillingHarness, reason: str | None) -> None:
    publication = used.publish_changes(REPEATED, reason)
    assert (len(publication.plan.versions), publication.differences, publication.change) == (2, (), None)
    assert used.price_changes() == []


def test_without_usage_since_its_start_a_version_is_accepted(any_billing: BillingHarness) -> None:
    any_billing.at("2026-11-20")
    assert any_billing.publish_changes(RAISED).change is None
    any_billing.ingest(machine("m1", "p1", "2026-11-19", at="2026-11-19"))
    gold = PLAN.replace('"standard"', '"gold"')
    any_billing.publish(gold)
    assert len(any_billing.publish(RAISED.replace('"standard"', '"gold"')).versions) == 2  # no account has the plan


def test_a_version_that_starts_in_the_future_is_accepted(used: BillingHarness) -> None:
    for start in ("2026-11-20", "2026-12-01"):
        assert used.publish_changes(RAISED.replace("2026-11-15", start)).past_versions == ()


def test_closed_periods_are_refused_also_with_a_reason(used: BillingHarness) -> None:
    used.at("2026-12-02").close("acme", "2026-11")
    with pytest.raises(Invalid, match="starts in a closed period"):
        used.publish(RAISED, "agreed")
    with pytest.raises(Invalid, match="starts in a closed period"):
        used.preview_prices(RAISED)


def test_only_the_open_period_is_compared(used: BillingHarness) -> None:
    used.close("acme", until=parse_iso("2026-11-20"))
    used.at("2026-11-21")
    (difference,) = used.preview_prices(RAISED.replace("2026-11-15", "2026-11-20T12:00:00Z")).differences
    assert (difference.start, difference.end) == (parse_iso("2026-11-20"), parse_iso("2026-11-21"))
    assert (difference.net_before, difference.net_after) == ("0.53", "1.01")  # 24 h, of which 12 h at 0.062


def test_usage_that_gets_a_price_is_a_difference(used: BillingHarness) -> None:
    used.ingest(address("f1", "p1", "2026-11-16"))
    priced = REPEATED + '[[version.price]]\nresource = "floating_ip"\nmeasure = "duration"\nprice = "1"\nper = "day"\n'
    assert amounts(used.preview_prices(priced)) == [("acme", "5.28", "9.28", "4.00")]


def test_usage_that_waits_in_the_outbox_counts(billing: BillingHarness) -> None:
    billing.at("2026-11-20")
    event = machine("m1", "p1", "2026-11-10")
    billing.run(lambda _, ctx: append_event(ctx.db, event))
    with pytest.raises(RetroactivePriceChange):
        billing.publish(RAISED)


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_reason_is_required(used: BillingHarness, reason: str) -> None:
    with pytest.raises(Invalid, match="needs a reason"):
        used.publish(RAISED, reason)
    assert used.price_changes() == []


def test_the_database_refuses_a_change_without_a_reason(used: BillingHarness) -> None:
    values = {"id": "x", "created_at": 1, "author": "a", "reason": "", "plan": "standard", "versions": []}
    with pytest.raises((IntegrityError, Fault)):
        used.run(lambda _, ctx: ctx.db.execute(price_changes_table.insert().values(values)))


def test_changes_are_listed_in_pages_newest_first(used: BillingHarness) -> None:
    for day, price in ((15, "0.03"), (16, "0.04"), (17, "0.05")):
        used.at(f"2026-11-20T00:00:{day}")
        used.publish(PLAN.replace("2026-01-01", f"2026-11-{day}").replace('"0.01"', f'"{price}"'), f"change of {day}")
    first = used.run(lambda billing, ctx: billing.price_changes.list(ctx, Page(2)))
    assert [(change.reason, len(change.differences)) for change in first.items] == [
        ("change of 17", 1),
        ("change of 16", 1),
    ]
    second = used.run(lambda billing, ctx: billing.price_changes.list(ctx, Page(2, first.items[-1].id)))
    assert ([change.reason for change in second.items], second.more) == (["change of 15"], False)


@pytest.mark.parametrize(
    "operation",
    [
        lambda billing, ctx: billing.prices.preview(ctx, RAISED),
        lambda billing, ctx: billing.price_changes.list(ctx, Page()),
    ],
)
def test_only_operators_see_changes(
    billing: BillingHarness, operation: Callable[[BillingService, RequestContext], object]
) -> None:
    with pytest.raises(Forbidden):
        billing.run(operation, customer("p1", "member"))


def run_both(first: Callable[[], object], second: Callable[[], object]) -> list[object]:
    """Run two operations at the same time, and return the result or the error of each."""
    barrier = Barrier(2, timeout=60)

    def run(operation: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return operation()
        except Fault as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, (first, second)))


def test_a_change_and_the_end_of_a_period_have_an_order(any_billing: BillingHarness) -> None:
    """The invoice has the recorded cost and the new price, or the change is refused and the invoice has the old one."""
    any_billing.at("2027-01-01").close_period("acme", "2026-11")
    any_billing.close_period("acme", "2026-12")
    any_billing.ingest(machine("m1", "p1", "2027-01-02", at="2027-01-02"))
    for number in range(1, 11):
        month, next_month = f"2027-{number:02}", f"2027-{number + 1:02}"
        any_billing.at(f"{next_month}-01")
        before = any_billing.preview("acme", month).draft.net
        recorded = len(any_billing.price_changes())
        version = PLAN.replace("2026-01-01", f"{month}-15").replace('"0.01"', f'"{number + 10}"')
        closed, published = run_both(
            partial(any_billing.close_period, "acme", month), partial(any_billing.publish_changes, version, "agreed")
        )
        assert isinstance(closed, ClosedPeriod)
        assert closed.invoice is not None
        net = any_billing.load_json(closed.invoice.number)["net"]
        changes = any_billing.price_changes()[: len(any_billing.price_changes()) - recorded]
        if isinstance(published, PlanPublication):
            (difference,) = published.differences
            assert [change.differences for change in changes] == [(difference,)]
            assert (before, net) == (difference.net_before, difference.net_after)
        else:
            assert isinstance(published, Invalid)
            assert "starts in a closed period" in published.message
            assert (net, changes) == (before, [])
