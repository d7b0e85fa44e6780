"""What billing says no to."""

import json
from collections.abc import Mapping

from stratiform.kit.clock import iso
from stratiform.kit.errors import Conflict, NotFound
from stratiform.services.rating.model import QUANTITY_DIGITS, Charge, PricePlan, UnpricedUsage, format_decimal


class NoAccount(NotFound):
    """There is no account of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no account '{name}'", hint="`stratiform account list` shows them")


class NoInvoice(NotFound):
    """There is no such invoice, or not for this caller."""

    def __init__(self, number: str) -> None:
        super().__init__(f"no invoice '{number}'", hint="`stratiform invoice list` shows them")


class InUse(Conflict):
    """Someone else closes a period of the account, or assigns a project, at this moment."""

    def __init__(self, name: str) -> None:
        super().__init__(f"account '{name}' is being closed by someone else", hint="ask again")


class NotPriced(Conflict):
    """A period cannot be closed, because usage in it has no price."""

    def __init__(self, plan: PricePlan, charge: Charge, names: Mapping[tuple[str, str, str], str]) -> None:
        totals = ", ".join(_total(usage) for usage in charge.unpriced)
        gap = charge.gaps[0]
        name = names.get((gap.resource_type, gap.resource_id, gap.cloud), "")
        resource = f"{gap.resource_type} " + (f"{name} ({gap.resource_id})" if name else gap.resource_id)
        uncovered = sorted({usage.resource_type for usage in charge.unpriced if not usage.covered})
        free = f", or `free = {json.dumps(uncovered)}` for types that cost nothing" if uncovered else ""
        super().__init__(
            f"Usage without a price: {totals}. First: {resource} from {iso(gap.start)} to {iso(gap.end)}: {gap.reason}",
            hint=f"add prices to plan '{plan.name}' (a price may be 0){free}",
        )


def _total(usage: UnpricedUsage) -> str:
    resources = f"{usage.resources} resource{'s' if usage.resources > 1 else ''}"
    quantity = f"{format_decimal(usage.quantity, QUANTITY_DIGITS)} {usage.unit}"
    measure = f"'{usage.measure}' of " if usage.measure and usage.measure != usage.resource_type else ""
    return f"{measure}{usage.resource_type} ({resources}, {quantity})"
