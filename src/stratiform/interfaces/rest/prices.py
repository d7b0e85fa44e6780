"""`/api/v1/prices`: price plans, published as TOML (docs/reference/prices.md), told as JSON."""

from typing import Any

from stratiform.interfaces.rest.description import OCTETS, TEXT, Taken
from stratiform.interfaces.services import Request, get, post, reading, services_of, writing
from stratiform.kit.clock import iso
from stratiform.kit.errors import Invalid
from stratiform.kit.pagination import Page
from stratiform.services.rating.model import GRANULARITY_US, PRICE_DIGITS, Plan, Price, Version, plain

Body = dict[str, Any]


@post("/prices", status_code=200, takes=Taken({"application/toml": TEXT, "application/octet-stream": OCTETS}, "TOML."))
def set_prices(request: Request, body: bytes) -> Body:
    """Publish a plan, or new versions of one; the body is TOML. What is published already is never changed."""
    with writing(request) as ctx:
        return plan_view(services_of(request).billing.set_prices(ctx, _text(body)))


@get("/prices")
def list_prices(request: Request, limit: str | None = None, marker: str | None = None) -> Body:
    """Plans by name; `marker` is a name."""
    with reading(request) as ctx:
        page = services_of(request).rating.plans(ctx, Page.parse(limit, marker))
    following = page.items[-1].name if page.more and page.items else None
    return {"prices": [plan_view(plan) for plan in page.items], "next": following}


@get("/prices/{name:str}")
def show_prices(request: Request, name: str) -> Body:
    """One plan with all its versions."""
    with reading(request) as ctx:
        return plan_view(services_of(request).rating.show(ctx, name))


handlers: list[Any] = [set_prices, list_prices, show_prices]


def plan_view(plan: Plan) -> Body:
    return {
        "name": plan.name,
        "currency": plan.currency,
        "unpriced": plan.unpriced,
        "versions": [_version(version) for version in plan.versions],
    }


def _version(version: Version) -> Body:
    return {
        "valid_from": iso(version.valid_from),
        "valid_until": None if version.valid_until is None else iso(version.valid_until),
        "sha256": version.sha256,
        "prices": [_price(price) for price in version.prices],
    }


def _price(price: Price) -> Body:
    granularity = next((name for name, us in GRANULARITY_US.items() if us == price.granularity), None)
    return {
        "meter": price.meter,
        "price": plain(price.amount, PRICE_DIGITS),
        "per": price.per,
        "granularity": granularity,
        "round": price.rounding,
        "states": list(price.states),
        "label": price.label,
        **{condition: list(values) for condition, values in price.when},
    }


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Invalid("not valid TOML: it is not UTF-8") from error
