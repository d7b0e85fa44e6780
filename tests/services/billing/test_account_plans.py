"""Price plans of customer accounts: another one applies from the start of the open period on."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from threading import Barrier

import pytest

from stratiform.kit.clock import parse_iso
from stratiform.kit.errors import Conflict, Fault, Forbidden, Invalid
from stratiform.kit.policy import Caller
from stratiform.services.billing.errors import RetroactivePriceChange
from stratiform.services.billing.model import AccountPlanUpdate, CustomerAccount
from stratiform.services.rating.errors import PlanNotFound
from support.billing import BillingHarness
from support.money import PLAN, machine
from support.stacks import customer

#: A vCPU costs three times as much as by the plan "standard".
PREMIUM = PLAN.replace('"standard"', '"premium"').replace('"0.01"', '"0.03"')


@pytest.fixture
def used(billing: BillingHarness) -> BillingHarness:
    """Billing on the 20th, with a machine of "acme" since the 10th that costs 0.022 an hour, or 0.062 by "premium"."""
    billing.ingest(machine("m1", "p1", "2026-11-10"))
    billing.publish(PREMIUM)
    return billing.at("2026-11-20")


def move(
    billing: BillingHarness, plan: str, reason: str | None = None, caller: Caller | None = None
) -> AccountPlanUpdate:
    callers = () if caller is None else (caller,)
    return billing.run(lambda service, ctx: service.account_plans.update(ctx, "acme", plan, reason=reason), *callers)


def get_account(billing: BillingHarness) -> CustomerAccount:
    return billing.run(lambda service, ctx: service.customer_accounts.get(ctx, "acme"))


def get_amount(billing: BillingHarness) -> str:
    cost = billing.project_cost("p1")
    assert cost is not None
    assert sum(Decimal(day.amount) for day in cost.days) == Decimal(cost.amount)
    assert sum(Decimal(resource.amount) for resource in cost.resources) == Decimal(cost.amount)
    return cost.amount


def test_a_plan_that_changes_the_cost_of_past_usage_is_refused(used: BillingHarness) -> None:
    with pytest.raises(RetroactivePriceChange) as error:
        move(used, "premium")
    assert error.value.message == (
        "Plan 'premium' would change the cost of past usage of customer account 'acme' from 5.28 to 14.88 EUR net"
    )
    assert error.value.hint.startswith("close the period until the start of the plan first, or see the change with")
    assert get_account(used).plan == "standard"
    assert used.price_changes() == []


def test_a_preview_shows_the_difference_and_changes_nothing(used: BillingHarness) -> None:
    preview = used.run(lambda service, ctx: service.account_plans.preview(ctx, "acme", "premium"))
    (difference,) = preview.differences
    assert (difference.net_before, difference.net_after, difference.difference) == ("5.28", "14.88", "9.60")
    assert get_account(used).plan == "standard"


def test_a_retroactive_change_is_applied_and_recorded(used: BillingHarness) -> None:
    update = move(used, "premium", "contract of 2026-11-01")
    (change,) = used.price_changes()
    assert change == update.change
    assert (change.plan, change.previous_plan, change.reason) == ("premium", "standard", "contract of 2026-11-01")
    assert (change.versions, change.differences) == ((), update.differences)
    assert get_amount(used) == "14.88"
    invoice = used.load_json(used.close("acme", until=parse_iso("2026-11-20")).number)
    assert (invoice["net"], invoice["plan"]["name"]) == (update.differences[0].net_after, "premium")


def test_without_usage_in_the_open_period_a_plan_needs_no_reason(billing: BillingHarness) -> None:
    billing.publish(PREMIUM)
    assert move(billing.at("2026-11-20"), "premium").change is None
    assert get_account(billing).plan == "premium"
    assert billing.price_changes() == []


def test_a_plan_from_a_date_on_starts_after_the_period_until_then(used: BillingHarness) -> None:
    first = used.close("acme", until=parse_iso("2026-11-20")).number
    move(used, "premium")
    used.at("2026-11-25")
    move(used, "premium")  # has no effect
    assert get_account(used).plan_from == parse_iso("2026-11-20")
    assert get_amount(used) == "12.72"  # 10 days of "standard", 5 of "premium"
    used.at("2026-12-01")
    second = used.close("acme", "2026-11").number
    invoices = [used.load_json(number) for number in (first, second)]
    assert [(each["plan"]["name"], each["net"]) for each in invoices] == [("standard", "5.28"), ("premium", "16.37")]
    month = used.project_cost("p1", "2026-11")
    resource = used.resource_cost("m1")
    assert month is not None
    assert resource is not None
    assert month.amount == resource.amount == "21.648"  # the invoices round 16.368
    assert {line.unit_price for line in resource.lines if line.unit == "vCPU-hour"} == {"0.01", "0.03"}


def test_closed_periods_keep_their_plan(used: BillingHarness) -> None:
    used.close("acme", until=parse_iso("2026-11-20"))
    move(used, "premium")
    used.at("2026-11-25").close("acme", until=parse_iso("2026-11-25"))
    move(used, "standard")
    assert get_account(used).plan_from == parse_iso("2026-11-25")
    assert used.late_usage("acme") == []
    for day, plan, amount in (("2026-11-20", "standard", "5.28"), ("2026-11-25", "premium", "7.44")):
        draft = used.preview("acme", until=parse_iso(day)).draft
        assert (draft.plan.name, sum(Decimal(line.amount) for line in draft.lines) / 10**20) == (plan, Decimal(amount))


def test_late_usage_is_compared_by_the_plan_of_its_period(used: BillingHarness) -> None:
    used.close("acme", until=parse_iso("2026-11-20"))
    move(used, "premium")
    used.at("2026-11-25").close("acme", until=parse_iso("2026-11-25"))
    used.ingest(machine("m2", "p1", "2026-11-19", at="2026-11-19"))
    late = used.late_usage("acme")
    assert [each.amount / 10**20 for each in late] == [0.528, 7.44]


def test_runs_start_anew_with_another_plan_and_go_on_with_the_same(any_billing: BillingHarness) -> None:
    hourly = PLAN.replace('granularity = "second"', 'granularity = "hour"')
    any_billing.publish(hourly.replace('"standard"', '"hourly"'))
    move(any_billing, "hourly", "agreed")
    any_billing.ingest(machine("m1", "p1", "2026-11-10", root_gb=0))
    any_billing.at("2026-11-10T00:20:00").close("acme", until=parse_iso("2026-11-10T00:20:00"))
    any_billing.publish(hourly.replace('"standard"', '"other"'))
    move(any_billing, "other", "agreed")
    move(any_billing, "hourly", "not agreed")
    assert get_account(any_billing).plan_from is None
    later = parse_iso("2026-11-10T00:50:00")
    assert any_billing.at("2026-11-10T00:50:00").close_period("acme", until=later).invoice is None
    move(any_billing, "other")
    end = parse_iso("2026-11-10T00:55:00")
    number = any_billing.at("2026-11-10T00:55:00").close("acme", until=end).number
    assert any_billing.load_json(number)["net"] == "0.02"


@pytest.mark.parametrize(
    ("plan", "error"),
    [("nowhere", PlanNotFound), ("dollars", Invalid)],
)
def test_unknown_plans_and_other_currencies_are_refused(used: BillingHarness, plan: str, error: type[Fault]) -> None:
    used.publish(PLAN.replace('"standard"', '"dollars"').replace('"EUR"', '"USD"'))
    with pytest.raises(error, match=plan):
        move(used, plan, "agreed")


def test_a_reason_is_not_empty(used: BillingHarness) -> None:
    with pytest.raises(Invalid, match="needs a reason"):
        move(used, "premium", " ")


def test_customers_change_no_plan(used: BillingHarness) -> None:
    with pytest.raises(Forbidden):
        used.run(partial(lambda service, ctx: service.account_plans.preview(ctx, "acme", "premium")), customer("p1"))
    with pytest.raises(Forbidden):
        move(used, "premium", "agreed", customer("p1"))


@pytest.mark.thorough
def test_moves_and_closes_at_the_same_time_are_serialized(used: BillingHarness) -> None:
    used.publish(PREMIUM.replace('"premium"', '"third"'))
    barrier = Barrier(9, timeout=60)
    raised = PREMIUM.replace("2026-01-01", "2026-11-25")

    def run(operation: Callable[[], object]) -> Fault | None:
        barrier.wait()
        try:
            operation()
        except Fault as error:
            return error
        return None

    moves = [partial(move, used, plan, "agreed") for plan in ("premium", "third", "standard", "third")]
    closes = [partial(used.close_period, "acme", until=parse_iso(f"2026-11-{day}")) for day in (12, 14, 16, 18)]
    with ThreadPoolExecutor(9) as pool:
        errors = [*pool.map(run, [*moves, *closes, partial(used.publish, raised)])]
    assert [error for error in errors[:4] if error is not None] == []
    assert [error for error in errors if not isinstance(error, Conflict | None)] == []
    account = get_account(used)
    closed = used.run(lambda service, ctx: service.periods.list(ctx, "acme"))
    for period in closed:
        assert period.document_number is not None
        assert used.load_json(period.document_number)["plan"]["name"] == period.plan
    others = [period.end for period in closed if period.plan != account.plan]
    assert account.plan_from == max(others, default=None)
