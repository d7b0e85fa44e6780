"""Errors of billing."""

import json
from collections.abc import Mapping, Sequence

from stratiform.kit.clock import Micros, format_iso
from stratiform.kit.errors import Conflict, NotFound
from stratiform.services.billing.model import CostDifference, UnassignedUsage
from stratiform.services.rating.model import QUANTITY_DIGITS, Charge, PricePlan, UnpricedUsage, format_scaled


class CustomerAccountNotFound(NotFound):
    """No customer account has this name or id."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Customer account '{name}' not found", hint="`stratiform account list` lists the accounts")


class DocumentNotFound(NotFound):
    """No document has this number, or the caller is not allowed to see it."""

    def __init__(self, number: str) -> None:
        super().__init__(f"Document '{number}' not found", hint="`stratiform invoice list` lists the invoices")


class CustomerAccountExists(Conflict):
    """Another customer account has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Customer account '{name}' already exists")


class AssignmentConflict(Conflict):
    """Another request assigns the project."""

    def __init__(self, project_id: str) -> None:
        super().__init__(f"Project '{project_id}' is being assigned by another request", hint="retry the request")


class AssignmentNotFound(NotFound):
    """A project is not assigned to the customer account at that time."""

    def __init__(self, project_id: str, account: str) -> None:
        super().__init__(
            f"Project '{project_id}' is not assigned to customer account '{account}'",
            hint="`stratiform account show` lists its projects",
        )


class UnassignedUsageConflict(Conflict):
    """A project has usage that no customer account would pay for. `first` is the time from which it can be billed."""

    def __init__(self, usage: UnassignedUsage, first: Micros) -> None:
        resources = f"{usage.resources} resource{'s' if usage.resources > 1 else ''}"
        super().__init__(
            f"Project '{usage.project_id}' has usage since {format_iso(usage.start)} that no customer account pays for"
            f" ({resources})",
            hint=f"assign it from {format_iso(first)} to bill the usage, or from `now` to leave it unbilled",
        )


class RetroactivePriceChange(Conflict):
    """New prices would change the cost of past usage, and the request does not allow it. `preview` shows the change."""

    def __init__(self, subject: str, differences: Sequence[CostDifference], preview: str) -> None:
        first = differences[0]
        others = len(differences) - 1
        more = f", and of {others} other{'s' if others > 1 else ''}" if others else ""
        super().__init__(
            f"{subject} would change the cost of past usage of customer account '{first.account_name}' from"
            f" {first.net_before} to {first.net_after} {first.currency} net{more}",
            hint=f"{preview}; to charge it nevertheless, set `retroactive` and `reason`",
        )


class SellerNotSet(Conflict):
    """An invoice needs the name of the seller."""

    def __init__(self) -> None:
        super().__init__(
            "Invoices need a seller, and none is set", hint="set it with `stratiform invoice seller --legal-name NAME`"
        )


class UnpricedUsageConflict(Conflict):
    """A period cannot be closed, because usage in it has no price."""

    def __init__(self, plan: PricePlan, charge: Charge, names: Mapping[tuple[str, str, str], str]) -> None:
        totals = ", ".join(_total(usage) for usage in charge.unpriced)
        gap = charge.gaps[0]
        name = names.get((gap.resource_type, gap.resource_id, gap.cloud), "")
        resource = f"{gap.resource_type} " + (f"{name} ({gap.resource_id})" if name else gap.resource_id)
        uncovered = sorted({usage.resource_type for usage in charge.unpriced if not usage.covered})
        free = f", or `free = {json.dumps(uncovered)}` for types that cost nothing" if uncovered else ""
        super().__init__(
            f"Usage without a price: {totals}. First: {resource} from {format_iso(gap.start)} "
            f"to {format_iso(gap.end)}: {gap.reason}",
            hint=f"add prices to plan '{plan.name}' (a price may be 0){free}",
        )


def _total(usage: UnpricedUsage) -> str:
    resources = f"{usage.resources} resource{'s' if usage.resources > 1 else ''}"
    quantity = f"{format_scaled(usage.quantity, QUANTITY_DIGITS)} {usage.unit}"
    measure = f"'{usage.measure}' of " if usage.measure and usage.measure != usage.resource_type else ""
    return f"{measure}{usage.resource_type} ({resources}, {quantity})"
