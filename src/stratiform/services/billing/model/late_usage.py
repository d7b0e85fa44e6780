"""Usage of closed periods that no document contains."""

from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.services.rating.model import Charge


@dataclass(frozen=True, slots=True)
class LateUsage:
    """What became known of a closed period after it was closed.

    `amount`, in 10^-20 of the currency, is the charge of the period as known now less that in its document; it is
    negative if usage was removed. `resources` counts those whose charge differs, and `unpriced_resources` those with
    usage without a price.
    """

    account_id: str
    account_name: str
    currency: str
    start: Micros
    end: Micros
    document_number: str
    amount: int
    resources: int
    unpriced_resources: int


def count_differing_resources(first: Charge, second: Charge) -> int:
    """Return the number of resources with another amount in the second charge."""
    amounts: dict[tuple[str, str, str], int] = {}
    for sign, charge in ((1, first), (-1, second)):
        for line in charge.lines:
            resource = (line.key.resource_type, line.key.resource_id, line.key.cloud)
            amounts[resource] = amounts.get(resource, 0) + sign * line.amount
    return sum(amount != 0 for amount in amounts.values())
