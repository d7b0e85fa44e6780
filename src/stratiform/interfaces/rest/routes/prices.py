"""`/prices`: price plans, published as TOML (`docs/reference/prices.md`)."""

from dataclasses import asdict

from msgspec import structs

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.endpoints.media_types import BINARY, OCTET_STREAM, TEXT, TOML
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.retroactive_changes import parse_reason
from stratiform.interfaces.rest.schemas import prices as schemas
from stratiform.interfaces.rest.schemas.common import PageQuery
from stratiform.interfaces.rest.views import price_changes as views
from stratiform.kit.clock import format_iso
from stratiform.kit.errors import Conflict, Invalid
from stratiform.services.billing import policy
from stratiform.services.rating.model import (
    GRANULARITY_US,
    PRICE_DIGITS,
    PlanVersion,
    Price,
    PricePlan,
    format_scaled,
)

_CONSUMES = {TOML: TEXT, OCTET_STREAM: BINARY}


@api.post("/prices", policy.PRICES_SET, errors=(Conflict,), consumes=_CONSUMES)
def publish_prices(request: ApiRequest, query: schemas.PriceSetQuery, body: bytes) -> schemas.PublishedPricePlan:
    """Publish a price plan, or new versions of one. Published versions never change.

    A version that would change the cost of past usage is refused without `retroactive` and `reason`.
    """
    reason = parse_reason(query.reason, retroactive=query.retroactive)
    prices = request.services.billing.prices
    publication = prices.publish(request.ctx, _decode(body), query.file_name, reason=reason)
    change = None if publication.change is None else views.price_change(publication.change)
    return schemas.PublishedPricePlan(**structs.asdict(_plan(publication.plan)), change=change)


@api.post("/prices/preview", policy.PRICES_PREVIEW, errors=(Conflict,), consumes=_CONSUMES)
def preview_prices(request: ApiRequest, query: schemas.PricePreviewQuery, body: bytes) -> schemas.PricePreview:
    """Show what publishing a price plan would change for past usage."""
    publication = request.services.billing.prices.preview(request.ctx, _decode(body), query.file_name)
    return schemas.PricePreview(
        plan=publication.plan.name,
        currency=publication.plan.currency,
        past_versions=[format_iso(version.valid_from) for version in publication.past_versions],
        differences=[views.cost_difference(each) for each in publication.differences],
    )


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
