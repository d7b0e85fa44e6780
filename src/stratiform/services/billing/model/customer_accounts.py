"""Customer accounts and the projects that are assigned to them."""

from dataclasses import dataclass, replace

from stratiform.kit.clock import Micros
from stratiform.services.billing.model.parties import Party
from stratiform.services.rating.model import TaxCategory


@dataclass(frozen=True, slots=True)
class CustomerAccount:
    """A paying customer. `tax_rate` in percent, a decimal text.

    `plan` is the price plan since `plan_from`, the start of the period in which it was set; None: always.
    Everything before `billed_until` is closed; it is None until a project is assigned.
    """

    id: str
    name: str
    currency: str
    plan: str
    plan_from: Micros | None
    tax_rate: str
    party: Party
    billed_until: Micros | None
    created_at: Micros

    @property
    def tax_category(self) -> TaxCategory:
        """The tax category of prices that have none."""
        return TaxCategory.from_rate(self.tax_rate)


@dataclass(frozen=True, slots=True)
class CustomerAccountChanges:
    """New values of a customer account; None keeps the present one."""

    name: str | None = None
    tax_rate: str | None = None
    legal_name: str | None = None
    address: tuple[str, ...] | None = None
    country: str | None = None
    tax_id: str | None = None

    def apply(self, account: CustomerAccount) -> CustomerAccount:
        """Return the account with the new values."""
        own = account.party
        party = Party(
            legal_name=own.legal_name if self.legal_name is None else self.legal_name,
            address=own.address if self.address is None else self.address,
            country=own.country if self.country is None else self.country,
            tax_id=own.tax_id if self.tax_id is None else self.tax_id,
        )
        name = account.name if self.name is None else self.name
        tax_rate = account.tax_rate if self.tax_rate is None else self.tax_rate
        return replace(account, name=name, tax_rate=tax_rate, party=party)


@dataclass(frozen=True, slots=True)
class ProjectAssignment:
    """The customer account `account_id` pays for `project_id` in `[start, until)`; `until` None: without an end.

    `sequence` numbers the assignments of a project in the order of time, from 1.
    """

    id: str
    account_id: str
    project_id: str
    sequence: int
    start: Micros
    until: Micros | None

    def overlaps(self, start: Micros, end: Micros | None) -> bool:
        """Return True if the assignment is valid at any time of `[start, end)`."""
        return (end is None or self.start < end) and (self.until is None or start < self.until)
