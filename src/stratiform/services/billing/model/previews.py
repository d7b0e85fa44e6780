"""Previews of periods: what closing one would bill, and what it would not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.kit.errors import Fault
from stratiform.services.billing.model.customer_accounts import CustomerAccount
from stratiform.services.billing.model.documents import DocumentLine
from stratiform.services.billing.model.late_usage import LateUsage
from stratiform.services.billing.model.taxes import TaxTotal
from stratiform.services.rating.model import AMOUNT_DIGITS, Charge, PricePlan, format_scaled


@dataclass(frozen=True, slots=True)
class InvoiceDraft:
    """The content of an invoice that is not issued.

    `names` has the names of resources by type, id and cloud.
    """

    account: CustomerAccount
    plan: PricePlan
    start: Micros
    end: Micros
    as_of: int
    charge: Charge
    names: Mapping[tuple[str, str, str], str]
    lines: tuple[DocumentLine, ...]
    tax_totals: tuple[TaxTotal, ...]
    minor_digits: int

    @property
    def exact(self) -> str:
        """The sum of the amounts, with all digits."""
        return format_scaled(self.exact_amount, AMOUNT_DIGITS)

    @property
    def exact_amount(self) -> int:
        """The sum of the amounts, in 10^-20 of the currency."""
        return sum(total.exact for total in self.tax_totals)

    @property
    def net(self) -> str:
        return self._format(self.net_minor)

    @property
    def net_minor(self) -> int:
        return sum(total.taxable_minor for total in self.tax_totals)

    @property
    def tax(self) -> str:
        return self._format(sum(total.tax_minor for total in self.tax_totals))

    @property
    def total(self) -> str:
        return self._format(sum(total.taxable_minor + total.tax_minor for total in self.tax_totals))

    @property
    def resources_by_cloud(self) -> dict[str, int]:
        """The number of resources with a charge, by cloud."""
        resources = {(line.cloud, line.resource_type, line.resource_id) for line in self.lines}
        clouds = sorted({cloud for cloud, _, _ in resources})
        return {cloud: sum(each[0] == cloud for each in resources) for cloud in clouds}

    def _format(self, amount_minor: int) -> str:
        return format_scaled(amount_minor, self.minor_digits, self.minor_digits)


@dataclass(frozen=True, slots=True)
class UnassignedUsage:
    """Usage of a project that no customer account pays for, of resource types that a plan prices."""

    project_id: str
    project_name: str
    resources: int
    start: Micros
    end: Micros


@dataclass(frozen=True, slots=True)
class UnauditedUsage:
    """Resources of a cloud in a draft. `audited_until` None: no audit includes the start of the period.

    `findings` and `without_source` are those of the audit that reaches furthest.
    """

    cloud: str
    resources: int
    audited_until: Micros | None
    findings: int
    without_source: int


@dataclass(frozen=True, slots=True)
class PeriodPreview:
    """What closing a period would bill. `document_number`: it is closed already.

    `problems` are the reasons for which closing it would be refused.
    """

    draft: InvoiceDraft
    is_closed: bool
    document_number: str | None
    problems: Sequence[Fault]
    unassigned: Sequence[UnassignedUsage]
    unaudited: Sequence[UnauditedUsage]
    late_usage: Sequence[LateUsage]
