"""Price plans."""

from typing import Annotated

from msgspec import Meta, Struct, field

PlanName = Annotated[str, Meta(description="Name of the price plan.")]


class PriceSetQuery(Struct):
    file_name: Annotated[str, Meta(description="Name of the file, for error messages.")] = ""


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


class PricePlanPage(Struct):
    prices: list[PricePlan]
    next: str | None
