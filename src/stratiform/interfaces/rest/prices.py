"""`/api/v1/prices`: price plans, published as TOML (docs/reference/prices.md), returned as JSON."""

from dataclasses import asdict
from typing import Any

from stratiform.interfaces.rest.description import OCTETS, TEXT, Taken
from stratiform.interfaces.services import Request, get, post, reading, services_of, writing
from stratiform.kit.clock import iso
from stratiform.kit.errors import Invalid
from stratiform.kit.pagination import Page
from stratiform.services.rating.model import (
    GRANULARITY_US,
    PRICE_DIGITS,
    PlanVersion,
    Price,
    PricePlan,
    format_decimal,
)

Body = dict[str, Any]


@post("/prices", status_code=200, takes=Taken({"application/toml": TEXT, "application/octet-stream": OCTETS}, "TOML."))
def set_prices(request: Request, body: bytes, file_name: str | None = None) -> Body:
    """Publish a plan, or new versions of a plan, in TOML. Published versions never change.

    `file_name` is the name of the file, for error messages.
    """
    with writing(request) as ctx:
        return plan_view(services_of(request).billing.prices.publish(ctx, _text(body), file_name or ""))


@get("/prices")
def list_prices(request: Request, limit: str | None = None, marker: str | None = None) -> Body:
    """List plans by name; `marker` is a name."""
    with reading(request) as ctx:
        page = services_of(request).rating.plans.list(ctx, Page.parse(limit, marker))
    next_marker = page.items[-1].name if page.more and page.items else None
    return {"prices": [plan_view(plan) for plan in page.items], "next": next_marker}


@get("/prices/{name:str}")
def show_prices(request: Request, name: str) -> Body:
    """Show a plan with all its versions."""
    with reading(request) as ctx:
        return plan_view(services_of(request).rating.plans.get(ctx, name))


handlers: list[Any] = [set_prices, list_prices, show_prices]


def plan_view(plan: PricePlan) -> Body:
    return {
        "name": plan.name,
        "currency": plan.currency,
        "unpriced": plan.unpriced,
        "free": list(plan.free),
        "versions": [_version(version) for version in plan.versions],
    }


def _version(version: PlanVersion) -> Body:
    return {
        "valid_from": iso(version.valid_from),
        "valid_until": None if version.valid_until is None else iso(version.valid_until),
        "sha256": version.sha256,
        "prices": [_price(price) for price in version.prices],
    }


def _price(price: Price) -> Body:
    granularity = next((name for name, us in GRANULARITY_US.items() if us == price.granularity), None)
    measure = price.measure
    return {
        "resource": measure.resource_type,
        "measure": measure.kind,
        "attribute": measure.source if measure.kind == "attribute" else None,
        "meter": measure.source if measure.kind == "samples" else None,
        "name": measure.name,
        "price": format_decimal(price.amount, PRICE_DIGITS),
        "unit": str(price.unit),
        "granularity": granularity,
        "round": price.rounding,
        "states": list(price.states),
        "where": {condition.attribute: list(condition.values) for condition in price.conditions},
        "label": price.label,
        "tax_category": None if price.tax_category is None else asdict(price.tax_category),
    }


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Invalid("not valid TOML: the body is not UTF-8") from error
