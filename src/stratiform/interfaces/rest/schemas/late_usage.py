"""Usage of closed periods that no document contains."""

from typing import Annotated

from msgspec import Meta, Struct, UnsetType

from stratiform.interfaces.rest.schemas.usage import Position


class LateUsageQuery(Struct):
    account: Annotated[str | None, Meta(description="Name or ID of the customer account.")] = None
    after: Annotated[
        Position, Meta(description="Without `account`: only periods whose usage has changed after this position.")
    ] = 0


class PeriodLateUsage(Struct):
    """What became known of a closed period after it was closed.

    `amount` is the charge of the period as known now less that in its invoice; it is negative if usage was removed.
    `resources` counts those whose charge differs, `unpriced_resources` those with usage without a price.
    """

    amount: str
    currency: str
    resources: int
    unpriced_resources: int


class LateUsage(PeriodLateUsage):
    """The late usage of one period of a customer account, and the invoice of the period."""

    account: str
    start: str
    end: str
    invoice: str


class LateUsageList(Struct):
    late_usage: list[LateUsage]


#: The late usage that a request has caused, if there is any.
CausedLateUsage = Annotated[
    list[LateUsage] | UnsetType,
    Meta(description="Closed periods whose usage the request has changed; for callers who may list periods."),
]
