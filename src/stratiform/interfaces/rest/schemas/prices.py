"""Price plans."""

from typing import Annotated

from msgspec import Meta, Struct, field

from stratiform.interfaces.rest.schemas.price_changes import CostDifference, PriceChange, Reason, Retroactive

PlanName = Annotated[str, Meta(description="Name of the price plan.")]


FileName = Annotated[str, Meta(description="Name of the file, for error messages.")]


class PricePreviewQuery(Struct):
    file_name: FileName = ""


class PriceSetQuery(Struct):
    file_name: FileName = ""
    retroactive: Retroactive = False
    reason: Reason = ""


class TaxCategory(Struct):
    """A code of EN 16931 and a rate in percent."""

    code: str
    rate: str


class Price(Struct):
    """A price of one measure of a resource type. `docs/reference/prices.md` describes the fields."""

    resource: str
    measure: str
    attribute: str | None
    meter: str | None
    name: str
    price: str
    unit: str
    granularity: str | None
    rounding: str = field(name="round")
    states: list[str]
    where: dict[str, list[str]]
    label: str
    tax_category: TaxCategory | None


class PlanVersion(Struct):
    valid_from: str
    valid_until: str | None
    sha256: Annotated[str, Meta(description="Digest of the TOML document.")]
    prices: list[Price]


class PricePlan(Struct):
    """A price plan with all its versions. `free`: resource types that cost nothing."""

    name: str
    currency: str
    unpriced: str
    free: list[str]
    versions: list[PlanVersion]


class PublishedPricePlan(PricePlan):
    """A price plan, and the record of what its publication changed retroactively."""

    change: PriceChange | None


class PricePreview(Struct):
    """What publishing a price plan would change.

    `past_versions` are the starts of the new versions that lie in the past, `differences` the customer accounts whose
    past usage would cost something else.
    """

    plan: str
    currency: str
    past_versions: list[str]
    differences: list[CostDifference]


class PricePlanPage(Struct):
    prices: list[PricePlan]
    next: str | None
