"""Previews of periods, the seller, and periods without a charge."""

import pytest

from stratiform.kit.clock import parse_iso
from stratiform.kit.errors import Forbidden
from stratiform.kit.pagination import Page
from stratiform.services.audit.model import AuditRequest
from stratiform.services.billing.errors import SellerNotSet, UnpricedUsageConflict
from stratiform.services.billing.model import CustomerAccountChanges, Party, PeriodPreview
from support.billing import BillingHarness
from support.money import PLAN, address, disk, machine, request
from support.stacks import customer

NOVEMBER = ("2026-11", parse_iso("2026-11-01"), parse_iso("2026-12-01"))


def problems(preview: PeriodPreview) -> list[str]:
    return [problem.message for problem in preview.problems]


def audit(billing: BillingHarness, project_id: str | None = None) -> None:
    stack = billing.stack
    with stack.services.database.read_transaction() as db:
        events = stack.services.audit.audits.run(stack.ctx(db), AuditRequest(*NOVEMBER, project_id=project_id))
    assert list(events)


def test_a_preview_has_the_totals_of_the_invoice_and_changes_nothing(any_billing: BillingHarness) -> None:
    any_billing.ingest(machine("m1", "p1", "2026-11-10"), disk("v1", "p1", "2026-11-20"))
    any_billing.at("2026-12-02")
    preview = any_billing.preview("acme", "2026-11")
    assert (problems(preview), preview.is_closed) == ([], False)
    assert any_billing.run(lambda billing, ctx: billing.periods.list(ctx, "acme")) == []
    invoice = any_billing.load_json(any_billing.close("acme", "2026-11").number)
    draft = preview.draft
    totals = (draft.exact, draft.net, draft.tax, draft.total, len(draft.lines))
    assert totals == (invoice["exact"], invoice["net"], invoice["tax"], invoice["total"], len(invoice["lines"]))
    closed = any_billing.preview("acme", "2026-11")
    assert (closed.is_closed, closed.document_number, closed.draft.total) == (True, invoice["number"], draft.total)


def test_a_preview_of_a_closed_period_has_the_totals_of_its_invoice_whatever_came_later(
    any_billing: BillingHarness,
) -> None:
    any_billing.ingest(machine("m1", "p1", "2026-11-10"))
    any_billing.at("2026-12-02")
    invoice = any_billing.load_json(any_billing.close("acme", "2026-11").number)
    any_billing.ingest(disk("late", "p1", "2026-11-20"))
    any_billing.update_account("acme", CustomerAccountChanges(tax_rate="5"))
    preview = any_billing.preview("acme", "2026-11")
    draft = preview.draft
    totals = (draft.exact, draft.net, draft.tax, draft.total, len(draft.lines))
    assert totals == (invoice["exact"], invoice["net"], invoice["tax"], invoice["total"], len(invoice["lines"]))
    assert len(preview.late_usage) == 1


def test_a_preview_of_a_month_that_is_not_over_ends_now(billing: BillingHarness) -> None:
    billing.ingest(machine("m1", "p1", "2026-11-10T00:00:00"))
    preview = billing.at("2026-11-10T01:00:00").preview("acme", "2026-11")
    assert preview.draft.end == parse_iso("2026-11-10T01:00:00")
    assert preview.draft.exact == "0.022"
    assert problems(preview) == ["The period does not end until 2026-12-01T00:00:00.000000Z"]


def test_usage_that_nobody_pays_for_is_in_the_preview_of_every_account(any_billing: BillingHarness) -> None:
    any_billing.create_account("zeta")
    any_billing.assign("zeta", "p2", "2026-11-15")
    any_billing.ingest(
        machine("m1", "p1", "2026-11-10"),
        machine("m2", "p2", "2026-11-12"),
        machine("m3", "p3", "2026-11-20"),
        disk("v3", "p3", "2026-11-18"),
        address("f1", "p4", "2026-11-18"),
    )
    preview = any_billing.at("2026-12-02").preview("acme", "2026-11")
    assert [(each.project_id, each.resources, each.start, each.end) for each in preview.unassigned] == [
        ("p2", 1, parse_iso("2026-11-12"), parse_iso("2026-11-15")),
        ("p3", 2, parse_iso("2026-11-18"), parse_iso("2026-12-01")),
    ]


def test_usage_without_a_price_prevents_closing(billing: BillingHarness) -> None:
    billing.ingest(address("f1", "p1", "2026-11-30"))
    preview = billing.at("2026-12-02").preview("acme", "2026-11")
    (problem,) = preview.problems
    assert isinstance(problem, UnpricedUsageConflict)
    assert [each.resource_type for each in preview.draft.charge.unpriced] == ["floating_ip"]


def test_usage_is_unaudited_until_an_audit_reaches_the_end_of_the_period(any_billing: BillingHarness) -> None:
    any_billing.ingest(machine("m1", "p1", "2026-11-10"), disk("v1", "p1", "2026-11-10"))
    any_billing.at("2026-11-25")
    (usage,) = any_billing.preview("acme", "2026-11").unaudited
    assert (usage.cloud, usage.resources, usage.audited_until) == ("dc-1", 2, None)
    audit(any_billing)
    any_billing.at("2026-12-02")
    audit(any_billing, project_id="p1")  # not all of the cloud
    (usage,) = any_billing.preview("acme", "2026-11").unaudited
    assert usage.audited_until == parse_iso("2026-11-25")
    audit(any_billing)
    (usage,) = any_billing.preview("acme", "2026-11").unaudited
    assert (usage.audited_until, usage.without_source) == (parse_iso("2026-12-01"), 2)


def test_a_preview_has_the_late_usage_of_earlier_periods(billing: BillingHarness) -> None:
    billing.at("2026-12-02").close_period("acme", "2026-11")
    billing.ingest(machine("m1", "p1", "2026-11-30T23:00:00"))
    (late,) = billing.at("2027-01-02").preview("acme", "2026-12").late_usage
    assert (late.document_number, late.resources) == (None, 1)


def test_an_invoice_needs_a_seller(any_billing: BillingHarness) -> None:
    any_billing.ingest(machine("m1", "p1", "2026-11-10"))
    any_billing.set_seller(Party())
    any_billing.at("2026-12-02")
    assert problems(any_billing.preview("acme", "2026-11")) == ["Invoices need a seller, and none is set"]
    with pytest.raises(SellerNotSet) as error:
        any_billing.close("acme", "2026-11")
    assert "stratiform invoice seller --legal-name" in error.value.hint
    any_billing.set_seller(Party("Cloud Seller AG"))
    assert any_billing.load_json(any_billing.close("acme", "2026-11").number)["seller"]["name"] == "Cloud Seller AG"


def test_a_period_without_a_charge_is_closed_without_a_number(any_billing: BillingHarness) -> None:
    any_billing.at("2026-12-02")
    first = any_billing.close_period("acme", "2026-11")
    assert (first.invoice, first.period.document_number) == (None, None)
    assert any_billing.close_period("acme", "2026-11") == first
    any_billing.create_account("zeta")
    any_billing.assign("zeta", "p2", "2026-11-01")
    assert any_billing.close_period("zeta", "2026-11").invoice is None
    any_billing.ingest(machine("m1", "p1", "2026-12-03"))
    assert any_billing.at("2027-01-02").close("acme", "2026-12").number == "2027-000001"
    assert len(any_billing.run(lambda billing, ctx: billing.documents.list(ctx, Page())).items) == 1


def test_samples_of_unassigned_projects_count(billing: BillingHarness) -> None:
    billing.publish(
        PLAN.replace('"standard"', '"store"')
        + '[[version.price]]\nresource = "object_store"\nmeasure = "samples"\nmeter = "storage.api.request"\n'
        'price = "1"\nper = "1000 request"\n'
    )
    billing.create_account("store", plan="store")
    billing.assign("store", "p1-store", "2026-11-01")
    billing.ingest(request("p9", "2026-11-20T00:00:00"))
    (usage,) = billing.at("2026-12-02").preview("store", "2026-11").unassigned
    assert (usage.project_id, usage.resources) == ("p9", 1)


def test_members_do_not_see_previews(billing: BillingHarness) -> None:
    with pytest.raises(Forbidden):
        billing.run(
            lambda billing, ctx: billing.period_previews.create(ctx, "acme", "2026-11"), customer("p1", "member")
        )
