"""The verbs of billing."""

from dataclasses import dataclass
from typing import Any

from babel.core import get_global

from stratiform.kit.clock import Micros, iso
from stratiform.kit.context import RequestContext
from stratiform.kit.db import Database
from stratiform.kit.errors import Conflict, Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Page, Slice
from stratiform.services.billing import pdf, repository
from stratiform.services.billing.closing import Closing
from stratiform.services.billing.costing import Costing
from stratiform.services.billing.errors import InUse, NoAccount, NoInvoice
from stratiform.services.billing.model import (
    Account,
    Assignment,
    Invoice,
    Party,
    Period,
    month_around,
    percent,
)
from stratiform.services.billing.policy import policy
from stratiform.services.identity.service import IdentityService
from stratiform.services.ingest.service import IngestService
from stratiform.services.ledger.model import Segment, UsageFilter
from stratiform.services.ledger.service import LedgerService
from stratiform.services.rating.model import PricePlan
from stratiform.services.rating.service import RatingService

#: The resource types whose cost is looked up most often.
_FREQUENT_TYPES = ("instance", "volume")


@dataclass(frozen=True, slots=True)
class BillingService:
    """See the package's own page."""

    database: Database
    ids: Ids
    identity: IdentityService
    ledger: LedgerService
    ingest: IngestService
    rating: RatingService

    def set_prices(self, ctx: RequestContext, source: str, file: str = "") -> PricePlan:
        """Publish the price plan in the TOML text `source`, unless a new version starts in a closed period.

        `file` starts the error messages. Raises: Invalid, PlanConflict
        """
        policy.require(ctx.caller, "billing:prices:set", None)
        plan = self.rating.plans.parse(source, file)
        closed_until = repository.billed_until_by_plan(ctx.db, plan.name)
        return self.rating.plans.publish(ctx, plan, closed_until)

    def create_account(
        self, ctx: RequestContext, name: str, currency: str, plan: str, party: Party | None = None, tax_rate: str = "0"
    ) -> Account:
        """A customer who pays by `plan`, in its currency. `tax_rate` in percent. Raises Invalid, NotFound, Conflict."""
        policy.require(ctx.caller, "billing:accounts:create", None)
        if not name or len(name) > 255 or not name.isprintable() or "/" in name:  # it is a part of paths
            raise Invalid("the name of an account has 1 to 255 printable characters, and no '/'")
        prices = self.rating.plans.load(ctx.db, plan)
        if prices.currency != currency:
            raise Invalid(f"plan '{plan}' is in {prices.currency}, not {currency}")
        if repository.account(ctx.db, name) is not None:
            raise Conflict(f"there is an account '{name}' already")
        new = Account(
            id=self.ids.uuid(),
            name=name,
            currency=currency,
            plan=plan,
            tax_rate=percent(tax_rate),
            party=checked(party or Party()),
            billed_until=None,
            created_at=ctx.now,
        )
        repository.add_account(ctx.db, new)
        return new

    def accounts(self, ctx: RequestContext, page: Page) -> Slice[Account]:
        """By name; the marker is a name."""
        policy.require(ctx.caller, "billing:accounts:list", None)
        return repository.accounts(ctx.db, page)

    def account(self, ctx: RequestContext, name: str) -> Account:
        """By name or id. Raises NoAccount."""
        policy.require(ctx.caller, "billing:accounts:get", None)
        return self._account(ctx, name)

    def assignments(self, ctx: RequestContext, name: str) -> list[Assignment]:
        """What an account pays and paid for. Raises NoAccount."""
        policy.require(ctx.caller, "billing:accounts:get", None)
        return repository.assignments(ctx.db, account_id=self._account(ctx, name).id)

    def assign(self, ctx: RequestContext, name: str, project_id: str, since: Micros | None = None) -> Assignment:
        """From `since` (default now) on, account `name` pays for the project; who paid before stops then.

        Raises NoAccount; Conflict where that time is billed already, or the account pays already.
        """
        policy.require(ctx.caller, "billing:accounts:assign", None)
        account = self._account(ctx, name)
        start = ctx.now if since is None else since
        for earlier in repository.assignments(ctx.db, project_id=project_id):
            self._give_way(ctx, earlier, account, start)
        self._open(ctx, account, start)
        new = Assignment(self.ids.uuid(), account.id, project_id, start, None)
        repository.add_assignment(ctx.db, new)
        return new

    def seller(self, ctx: RequestContext) -> Party:
        policy.require(ctx.caller, "billing:seller:get", None)
        return repository.seller(ctx.db)

    def set_seller(self, ctx: RequestContext, party: Party) -> Party:
        """Who issues the invoices from now on. Raises Invalid."""
        policy.require(ctx.caller, "billing:seller:set", None)
        repository.set_seller(ctx.db, checked(party))
        return party

    def close(self, ctx: RequestContext, name: str, month: str | None = None, until: Micros | None = None) -> Invoice:
        """Close a month (`2026-11`) of an account, or what has been of one `until` an instant, and issue the invoice.

        Closing again gives the same invoice. Raises NoAccount; Conflict where the period isn't over or an earlier
        one is open; NotPriced.
        """
        policy.require(ctx.caller, "billing:periods:close", None)
        closing = Closing(self.ids, self.identity, self.ledger, self.ingest, self.rating)
        number = closing.close(ctx, self._account(ctx, name), month, until)
        return self._invoice(ctx, number, None)[0]

    def periods(self, ctx: RequestContext, name: str) -> list[Period]:
        """The closed periods of an account, the oldest first. Raises NoAccount."""
        policy.require(ctx.caller, "billing:periods:list", None)
        return repository.periods(ctx.db, self._account(ctx, name).id)

    def invoices(self, ctx: RequestContext, page: Page, account: str | None = None) -> Slice[Invoice]:
        """The newest first: all for the operator, else those of the accounts that paid for the caller's project."""
        own = self._own_project(ctx, "billing:invoices:list")
        account_id = None if account is None or own is not None else self._account(ctx, account).id
        return repository.invoices(ctx.db, page, account_id=account_id, project_id=own)

    def invoice(self, ctx: RequestContext, number: str) -> tuple[Invoice, bytes]:
        """An invoice and its JSON document, always the same bytes. Raises NoInvoice, for a stranger too."""
        return self._invoice(ctx, number, self._own_project(ctx, "billing:invoices:get"))

    def invoice_pdf(self, ctx: RequestContext, number: str) -> bytes:
        """The invoice as PDF, made from its document. Raises NoInvoice."""
        _, document = self.invoice(ctx, number)
        return pdf.render(document)

    def server_cost(self, ctx: RequestContext, server_id: str) -> dict[str, Any] | None:
        """What a server (or volume) has cost so far: `{currency, amount, since, as_of, per_hour, lines, unpriced}`.

        Amounts are decimal texts. None where no account pays for it, or it never ran. Raises NotFound for a stranger.
        """
        segments = self._usage_of(ctx, server_id)
        if not segments:
            return None
        missing = f"no resource '{server_id}'"
        policy.require_visible(ctx.caller, "billing:costs:get", segments[-1].project_id, missing)
        return Costing(self.ledger, self.rating).resource(ctx, segments)

    def project_cost(self, ctx: RequestContext, project_id: str, month: str | None = None) -> dict[str, Any] | None:
        """What a project has cost in a month (default: this one) until now: `{amount, as_of, days, resources, …}`.

        None where no account pays for it. Raises NotFound for a stranger, Invalid.
        """
        policy.require_visible(ctx.caller, "billing:costs:get", project_id, f"no project '{project_id}'")
        return Costing(self.ledger, self.rating).project(ctx, project_id, month)

    def _usage_of(self, ctx: RequestContext, resource_id: str) -> list[Segment]:
        """Return the segments of a resource by start. The ledger's index starts with the type, so try each type."""
        others = [each.name for each in self.rating.catalog if each.states and each.name not in _FREQUENT_TYPES]
        for resource_type in (*_FREQUENT_TYPES, *others):
            usage_filter = UsageFilter(resource_type=resource_type, resource_id=resource_id)
            segments = sorted(self.ledger.segments.iterate(ctx.db, usage_filter), key=lambda segment: segment.start)
            if segments:
                return segments
        return []

    def _own_project(self, ctx: RequestContext, rule: str) -> str | None:
        """The project to which the caller's sight is limited; None for the operator."""
        if policy.rules["billing:invoices:list_all"](ctx.caller, None):
            return None
        own = ctx.caller.project()
        policy.require(ctx.caller, rule, own)
        return own

    def _account(self, ctx: RequestContext, name: str) -> Account:
        found = repository.account(ctx.db, name)
        if found is None:
            raise NoAccount(name)
        return found

    def _invoice(self, ctx: RequestContext, number: str, project_id: str | None) -> tuple[Invoice, bytes]:
        found = repository.invoice(ctx.db, number, project_id=project_id)
        if found is None:
            raise NoInvoice(number)
        return found

    def _give_way(self, ctx: RequestContext, earlier: Assignment, account: Account, start: Micros) -> None:
        if not earlier.overlaps(start, None):
            return
        payer_before = self._account(ctx, earlier.account_id)
        if payer_before.id == account.id:
            raise Conflict(f"account '{account.name}' pays for this project already, from {iso(earlier.start)}")
        if start <= earlier.start or (payer_before.billed_until or 0) > start:
            raise Conflict(f"account '{payer_before.name}' pays for this project at {iso(start)}; that can't be undone")
        self._bill_until(ctx, payer_before, payer_before.billed_until)
        repository.end_assignment(ctx.db, earlier.id, start)

    def _open(self, ctx: RequestContext, account: Account, start: Micros) -> None:
        """Let the account's first period begin with the month of `start`; what is closed stays closed."""
        if account.billed_until is not None and repository.periods(ctx.db, account.id):
            if start < account.billed_until:
                raise Conflict(f"account '{account.name}' is closed until {iso(account.billed_until)}")
            first = account.billed_until
        else:
            begins = month_around(start)[0]
            first = begins if account.billed_until is None else min(begins, account.billed_until)
        self._bill_until(ctx, account, first)

    def _bill_until(self, ctx: RequestContext, account: Account, moment: Micros | None) -> None:
        """Also where it stays as it is: nobody can close the account then before this transaction ends."""
        if not repository.bill_until(ctx.db, account.id, account.billed_until, moment):
            raise InUse(account.name)


def checked(party: Party) -> Party:
    """Raises Invalid where it can't stand on an invoice."""
    texts = (party.legal_name, party.tax_id, *party.address)
    if any(len(text) > 200 or not text.isprintable() for text in texts) or len(party.address) > 10:
        raise Invalid("names, tax ids and address lines have at most 200 printable characters, addresses ten lines")
    if party.country and not (len(party.country) == 2 and party.country in get_global("territory_languages")):
        raise Invalid(f"country: '{party.country}' is not a country code (ISO 3166)", hint="two capital letters")
    return party
