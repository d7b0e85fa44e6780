"""Issue of invoices for closed periods."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from stratiform.kit.clock import Micros, to_datetime
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Conflict
from stratiform.kit.money import get_minor_digits
from stratiform.services.billing.errors import SellerNotSet, UnpricedUsageConflict
from stratiform.services.billing.model import (
    CustomerAccount,
    Document,
    DocumentLine,
    DocumentSummary,
    InvoiceDraft,
    PlanReference,
    PlanVersionReference,
    calculate_tax_totals,
    get_month_bounds,
)
from stratiform.services.billing.repository.customer_accounts import get_seller
from stratiform.services.billing.repository.documents import (
    allocate_document_number,
    insert_document,
    list_last_tax_totals,
)
from stratiform.services.billing.service.account_charges import AccountCharges
from stratiform.services.billing.service.account_usage import ResourceNames, UsageSelection
from stratiform.services.ledger.model import Resource, UsageFilter
from stratiform.services.ledger.model.name_timelines import PROJECT_TYPE
from stratiform.services.ledger.service import LedgerService
from stratiform.services.rating.model import ChargeLine, PricePlan
from stratiform.services.rating.service import RatingService

#: Names of projects, each as a resource of a cloud.
ProjectNames = Mapping[Resource, str]


@dataclass(frozen=True, slots=True)
class InvoiceIssuer:
    """Rates the usage of a period and stores the invoice, in the transaction of the caller."""

    ledger: LedgerService
    rating: RatingService
    charges: AccountCharges

    def draft(self, db: Connection, account: CustomerAccount, start: Micros, end: Micros) -> InvoiceDraft:
        """Return the content of the invoice of a period, from the current position of the ledger.

        No other transaction changes its price plan until this one ends.
        """
        as_of = self.ledger.positions.get_current_position(db)
        plan = self.rating.plans.load_locked(db, account.plan)
        return self.draft_by_plan(db, account, plan, start, end, as_of)

    def draft_by_plan(
        self, db: Connection, account: CustomerAccount, plan: PricePlan, start: Micros, end: Micros, as_of: int
    ) -> InvoiceDraft:
        """Return the content of the invoice of a period by the prices of `plan`, which need not be published."""
        usage_filter = UsageFilter(as_of=as_of)
        selection = UsageSelection(account.id, plan, start, end, usage_filter, since=account.plan_from)
        rated = self.charges.rate(db, selection)
        project_names = self._list_project_names(db, rated.charge.lines, as_of, end)
        lines = [_build_line(line, plan, account, rated.names, project_names) for line in rated.charge.lines]
        minor_digits = get_minor_digits(account.currency)
        earlier = list_last_tax_totals(db, account.id, get_month_bounds(start)[0], start)
        amounts = [(line.tax_category, line.amount) for line in lines]
        totals, shares = calculate_tax_totals(amounts, account.tax_category, minor_digits, earlier)
        return InvoiceDraft(
            account=account,
            plan=plan,
            start=start,
            end=end,
            as_of=as_of,
            charge=rated.charge,
            names=rated.names,
            lines=tuple(replace(line, net_minor=share) for line, share in zip(lines, shares, strict=True)),
            tax_totals=totals,
            minor_digits=minor_digits,
        )

    def list_problems(self, db: Connection, draft: InvoiceDraft) -> Sequence[Conflict]:
        """Return the reasons for which a draft cannot be issued."""
        problems: list[Conflict] = []
        if draft.charge.unpriced:
            problems.append(UnpricedUsageConflict(draft.plan, draft.charge, draft.names))
        if not get_seller(db).legal_name:
            problems.append(SellerNotSet())
        return problems

    def issue(self, ctx: RequestContext, draft: InvoiceDraft) -> DocumentSummary | None:
        """Issue the invoice of a draft; None if nothing is charged. Raises: UnpricedUsageConflict, SellerNotSet"""
        for problem in self.list_problems(ctx.db, draft):
            raise problem
        if not draft.lines:
            return None
        account = draft.account
        document = Document(
            kind="invoice",
            number=allocate_document_number(ctx.db, str(to_datetime(ctx.now).year)),
            account_id=account.id,
            account_name=account.name,
            issued_at=ctx.now,
            start=draft.start,
            end=draft.end,
            as_of=draft.as_of,
            currency=account.currency,
            minor_digits=draft.minor_digits,
            seller=get_seller(ctx.db),
            customer=replace(account.party, legal_name=account.party.legal_name or account.name),
            plan=_reference_plan(draft.plan),
            lines=draft.lines,
            tax_totals=draft.tax_totals,
        )
        return insert_document(ctx.db, document).summary

    def _list_project_names(self, db: Connection, lines: Iterable[ChargeLine], as_of: int, end: Micros) -> ProjectNames:
        """Return the names of projects at the end of the period, as known at `as_of`; "" for unknown ones."""
        names = self.ledger.name_timelines.open_reader(db, as_of)
        projects = {Resource(line.key.cloud, PROJECT_TYPE, line.key.project_id) for line in lines}
        names.load_names(projects)
        return {project: names.find_name(project, end - 1) or "" for project in projects}


def _build_line(
    line: ChargeLine,
    plan: PricePlan,
    account: CustomerAccount,
    resource_names: ResourceNames,
    project_names: ProjectNames,
) -> DocumentLine:
    key, price = line.key, plan.get_price(line.key)
    return DocumentLine(
        project_id=key.project_id,
        project_name=project_names[Resource(key.cloud, PROJECT_TYPE, key.project_id)],
        cloud=key.cloud,
        resource_type=key.resource_type,
        resource_id=key.resource_id,
        resource_name=resource_names.get((key.resource_type, key.resource_id, key.cloud), ""),
        measure=price.measure.name,
        description=price.description,
        start=line.start,
        end=line.end,
        quantity=line.quantity,
        unit=str(price.unit),
        unit_price=price.amount,
        amount=line.amount,
        price_version=key.valid_from,
        net_minor=0,
        tax_category=price.tax_category or account.tax_category,
    )


def _reference_plan(plan: PricePlan) -> PlanReference:
    versions = tuple(PlanVersionReference(version.valid_from, version.sha256) for version in plan.versions)
    return PlanReference(plan.name, plan.unpriced, versions)
