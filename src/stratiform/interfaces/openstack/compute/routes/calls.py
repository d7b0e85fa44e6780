"""What the routes have in common: how something is shown, pages, and the links to the next one."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from stratiform.interfaces.openstack.compute.views import Shown
from stratiform.interfaces.openstack.microversions import minor
from stratiform.interfaces.services import Request, services_of
from stratiform.kit.errors import Fault, Invalid
from stratiform.kit.numbers import parse_uint
from stratiform.kit.pagination import Page

Body = dict[str, Any]


class NotImplementedHere(Fault):
    """The clouds behind us have no such thing."""

    status = 501


def shown(request: Request, *, admin: bool = False) -> Shown:
    return Shown(services_of(request).url, minor(request), admin)


def one(request: Request, name: str) -> str | None:
    """A query parameter; the last one, where there are several."""
    values = request.query_params.getall(name, [])
    return values[-1] if values else None


def page(request: Request) -> Page:
    """`limit` and `marker`. Raises Invalid in Nova's words."""
    limit = one(request, "limit")
    if limit is not None and parse_uint(limit) is None:
        raise Invalid(f"Invalid input for query parameters limit. Value: {limit}. Limit must be a whole number.")
    return Page.parse(limit, one(request, "marker"))


def whole_number(request: Request, name: str) -> int:
    """A query parameter that is a number; 0 where there is none. Raises Invalid."""
    text = one(request, name)
    if text is None:
        return 0
    number = parse_uint(text)
    if number is None:
        raise Invalid(f"Invalid {name} filter [{text}]")
    return number


def truth(text: str, what: str) -> bool:
    """Raises Invalid unless it says yes or no in one of the usual ways."""
    if text.lower() in ("1", "t", "true", "on", "y", "yes"):
        return True
    if text.lower() in ("0", "f", "false", "off", "n", "no"):
        return False
    raise Invalid(f"Unrecognized value '{text}' for {what}, acceptable values are: true, false")


def next_links(request: Request, items: Sequence[str], *, more: bool) -> list[Body]:
    """Where the next page is; empty after the last one."""
    if not more or not items:
        return []
    query = [(key, value) for key, value in request.query_params.multi_items() if key != "marker"]
    href = f"{services_of(request).url}{request.url.path}?{urlencode([*query, ('marker', items[-1])])}"
    return [{"rel": "next", "href": href}]
