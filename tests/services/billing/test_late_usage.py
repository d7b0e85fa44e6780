"""Usage that arrives after its period was closed is in no document, and is reported."""

from decimal import Decimal

import pytest

from stratiform.kit.clock import parse_iso
from stratiform.kit.errors import Forbidden
from stratiform.kit.outbox import Event
from stratiform.services.billing.errors import CustomerAccountNotFound
from stratiform.services.ledger.model import Correction, Resource
from stratiform.services.rating.model import AMOUNT_DIGITS, format_scaled
from support.billing import BillingHarness
from support.money import PLAN, address, counter, disk, machine
from support.stacks import customer

TRAFFIC = """
[[version.price]]
resource = "instance"
measure = "samples"
meter = "network.outgoing.bytes"
price = "1"
per = "GB"
"""


@pytest.fixture
def closed(any_billing: BillingHarness) -> BillingHarness:
    """Billing in December, with November closed: one machine since November 10th, which still runs."""
    any_billing.ingest(machine("m1", "p1", "2026-11-10"))
    any_billing.at("2026-12-02").close("acme", "2026-11")
    return any_billing


def amounts(billing: BillingHarness, account: str = "acme") -> list[tuple[str, str, int, int]]:
    return [
        (late.document_number, format_scaled(late.amount, AMOUNT_DIGITS), late.resources, late.unpriced_resources)
        for late in billing.late_usage(account)
    ]


def stopped(server: str, at: str) -> Event:
    return machine(server, "p1", "2026-11-10", at=at, state="stopped")


def test_usage_that_arrives_late_is_reported_with_its_amount(closed: BillingHarness) -> None:
    assert amounts(closed) == []
    position = closed.position
    closed.ingest(disk("v1", "p1", "2026-11-30", at="2026-12-02T10:00:00"))
    assert amounts(closed) == [("2026-000001", "0.48", 1, 0)]  # 100 GiB x 24 h x 0.0002
    (late,) = closed.late_usage_since(position)
    assert (late.account_name, late.currency) == ("acme", "EUR")
    assert (late.start, late.end) == (parse_iso("2026-11-01"), parse_iso("2026-12-01"))
    assert closed.late_usage_since(closed.position) == []


def test_usage_that_was_removed_is_negative(closed: BillingHarness) -> None:
    closed.ingest(stopped("m1", "2026-11-30T23:00:00"))
    assert amounts(closed) == [("2026-000001", "-0.02", 1, 0)]  # 2 vCPU x 1 h x 0.01
    stack = closed.stack
    with stack.services.database.transaction() as db:
        correction = Correction(
            "", "never ran", since=parse_iso("2026-11-10"), until=parse_iso("2026-12-01"), absent=True
        )
        stack.services.ingest.corrections.create(stack.ctx(db), Resource("dc-1", "instance", "m1"), correction)
    document = closed.load_json("2026-000001")
    assert amounts(closed) == [("2026-000001", f"-{document['exact']}", 1, 0)]


def test_what_happens_after_the_end_of_the_period_is_not_late(closed: BillingHarness) -> None:
    position = closed.position
    closed.ingest(
        stopped("m1", "2026-12-01T12:00:00"),
        machine("m1", "p1", "2026-11-10", at="2026-12-01T13:00:00", display_name="renamed"),
        machine("m2", "p1", "2026-12-01T05:00:00"),
    )
    assert amounts(closed) == []
    assert closed.late_usage_since(position) == []


def test_each_period_has_its_own_late_usage(closed: BillingHarness) -> None:
    closed.at("2027-01-02").close("acme", "2026-12")
    closed.ingest(disk("v1", "p1", "2026-11-30", at="2027-01-02T01:00:00"))
    assert amounts(closed) == [("2026-000001", "0.48", 1, 0), ("2027-000001", "14.88", 1, 0)]
    (first, second) = closed.late_usage_since(1)
    assert (first.end, second.end) == (second.start, parse_iso("2027-01-01"))


def test_samples_can_be_late(any_billing: BillingHarness) -> None:
    any_billing.publish((PLAN + TRAFFIC).replace('"standard"', '"traffic"'))
    any_billing.create_account("new", plan="traffic")
    any_billing.assign("new", "p2")
    any_billing.ingest(machine("m1", "p2", "2026-11-10"), counter("m1", "p2", "2026-11-11T00:00:00", 0))
    any_billing.at("2026-12-02").close("new", "2026-11")
    position = any_billing.position
    any_billing.ingest(counter("m1", "p2", "2026-11-12T00:00:00", 2_500_000_000))
    assert amounts(any_billing, "new") == [("2026-000001", "2.5", 1, 0)]
    assert [late.account_name for late in any_billing.late_usage_since(position)] == ["new"]


def test_late_usage_without_a_price_is_counted(closed: BillingHarness) -> None:
    closed.ingest(address("f1", "p1", "2026-11-30"))
    assert amounts(closed) == [("2026-000001", "0", 0, 1)]


def test_usage_is_late_for_the_account_that_paid_then(closed: BillingHarness) -> None:
    closed.create_account("zeta")
    closed.assign("zeta", "p1", "2026-12-02")
    position = closed.position
    closed.ingest(disk("v1", "p1", "2026-11-30", at="2026-12-02T10:00:00"))
    assert [late.account_name for late in closed.late_usage_since(position)] == ["acme"]
    assert closed.late_usage("zeta") == []
    with pytest.raises(CustomerAccountNotFound):
        closed.late_usage("unknown")


def test_many_late_resources_are_compared_together(closed: BillingHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    from stratiform.services.billing.service import late_usage

    monkeypatch.setattr(late_usage, "_MAX_SELECTED", 1)
    closed.ingest(*(disk(f"v{number}", "p1", "2026-11-30", at="2026-12-02T10:00:00") for number in range(3)))
    assert amounts(closed) == [("2026-000001", "1.44", 3, 0)]


def test_document_and_late_usage_are_the_charge_as_known_now(closed: BillingHarness) -> None:
    closed.ingest(
        disk("v1", "p1", "2026-11-30", at="2026-12-02T10:00:00"),
        stopped("m1", "2026-11-20T10:11:12.345678"),
        machine("m2", "p1", "2026-11-03T04:05:06"),
    )
    cost = closed.project_cost("p1", "2026-11")
    assert cost is not None
    (late,) = closed.late_usage("acme")
    exact = Decimal(closed.load_json("2026-000001")["exact"])
    assert exact + Decimal(format_scaled(late.amount, AMOUNT_DIGITS)) == Decimal(cost.amount)


def test_members_do_not_see_late_usage(billing: BillingHarness) -> None:
    caller = customer("p1", "member")
    for list_late_usage in (
        lambda billing, ctx: billing.late_usage.list_by_account(ctx, "acme"),
        lambda billing, ctx: billing.late_usage.list_since(ctx, 0),
    ):
        with pytest.raises(Forbidden):
            billing.run(list_late_usage, caller)
