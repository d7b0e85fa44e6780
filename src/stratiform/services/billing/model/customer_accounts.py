"""Customer accounts and the projects that are assigned to them."""

from dataclasses import dataclass

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
