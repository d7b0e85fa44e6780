"""Billing on a test stack: operations in transactions of their own, at a time that the test sets."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from stratiform.kit.clock import Micros, parse_iso
from stratiform.kit.context import RequestContext
from stratiform.kit.outbox import Event
from stratiform.kit.pagination import Page
from stratiform.kit.policy import SYSTEM, Caller
from stratiform.services.billing.model import (
    ClosedPeriod,
    CustomerAccount,
    CustomerAccountChanges,
    DocumentSummary,
    LateUsage,
    Party,
    PeriodPreview,
    PlanPublication,
    PriceChange,
    ProjectAssignment,
    ProjectCost,
    ResourceCost,
    StoredDocument,
)
from stratiform.services.billing.service import BillingService
from stratiform.services.rating.model import PricePlan
from support.money import PLAN
from support.stacks import ServiceHarness

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BillingHarness:
    """The billing service of a stack; operators call it unless `caller` is passed."""

    stack: ServiceHarness

    def run(self, operation: Callable[[BillingService, RequestContext], T], caller: Caller = SYSTEM) -> T:
        """Run an operation in a transaction."""
        with self.stack.services.database.transaction() as db:
            return operation(self.stack.services.billing, self.stack.ctx(db, caller))

    def at(self, time: str) -> "BillingHarness":
        """Set the clock."""
        self.stack.clock.at = parse_iso(time)
        return self

    def ingest(self, *events: Event) -> None:
        with self.stack.services.database.transaction() as db:
            self.stack.services.ingest.own_events.ingest(db, list(events), self.stack.clock.now())

    def publish(self, source: str, reason: str | None = None) -> PricePlan:
        return self.publish_changes(source, reason).plan

    def publish_changes(self, source: str, reason: str | None = None) -> PlanPublication:
        return self.run(lambda billing, ctx: billing.prices.publish(ctx, source, reason=reason))

    def preview_prices(self, source: str) -> PlanPublication:
        return self.run(lambda billing, ctx: billing.prices.preview(ctx, source))

    def price_changes(self, page: Page | None = None) -> Sequence[PriceChange]:
        """Return the recorded price changes, newest first."""
        return self.run(lambda billing, ctx: billing.price_changes.list(ctx, page or Page())).items

    def create_account(
        self, name: str, currency: str = "EUR", plan: str = "standard", party: Party | None = None, tax_rate: str = "0"
    ) -> CustomerAccount:
        return self.run(
            lambda billing, ctx: billing.customer_accounts.create(ctx, name, currency, plan, party, tax_rate)
        )

    def update_account(self, name: str, changes: CustomerAccountChanges) -> CustomerAccount:
        return self.run(lambda billing, ctx: billing.customer_accounts.update(ctx, name, changes))

    def assign(self, account: str, project_id: str, start: str | None = None) -> ProjectAssignment:
        first = None if start is None else parse_iso(start)
        result = self.run(lambda billing, ctx: billing.project_assignments.create(ctx, account, project_id, first))
        return result.assignment

    def unassign(self, account: str, project_id: str, until: str | None = None) -> ProjectAssignment:
        end = None if until is None else parse_iso(until)
        return self.run(lambda billing, ctx: billing.project_assignments.end(ctx, account, project_id, end))

    def close(self, account: str, month: str | None = None, until: Micros | None = None) -> DocumentSummary:
        """Close a period in which something is charged, and return its invoice."""
        invoice = self.close_period(account, month, until).invoice
        assert invoice is not None, "nothing is charged in the period"
        return invoice

    def close_period(self, account: str, month: str | None = None, until: Micros | None = None) -> ClosedPeriod:
        return self.run(lambda billing, ctx: billing.periods.close(ctx, account, month, until))

    def preview(self, account: str, month: str | None = None, until: Micros | None = None) -> PeriodPreview:
        return self.run(lambda billing, ctx: billing.period_previews.create(ctx, account, month, until))

    def set_seller(self, seller: Party) -> None:
        self.run(lambda billing, ctx: billing.seller.update(ctx, seller))

    def late_usage(self, account: str) -> Sequence[LateUsage]:
        return self.run(lambda billing, ctx: billing.late_usage.list_by_account(ctx, account))

    def late_usage_since(self, position: int) -> Sequence[LateUsage]:
        return self.run(lambda billing, ctx: billing.late_usage.list_since(ctx, position))

    @property
    def position(self) -> int:
        """The position of the ledger."""
        return self.run(lambda _, ctx: self.stack.services.ledger.positions.get_current_position(ctx.db))

    def get(self, number: str, caller: Caller = SYSTEM) -> StoredDocument:
        return self.run(lambda billing, ctx: billing.documents.get(ctx, number), caller)

    def load_json(self, number: str) -> dict[str, Any]:
        """Return the JSON form of a document."""
        return dict(json.loads(self.get(number).content))

    def render_pdf(self, number: str, caller: Caller = SYSTEM) -> bytes:
        return self.run(lambda billing, ctx: billing.documents.render_pdf(ctx, number), caller)

    def resource_cost(self, resource_id: str, caller: Caller = SYSTEM) -> ResourceCost | None:
        return self.run(lambda billing, ctx: billing.costs.find_resource_cost(ctx, resource_id), caller)

    def project_cost(self, project_id: str, month: str | None = None, caller: Caller = SYSTEM) -> ProjectCost | None:
        return self.run(lambda billing, ctx: billing.costs.find_project_cost(ctx, project_id, month), caller)


def billing_harness(stack: ServiceHarness) -> BillingHarness:
    """Return billing with the customer account "acme", which pays for project "p1" from 2026-11-01 on."""
    billing = BillingHarness(stack).at("2026-11-01")
    billing.publish(PLAN)
    billing.set_seller(Party("Seller"))
    billing.create_account("acme", party=Party("Acme Ltd", ("1 Road",), "GB", "GB1"), tax_rate="20")
    billing.assign("acme", "p1")
    return billing
