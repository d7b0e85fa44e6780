"""Concurrent requests: every database keeps the rules of money, and those that lose get a conflict."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest

from stratiform.kit.clock import parse_iso
from stratiform.kit.errors import Conflict, Fault, Invalid
from stratiform.kit.pagination import Page
from stratiform.services.billing.model import ProjectAssignment
from stratiform.services.billing.repository.project_assignments import end_assignment, list_assignments
from stratiform.services.billing.tables import assignments_table
from stratiform.services.rating.model import PricePlan
from support.billing import BillingHarness
from support.money import PLAN, machine

pytestmark = pytest.mark.thorough

THREADS = 16


def run_together(operations: Sequence[Callable[[], object]]) -> list[object]:
    """Run operations at the same time, and return the result or the error of each."""
    barrier = Barrier(len(operations), timeout=60)

    def run(operation: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return operation()
        except Fault as error:
            return error

    with ThreadPoolExecutor(len(operations)) as pool:
        return list(pool.map(run, operations))


def assignments_of(billing: BillingHarness, project_id: str) -> Sequence[ProjectAssignment]:
    return billing.run(lambda _, ctx: list_assignments(ctx.db, project_id=project_id))


def check_conflicts(results: Sequence[object]) -> int:
    """Check that every operation that failed is a conflict, and return the number of those that succeeded."""
    errors = [result for result in results if isinstance(result, Exception)]
    assert [error for error in errors if not isinstance(error, Conflict)] == []
    return len(results) - len(errors)


@pytest.mark.parametrize("names", [("a", "b", "c", "d"), ("a",)], ids=["four accounts", "one account"])
def test_a_project_has_one_payer_at_a_time(any_billing: BillingHarness, names: Sequence[str]) -> None:
    for name in names:
        any_billing.create_account(name)
    for number in range(4):
        project = f"shared-{number}"
        results = run_together(
            [partial(any_billing.assign, names[index % len(names)], project, "2026-11-05") for index in range(THREADS)]
        )
        assert check_conflicts(results) == 1
        assert [each.until for each in assignments_of(any_billing, project)] == [None]


def test_projects_that_move_between_accounts_stay_with_one_payer(any_billing: BillingHarness) -> None:
    names = ["b", "c", "d", "e"]
    for name in names:
        any_billing.create_account(name)
    any_billing.at("2026-11-20")
    days = [f"2026-11-{day:02}" for day in range(2, 2 + THREADS)]
    operations = [partial(any_billing.assign, names[index % 4], "p1", day) for index, day in enumerate(days)]
    assert check_conflicts(run_together(operations)) >= 1
    assigned = assignments_of(any_billing, "p1")
    assert [earlier.until for earlier in assigned] == [*(later.start for later in assigned[1:]), None]


def test_projects_that_swap_accounts_do_not_block_each_other(any_billing: BillingHarness) -> None:
    any_billing.create_account("zeta")
    any_billing.assign("zeta", "p2")
    any_billing.at("2026-11-20")
    for number in range(8):
        day = f"2026-11-{2 + number:02}"
        first, second = ("zeta", "acme") if number % 2 == 0 else ("acme", "zeta")
        operations = [
            partial(any_billing.assign, first, "p1", day),
            partial(any_billing.assign, second, "p2", day),
        ]
        assert check_conflicts(run_together(operations)) == 2


def test_an_account_is_created_once(any_billing: BillingHarness) -> None:
    for number in range(4):
        name = f"new-{number}"
        results = run_together([partial(any_billing.create_account, name)] * THREADS)
        assert check_conflicts(results) == 1
        assert f"Customer account '{name}' already exists" in {getattr(each, "message", "") for each in results}


def test_a_period_is_closed_once(any_billing: BillingHarness) -> None:
    any_billing.ingest(machine("m1", "p1", "2026-11-10"))
    any_billing.at("2027-01-01")
    results = run_together([partial(any_billing.close, "acme", "2026-11")] * 32)
    assert {getattr(each, "number", each) for each in results} == {"2027-000001"}
    documents = any_billing.run(lambda billing, ctx: billing.documents.list(ctx, Page()))
    assert len(documents.items) == 1


def test_documents_of_many_accounts_are_numbered_without_gaps(any_billing: BillingHarness) -> None:
    names = [f"account-{number}" for number in range(THREADS)]
    for name in names:
        any_billing.create_account(name)
        any_billing.assign(name, f"project of {name}", "2026-11-01")
        any_billing.ingest(machine(f"m-{name}", f"project of {name}", "2026-11-10"))
    any_billing.at("2027-01-01")
    for month in ("2026-11", "2026-12"):
        results = run_together([partial(any_billing.close, name, month) for name in names])
        assert check_conflicts(results) == THREADS
    documents = any_billing.run(lambda billing, ctx: billing.documents.list(ctx, Page()))
    assert sorted(each.sequence for each in documents.items) == list(range(1, 2 * THREADS + 1))


def test_a_plan_is_published_once(any_billing: BillingHarness) -> None:
    plans = [PLAN.replace('"standard"', '"gold"').replace('"0.01"', f'"0.0{index}"') for index in range(1, 9)]
    results = run_together([partial(any_billing.publish, plan) for plan in plans] * 2)
    assert check_conflicts(results) >= 1
    prices = {plan.versions[0].prices[0].amount for plan in results if isinstance(plan, PricePlan)}
    assert len(prices) == 1


def test_prices_are_not_set_in_a_period_that_is_being_closed(any_billing: BillingHarness) -> None:
    """An invoice has the prices that are published for its period."""
    for number in range(1, 7):
        month, next_month = f"2027-{number:02}", f"2027-{number + 1:02}"
        any_billing.at(f"{month}-01")
        if number == 1:
            any_billing.at("2027-01-01").close_period("acme", "2026-11")
            any_billing.close_period("acme", "2026-12")
        any_billing.ingest(machine("m1", "p1", f"{month}-02", at=f"{month}-02T00:00:00"))
        any_billing.at(f"{next_month}-01")
        version = PLAN.replace("2026-01-01", f"{month}-15").replace('"0.01"', f'"{number + 10}"')
        results = run_together(
            [partial(any_billing.close, "acme", month), partial(any_billing.publish, version, "agreed")]
        )
        published = not isinstance(results[1], Exception)
        assert published or isinstance(results[1], Invalid)
        invoice = any_billing.load_json(results[0].number)  # type: ignore[attr-defined]
        assert any(line["unit_price"] == str(number + 10) for line in invoice["lines"]) == published


@pytest.mark.parametrize(
    ("sequence", "previous_sequence", "previous_until", "start", "until"),
    [
        (1, None, None, "2026-11-12", None),
        (2, None, None, "2026-11-12", None),
        (2, 1, None, "2026-11-12", None),
        (2, 1, "2026-11-10", "2026-11-05", None),
        (2, 1, "2026-11-11", "2026-11-12", None),
        (3, 2, "2026-11-10", "2026-11-12", None),
        (2, 1, "2026-11-10", "2026-11-12", "2026-11-12"),
    ],
    ids=["second first", "no previous", "after an open one", "overlap", "other end", "missing sequence", "empty"],
)
def test_the_database_refuses_a_second_payer(
    any_billing: BillingHarness,
    sequence: int,
    previous_sequence: int | None,
    previous_until: str | None,
    start: str,
    until: str | None,
) -> None:
    first = assignments_of(any_billing, "p1")[0]
    if previous_until is not None:
        any_billing.run(lambda _, ctx: end_assignment(ctx.db, first.id, parse_iso("2026-11-10")))
    values = {
        "id": "x",
        "account_id": first.account_id,
        "project_id": "p1",
        "sequence": sequence,
        "previous_sequence": previous_sequence,
        "previous_until": previous_until and parse_iso(previous_until),
        "start": parse_iso(start),
        "until": until and parse_iso(until),
    }
    with pytest.raises(Conflict):
        any_billing.run(lambda _, ctx: ctx.db.execute(assignments_table.insert().values(values)))


def test_the_end_of_an_assignment_stays_before_the_next_one(any_billing: BillingHarness) -> None:
    any_billing.create_account("zeta")
    any_billing.assign("zeta", "p1", "2026-11-10")
    first = assignments_of(any_billing, "p1")[0]
    for until in (None, parse_iso("2026-11-09"), parse_iso("2026-11-11")):
        with pytest.raises(Conflict):
            any_billing.run(lambda _, ctx, until=until: end_assignment(ctx.db, first.id, until=until))  # type: ignore[misc]
