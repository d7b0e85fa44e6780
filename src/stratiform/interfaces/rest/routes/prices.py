"""`/prices`: price plans, published as TOML (`docs/reference/prices.md`)."""

from dataclasses import asdict

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.endpoints.media_types import BINARY, OCTET_STREAM, TEXT, TOML
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.schemas import prices as schemas
from stratiform.interfaces.rest.schemas.common import PageQuery
from stratiform.kit.clock import format_iso
from stratiform.kit.errors import Invalid
from stratiform.services.billing import policy
from stratiform.services.rating.errors import PlanConflict
from stratiform.services.rating.model import (
    GRANULARITY_US,
    PRICE_DIGITS,
    PlanVersion,
    Price,
    PricePlan,
    format_scaled,
)


@api.post("/prices", policy.PRICES_SET, errors=(PlanConflict,), consumes={TOML: TEXT, OCTET_STREAM: BINARY})
def publish_prices(request: ApiRequest, query: schemas.PriceSetQuery, body: bytes) -> schemas.PricePlan:
    """Publish a price plan, or new versions of one. Published versions never change."""
    return _plan(request.services.billing.prices.publish(request.ctx, _decode(body), query.file_name))


@api.get("/prices", policy.PRICES_LIST)
def list_prices(request: ApiRequest, query: PageQuery) -> schemas.PricePlanPage:
    """List price plans, ordered by name. Markers are names.

    Operators get all plans, other callers those of the accounts that pay for their project.
    """
    page = request.services.billing.prices.list(request.ctx, query.page())
    next_marker = page.next_marker(lambda plan: plan.name)
    return schemas.PricePlanPage([_plan(plan) for plan in page.items], next_marker)


@api.get("/prices/{name}", policy.PRICES_GET)
def show_prices(request: ApiRequest, name: schemas.PlanName) -> schemas.PricePlan:
    """Show a price plan with all its versions; customers see only their own plans."""
    return _plan(request.services.billing.prices.get(request.ctx, name))


def _plan(plan: PricePlan) -> schemas.PricePlan:
    return schemas.PricePlan(
        name=plan.name,
        currency=plan.currency,
        unpriced=plan.unpriced,
        free=list(plan.free),
        versions=[_version(version) for version in plan.versions],
    )


def _version(version: PlanVersion) -> schemas.PlanVersion:
    return schemas.PlanVersion(
        valid_from=format_iso(version.valid_from),
        valid_until=None if version.valid_until is None else format_iso(version.valid_until),
        sha256=version.sha256,
        prices=[_price(price) for price in version.prices],
    )


def _price(price: Price) -> schemas.Price:
    measure, category = price.measure, price.tax_category
    return schemas.Price(
        resource=measure.resource_type,
        measure=measure.kind,
        attribute=measure.source if measure.kind == "attribute" else None,
        meter=measure.source if measure.kind == "samples" else None,
        name=measure.name,
        price=format_scaled(price.amount, PRICE_DIGITS),
        unit=str(price.unit),
        granularity=next((name for name, us in GRANULARITY_US.items() if us == price.granularity), None),
        rounding=price.rounding,
        states=list(price.states),
        where={condition.attribute: list(condition.values) for condition in price.conditions},
        label=price.label,
        tax_category=None if category is None else schemas.TaxCategory(**asdict(category)),
    )


def _decode(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Invalid("not valid TOML: the body is not UTF-8") from error
