"""Drafts of invoices: everything that an invoice has but its number, its time and the parties."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.kit.money import get_minor_digits
from stratiform.services.billing.model import (
    CustomerAccount,
    Document,
    DocumentLine,
    DocumentNumber,
    InvoiceDraft,
    Party,
    PlanReference,
    PlanVersionReference,
    calculate_tax_totals,
    get_month_bounds,
)
from stratiform.services.billing.repository.documents import list_last_tax_totals
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
class InvoiceDrafts:
    """Computes the content of invoices. Reads only."""

    ledger: LedgerService
    rating: RatingService
    charges: AccountCharges

    def create(
        self, db: Connection, account: CustomerAccount, start: Micros, end: Micros, as_of: int | None = None
    ) -> InvoiceDraft:
        """Return the content of the invoice of a period, from the position `as_of` of the ledger (None: the current).

        The draft of a closed period at its position is the content of its invoice: later usage, names and plan versions
        do not change it. No other transaction changes its price plan until this one ends.
        """
        as_of = self.ledger.positions.get_current_position(db) if as_of is None else as_of
        plan = self.rating.plans.load_locked(db, account.plan)
        return self.create_by_plan(db, account, plan, start, end, as_of)

    def create_by_plan(
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

    def _list_project_names(self, db: Connection, lines: Iterable[ChargeLine], as_of: int, end: Micros) -> ProjectNames:
        """Return the names of projects at the end of the period, as known at `as_of`; "" for unknown ones."""
        names = self.ledger.name_timelines.open_reader(db, as_of)
        projects = {Resource(line.key.cloud, PROJECT_TYPE, line.key.project_id) for line in lines}
        names.load_names(projects)
        return {project: names.find_name(project, end - 1) or "" for project in projects}


def build_invoice(draft: InvoiceDraft, number: DocumentNumber, issued_at: Micros, seller: Party) -> Document:
    """Return the invoice of a draft."""
    account = draft.account
    return Document(
        kind="invoice",
        number=number,
        account_id=account.id,
        account_name=account.name,
        issued_at=issued_at,
        start=draft.start,
        end=draft.end,
        as_of=draft.as_of,
        currency=account.currency,
        minor_digits=draft.minor_digits,
        seller=seller,
        customer=replace(account.party, legal_name=account.party.legal_name or account.name),
        plan=_reference_plan(draft),
        lines=draft.lines,
        tax_totals=draft.tax_totals,
    )


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


def _reference_plan(draft: InvoiceDraft) -> PlanReference:
    """Return the plan with the versions that start before the end of the period: no others can be added to them."""
    plan = draft.plan
    versions = [version for version in plan.versions if version.valid_from < draft.end]
    references = tuple(PlanVersionReference(version.valid_from, version.sha256) for version in versions)
    return PlanReference(plan.name, plan.unpriced, references)
