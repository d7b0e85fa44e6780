"""Running costs, as the APIs return them. Amounts and quantities are decimal texts, timestamps are ISO 8601."""

from msgspec import Struct


class CostLine(Struct, frozen=True):
    """The charge of one resource by one price until now."""

    meter: str
    description: str
    start: str
    end: str
    quantity: str
    unit: str
    unit_price: str
    amount: str
    price_version: str


class UnpricedUsageTotal(Struct, frozen=True):
    """Usage of a resource type without a price; `measure` is empty if no price is for the type."""

    resource_type: str
    measure: str
    resources: int
    quantity: str
    unit: str


class UnpricedGap(Struct, frozen=True):
    """Usage of one resource without a price, with the reason."""

    resource_type: str
    resource_id: str
    cloud: str
    measure: str
    start: str
    end: str
    reason: str


class ResourceCost(Struct, frozen=True):
    """The cost of a resource from `since` to `as_of`.

    `per_hour` is what it costs without a change, 0 if its use ended at `ended_at`. An unknown `project_name` is empty.
    """

    resource_type: str
    resource_id: str
    resource_name: str
    project_id: str
    project_name: str
    account: str
    currency: str
    amount: str
    since: str
    as_of: str
    ended_at: str | None
    per_hour: str
    lines: list[CostLine]
    unpriced: list[UnpricedUsageTotal]
    gaps: list[UnpricedGap]


class DailyCost(Struct, frozen=True):
    """The cost of one day; `date` is such as `2026-11-20`."""

    date: str
    amount: str


class ProjectResourceCost(Struct, frozen=True):
    """The share of a resource in the cost of its project."""

    resource_type: str
    resource_id: str
    resource_name: str
    cloud: str
    amount: str
    lines: list[CostLine]


class ProjectCost(Struct, frozen=True):
    """The cost of a project in a month until `as_of`, by day and by resource (highest first)."""

    project_id: str
    project_name: str
    account: str
    month: str
    currency: str
    amount: str
    since: str
    as_of: str
    days: list[DailyCost]
    resources: list[ProjectResourceCost]
    unpriced: list[UnpricedUsageTotal]
    gaps: list[UnpricedGap]
