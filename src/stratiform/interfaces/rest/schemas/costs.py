"""Running costs."""

from typing import Annotated

from msgspec import Meta, Struct

ServerReference = Annotated[str, Meta(description="Name or id of the server, or id of a volume.")]


class MonthQuery(Struct):
    project: Annotated[str | None, Meta(description="Name or id of the project; by default the caller's.")] = None
    month: Annotated[str | None, Meta(description="Such as `2026-11`; by default the current month.")] = None


class CostLine(Struct):
    """The charge of one price: `quantity` times `unit_price` is `amount`."""

    meter: str
    description: str
    start: str
    end: str
    quantity: str
    unit: str
    unit_price: str
    amount: str
    price_version: str


class UnpricedTotal(Struct):
    """Usage of a resource type without a price."""

    resource_type: str
    measure: str
    resources: int
    quantity: str
    unit: str


class Gap(Struct):
    """Usage of a resource without a price, and the reason."""

    resource_type: str
    resource_id: str
    cloud: str
    measure: str
    start: str
    end: str
    reason: str


class ServerCost(Struct):
    """The cost of a server or volume since `since`; `per_hour` is its current rate."""

    resource_type: str
    resource_id: str
    resource_name: str
    project_id: str
    account: str
    currency: str
    amount: str
    since: str
    as_of: str
    per_hour: str
    lines: list[CostLine]
    unpriced: list[UnpricedTotal]
    gaps: list[Gap]


class DayCost(Struct):
    date: str
    amount: str


class ResourceCost(Struct):
    resource_type: str
    resource_id: str
    resource_name: str
    cloud: str
    amount: str
    lines: list[CostLine]


class ProjectCost(Struct):
    """The cost of a project in a month until `as_of`, by day and by resource."""

    project_id: str
    account: str
    month: str
    currency: str
    amount: str
    since: str
    as_of: str
    days: list[DayCost]
    resources: list[ResourceCost]
    unpriced: list[UnpricedTotal]
    gaps: list[Gap]
