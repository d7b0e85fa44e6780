"""The charge of a customer account: its usage, rated by its price plan."""

from dataclasses import dataclass, replace

from stratiform.kit.database import Connection
from stratiform.services.billing.model import split_by_month
from stratiform.services.billing.service.account_usage import AccountUsage, ResourceNames, UsageSelection
from stratiform.services.ledger.service import LedgerService
from stratiform.services.rating.model import Charge, DailyAmounts, merge_charges
from stratiform.services.rating.service import RatingService


@dataclass(frozen=True, slots=True)
class AccountCharge:
    """A charge, with the names of the resources in it."""

    charge: Charge
    names: ResourceNames


@dataclass(frozen=True, slots=True)
class AccountCharges:
    """Rates the usage of customer accounts. Reads only.

    Charges of adjacent periods sum to the charge of all of them, to the last digit: runs go on from one period to the
    next, and a quantity is rounded once for each calendar month (UTC).
    """

    ledger: LedgerService
    rating: RatingService

    def rate(self, db: Connection, selection: UsageSelection) -> AccountCharge:
        """Return the charge of a selection. Raises: AmountOverflow"""
        names: ResourceNames = {}
        charges = []
        for month, first, last in split_by_month(selection.start, selection.end):
            charge = self._rate(db, replace(selection, start=first, end=last), names)
            if month < first:
                earlier = self._rate(db, replace(selection, start=month, end=first), {})
                charge = selection.plan.continue_charge(charge, earlier)
            charges.append(charge)
        return AccountCharge(merge_charges(charges), names)

    def rate_month_by_day(self, db: Connection, selection: UsageSelection) -> tuple[AccountCharge, DailyAmounts]:
        """Return the charge from the start of a month on, and the exact share of each day in each line."""
        usage = AccountUsage(self.ledger, db, selection)
        samples = usage.iterate_samples(self.rating)
        start, end = selection.start, selection.end
        charge, days = self.rating.usage_rating.rate_usage_by_day(selection.plan, usage, start, end, samples)
        return AccountCharge(charge, usage.names), days

    def _rate(self, db: Connection, selection: UsageSelection, names: ResourceNames) -> Charge:
        usage = AccountUsage(self.ledger, db, selection, names)
        samples = usage.iterate_samples(self.rating)
        return self.rating.usage_rating.rate_usage(selection.plan, usage, selection.start, selection.end, samples)
