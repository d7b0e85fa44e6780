"""Customer accounts."""

from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Page, Slice
from stratiform.services.billing import policy
from stratiform.services.billing.errors import CustomerAccountExists, CustomerAccountNotFound
from stratiform.services.billing.fonts import check_displayable
from stratiform.services.billing.model import CustomerAccount, CustomerAccountChanges, Party, check_party
from stratiform.services.billing.repository import customer_accounts as repository
from stratiform.services.rating.model import parse_tax_rate
from stratiform.services.rating.service import RatingService

_MAX_NAME = 255


@dataclass(frozen=True, slots=True)
class CustomerAccounts:
    """Operations on customer accounts."""

    ids: Ids
    rating: RatingService

    def create(
        self, ctx: RequestContext, name: str, currency: str, plan: str, party: Party | None = None, tax_rate: str = "0"
    ) -> CustomerAccount:
        """Create a customer account with a price plan of the same currency; `tax_rate` is in percent.

        Raises: Invalid, PlanNotFound, CustomerAccountExists
        """
        policy.ACCOUNTS_CREATE.require(ctx.caller, None)
        _check_name(name)
        party = check_party(party or Party())
        check_displayable(name, party.legal_name, party.tax_id, *party.address)
        prices = self.rating.plans.load(ctx.db, plan)
        if prices.currency != currency:
            raise Invalid(f"The currency of plan '{plan}' is {prices.currency}, not {currency}")
        if repository.find_customer_account(ctx.db, name) is not None:
            raise CustomerAccountExists(name)
        account = CustomerAccount(
            id=self.ids.uuid(),
            name=name,
            currency=currency,
            plan=plan,
            plan_from=None,
            tax_rate=parse_tax_rate(tax_rate),
            party=party,
            billed_until=None,
            created_at=ctx.now,
        )
        repository.insert_customer_account(ctx.db, account)
        return account

    def update(self, ctx: RequestContext, name_or_id: str, changes: CustomerAccountChanges) -> CustomerAccount:
        """Change a customer account. Documents that are issued from now on have the new values.

        Raises: CustomerAccountNotFound, CustomerAccountExists, Invalid
        """
        policy.ACCOUNTS_UPDATE.require(ctx.caller, None)
        account = lock_customer_account(ctx.db, name_or_id)
        changed = changes.apply(account)
        _check_name(changed.name)
        party = check_party(changed.party)
        check_displayable(changed.name, party.legal_name, party.tax_id, *party.address)
        changed = replace(changed, tax_rate=parse_tax_rate(changed.tax_rate))
        repository.save_customer_account(ctx.db, changed)
        return changed

    def list(self, ctx: RequestContext, page: Page) -> Slice[CustomerAccount]:
        """Return a page of customer accounts by name; the marker is a name."""
        policy.ACCOUNTS_LIST.require(ctx.caller, None)
        return repository.list_customer_accounts(ctx.db, page)

    def get(self, ctx: RequestContext, name_or_id: str) -> CustomerAccount:
        """Raises: CustomerAccountNotFound"""
        policy.ACCOUNTS_GET.require(ctx.caller, None)
        return load_customer_account(ctx.db, name_or_id)


def _check_name(name: str) -> None:
    """Raises: Invalid"""
    if not name or len(name) > _MAX_NAME or not name.isprintable() or "/" in name:  # the name is part of paths
        raise Invalid(f"The name of a customer account must have 1 to {_MAX_NAME} printable characters, but not '/'")


def load_customer_account(db: Connection, name_or_id: str) -> CustomerAccount:
    """Raises: CustomerAccountNotFound"""
    account = repository.find_customer_account(db, name_or_id)
    if account is None:
        raise CustomerAccountNotFound(name_or_id)
    return account


def lock_customer_account(db: Connection, name_or_id: str) -> CustomerAccount:
    """Return a customer account that no other transaction changes until this one ends.

    Its assignments and periods are not changed either. Raises: CustomerAccountNotFound
    """
    account_id = load_customer_account(db, name_or_id).id
    repository.lock_customer_accounts(db, [account_id])
    return load_customer_account(db, account_id)
