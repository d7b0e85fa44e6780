"""Customer accounts, assignments, the seller, and access to them."""

from collections.abc import Callable
from typing import Any

import pytest

from stratiform.kit.clock import parse_iso
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Fault, Forbidden, Invalid
from stratiform.kit.pagination import Page
from stratiform.services.billing.errors import AssignmentNotFound, CustomerAccountExists, UnassignedUsageConflict
from stratiform.services.billing.model import CustomerAccount, CustomerAccountChanges, Party
from stratiform.services.billing.service import BillingService
from support.billing import BillingHarness
from support.money import PLAN, address, disk, machine
from support.stacks import customer


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("acme", "EUR", "standard"), "Customer account 'acme' already exists"),
        (("", "EUR", "standard"), "The name of a customer account"),
        (("Hansen A/S", "EUR", "standard"), "but not '/'"),
        (("new", "USD", "standard"), "The currency of plan 'standard' is EUR, not USD"),
        (("new", "EUR", "gold"), "Price plan 'gold' not found"),
        (("new", "EUR", "standard", Party(country="XX")), "'XX' is not a country code"),
        (("new", "EUR", "standard", Party("x" * 201)), "at most 200 characters"),
        (("new", "EUR", "standard", Party("a\u202eb")), r"U\+202E \(RIGHT-TO-LEFT OVERRIDE\)"),
        (("new", "EUR", "standard", Party(address=("a\nb",))), r"do not have glyphs for U\+000A"),
        (("\U00013000", "EUR", "standard"), r"cannot be printed .* glyphs for U\+13000 \(EGYPTIAN HIEROGLYPH A001\)"),
        (("new", "EUR", "standard", Party(address=("\U0001d11e",))), "do not have glyphs for U\\+1D11E"),
        (("new", "EUR", "standard", Party(address=("line",) * 11)), "at most 10 lines"),
        (("new", "EUR", "standard", Party(), "101"), "'101' is not a percentage"),
        (("new", "EUR", "standard", Party(), "-1"), "'-1' is not a percentage"),
    ],
)
def test_an_invalid_account_is_refused(billing: BillingHarness, arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(Fault, match=message):
        billing.create_account(*arguments)  # type: ignore[arg-type]
    accounts = billing.run(lambda billing, ctx: billing.customer_accounts.list(ctx, Page()))
    assert [account.name for account in accounts.items] == ["acme"]


def test_the_seller_must_be_printable(billing: BillingHarness) -> None:
    with pytest.raises(Invalid, match="do not have glyphs for U\\+13000"):
        billing.run(lambda billing, ctx: billing.seller.update(ctx, Party("\U00013000")))
    seller = Party("株式会社", ("東京都",), "JP")
    billing.run(lambda billing, ctx: billing.seller.update(ctx, seller))
    assert billing.run(lambda billing, ctx: billing.seller.get(ctx)) == seller


@pytest.mark.parametrize(
    "text",
    [
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3 \u0dbd\u0d82\u0d9a\u0dcf",  # Sri Lanka in Sinhala, with a joiner
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian, with a non-joiner
        "\u6771\u4eac\u90fd\u30001-1",  # Tokyo, with an ideographic space
        "Soci\u00e9t\u00e9 M\u00a0&\u00a0Cie",
        "\U0001f469\u200d\U0001f4bb",
    ],
)
def test_a_party_can_contain_joiners_and_all_spaces(billing: BillingHarness, text: str) -> None:
    seller = Party(text, (text,))
    billing.run(lambda billing, ctx: billing.seller.update(ctx, seller))
    assert billing.run(lambda billing, ctx: billing.seller.get(ctx)) == seller


def test_the_name_of_an_account_is_unique(any_billing: BillingHarness) -> None:
    with pytest.raises(CustomerAccountExists):
        any_billing.create_account("acme")


def test_an_account_can_be_read_by_name_and_by_id(billing: BillingHarness) -> None:
    account = billing.run(lambda billing, ctx: billing.customer_accounts.get(ctx, "acme"))
    assert account.party == Party("Acme Ltd", ("1 Road",), "GB", "GB1")
    assert billing.run(lambda billing, ctx: billing.customer_accounts.get(ctx, account.id)) == account


def test_a_closed_assignment_cannot_be_changed(billing: BillingHarness) -> None:
    billing.create_account("zeta")
    billing.assign("zeta", "p1", "2026-11-11")
    with pytest.raises(
        Conflict, match="The project has already been assigned to customer account 'zeta' since 2026-11-11"
    ):
        billing.assign("zeta", "p1", "2026-11-12")
    billing.at("2026-12-01").close_period("zeta", "2026-11")
    with pytest.raises(Conflict, match="Customer account 'zeta' pays for the project at 2026-11-20"):
        billing.assign("acme", "p1", "2026-11-20")
    billing.assign("acme", "p1", "2026-12-01")
    assignments = billing.run(lambda billing, ctx: billing.project_assignments.list(ctx, "acme"))
    assert [(each.project_id, each.until is None) for each in assignments] == [("p1", False), ("p1", True)]


def test_an_assignment_starts_within_a_year(billing: BillingHarness) -> None:
    billing.create_account("zeta")
    for start in ("9999-01-01", "2027-12-31"):
        with pytest.raises(Invalid, match=f"{start}T00:00:00.000000Z is more than a year in the future"):
            billing.assign("zeta", "p9", start)
    assert billing.assign("zeta", "p9", "2027-10-01").start == parse_iso("2027-10-01")


def test_prices_of_closed_periods_cannot_be_changed(billing: BillingHarness) -> None:
    billing.at("2026-12-01").close_period("acme", "2026-11")
    with pytest.raises(Invalid, match="starts in a closed period; the last one ended at 2026-12-01"):
        billing.publish(PLAN.replace("2026-01-01", "2026-11-15"))
    billing.publish(PLAN.replace("2026-01-01", "2026-12-01"))


def test_the_seller_is_replaced(billing: BillingHarness) -> None:
    assert billing.run(lambda billing, ctx: billing.seller.get(ctx)) == Party("Seller")
    seller = Party("Cloud Seller AG", ("Street 1",), "CH", "CHE-1")
    for party in (Party("First"), seller):
        billing.run(lambda billing, ctx, party=party: billing.seller.update(ctx, party))  # type: ignore[misc]
    assert billing.run(lambda billing, ctx: billing.seller.get(ctx)) == seller


@pytest.mark.parametrize(
    "operation",
    [
        lambda billing, ctx: billing.prices.publish(ctx, PLAN),
        lambda billing, ctx: billing.customer_accounts.create(ctx, "a", "EUR", "standard"),
        lambda billing, ctx: billing.customer_accounts.list(ctx, Page()),
        lambda billing, ctx: billing.customer_accounts.get(ctx, "acme"),
        lambda billing, ctx: billing.project_assignments.list(ctx, "acme"),
        lambda billing, ctx: billing.project_assignments.create(ctx, "acme", "p1"),
        lambda billing, ctx: billing.project_assignments.end(ctx, "acme", "p1"),
        lambda billing, ctx: billing.customer_accounts.update(ctx, "acme", CustomerAccountChanges(name="x")),
        lambda billing, ctx: billing.periods.close(ctx, "acme", "2026-11"),
        lambda billing, ctx: billing.periods.list(ctx, "acme"),
        lambda billing, ctx: billing.seller.get(ctx),
        lambda billing, ctx: billing.seller.update(ctx, Party()),
    ],
)
def test_members_are_refused(
    billing: BillingHarness, operation: Callable[[BillingService, RequestContext], object]
) -> None:
    with pytest.raises(Forbidden):
        billing.run(operation, customer("p1", "member"))


def test_usage_before_an_assignment_is_not_lost_silently(any_billing: BillingHarness) -> None:
    any_billing.create_account("zeta")
    any_billing.ingest(
        machine("m2", "p2", "2026-11-10"), disk("v2", "p2", "2026-11-12"), address("f3", "p3", "2026-11-10")
    )
    any_billing.at("2026-11-20")
    with pytest.raises(UnassignedUsageConflict) as error:
        any_billing.assign("zeta", "p2")
    expected = (
        "Project 'p2' has usage since 2026-11-10T00:00:00.000000Z that no customer account pays for (2 resources)"
    )
    assert error.value.message == expected
    assert error.value.hint.startswith("assign it from 2026-11-10T00:00:00.000000Z to bill the usage, or from `now`")
    result = any_billing.run(
        lambda billing, ctx: billing.project_assignments.create(ctx, "zeta", "p2", parse_iso("2026-11-11"))
    )
    assert result.unassigned is not None
    assert (result.unassigned.start, result.unassigned.end) == (parse_iso("2026-11-10"), parse_iso("2026-11-11"))
    any_billing.assign("zeta", "p3")  # its usage has no price in the plan
    any_billing.assign("zeta", "p4")


def test_the_hint_names_the_first_time_that_is_open(billing: BillingHarness) -> None:
    billing.ingest(machine("m2", "p2", "2026-11-10"))
    billing.at("2026-12-05").close_period("acme", "2026-11")
    with pytest.raises(UnassignedUsageConflict) as error:
        billing.assign("acme", "p2")
    assert error.value.hint.startswith("assign it from 2026-12-01T00:00:00.000000Z")


def test_usage_that_another_account_pays_for_does_not_count(billing: BillingHarness) -> None:
    billing.create_account("zeta")
    billing.ingest(machine("m1", "p1", "2026-11-10"))
    assert billing.at("2026-11-20").assign("zeta", "p1").start == parse_iso("2026-11-20")


def test_an_assignment_is_extended_to_an_earlier_start(any_billing: BillingHarness) -> None:
    any_billing.at("2026-11-20").assign("acme", "p2")
    any_billing.ingest(machine("m2", "p2", "2026-10-31T23:00:00", at="2026-11-20"))
    assert any_billing.assign("acme", "p2", "2026-10-01").start == parse_iso("2026-10-01")
    account = any_billing.run(lambda billing, ctx: billing.customer_accounts.get(ctx, "acme"))
    assert account.billed_until == parse_iso("2026-10-01")
    any_billing.at("2026-12-02").close("acme", "2026-10")
    with pytest.raises(Conflict, match="are closed until 2026-11-01"):
        any_billing.assign("acme", "p2", "2026-09-01")


def test_an_assignment_is_not_extended_into_that_of_another_account(any_billing: BillingHarness) -> None:
    any_billing.create_account("zeta")
    any_billing.assign("zeta", "p1", "2026-11-11")
    with pytest.raises(Conflict, match="Another customer account pays for project 'p1' at 2026-11-10"):
        any_billing.assign("zeta", "p1", "2026-11-10")


def test_a_project_is_unassigned(billing: BillingHarness) -> None:
    billing.ingest(machine("m1", "p1", "2026-11-10T00:00:00"))
    billing.at("2026-11-20")
    assert billing.unassign("acme", "p1", "2026-11-10T01:00:00").until == parse_iso("2026-11-10T01:00:00")
    with pytest.raises(AssignmentNotFound):
        billing.unassign("acme", "p1")
    billing.assign("acme", "p1", "2026-11-10T02:00:00")
    assert billing.at("2026-12-02").close("acme", "2026-11").net_minor == 1107  # 503 h x 0.022
    with pytest.raises(Conflict, match="are closed until 2026-12-01"):
        billing.unassign("acme", "p1", "2026-11-15")
    with pytest.raises(AssignmentNotFound):
        billing.unassign("acme", "p9")


def test_an_assignment_that_starts_later_is_removed(billing: BillingHarness) -> None:
    billing.assign("acme", "p2", "2026-12-01")
    removed = billing.at("2026-11-20").unassign("acme", "p2")
    assert removed.until == removed.start
    billing.create_account("zeta")
    assert billing.assign("zeta", "p2", "2026-11-25").sequence == 1


def test_an_account_is_changed(billing: BillingHarness) -> None:
    def update(account: str, **changes: Any) -> CustomerAccount:
        values = CustomerAccountChanges(**changes)
        return billing.run(lambda billing, ctx: billing.customer_accounts.update(ctx, account, values))

    update("acme", tax_rate="7.70", country="DE", address=("New Street 2", "12345 Berlin"))
    changed = update("acme", name="Acme GmbH")
    assert (changed.tax_rate, changed.party) == (
        "7.7",
        Party("Acme Ltd", ("New Street 2", "12345 Berlin"), "DE", "GB1"),
    )
    assert billing.run(lambda billing, ctx: billing.customer_accounts.get(ctx, "Acme GmbH")) == changed
    billing.ingest(machine("m1", "p1", "2026-11-10"))
    invoice = billing.load_json(billing.at("2026-12-02").close("Acme GmbH", "2026-11").number)
    assert (invoice["account"]["name"], invoice["taxes"][0]["rate"]) == ("Acme GmbH", "7.7")
    billing.create_account("zeta")
    for changes, message in (
        ({"name": "zeta"}, "Customer account 'zeta' already exists"),
        ({"name": "a/b"}, "printable characters"),
        ({"tax_rate": "101"}, "not a percentage"),
        ({"country": "XX"}, "not a country code"),
    ):
        with pytest.raises(Fault, match=message):
            update("Acme GmbH", **changes)
