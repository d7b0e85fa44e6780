"""What a list's query says: filters, fields, order, page.

Source: Networking API v2.0, "Filtering and column selection", "Sorting", "Pagination".
"""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from stratiform.interfaces.services import Request, services_of
from stratiform.kit.pagination import Page
from stratiform.services.network.errors import BadRequest
from stratiform.services.network.model import ListQuery

_NO_FILTERS = ("fields", "sort_key", "sort_dir", "limit", "marker", "page_reverse")


@dataclass(frozen=True, slots=True)
class Asked:
    """A list's query. `pairs`: as it came, for the link to the next page."""

    listing: ListQuery
    fields: list[str]
    pairs: list[tuple[str, str]]
    url: str


def asked(request: Request) -> Asked:
    """Raises BadRequest."""
    pairs = parse_qsl(request.url.query, keep_blank_values=True)
    filters: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in _NO_FILTERS:
            filters.setdefault(name, []).append(value)
    single = dict(pairs)
    if single.get("page_reverse", "").lower() == "true":
        raise BadRequest("page_reverse is not supported; ask with sort_dir instead")
    page = Page.parse(single.get("limit"), single.get("marker"))
    if page.limit == 0:
        page = Page(marker=page.marker)
    url = services_of(request).url + request.url.path
    return Asked(ListQuery(filters, _sort(pairs), page), _fields(pairs), pairs, url)


def fields_of(request: Request) -> list[str]:
    """`?fields=` of a single thing."""
    return [str(value) for value in request.query_params.getall("fields", [])]


def _fields(pairs: list[tuple[str, str]]) -> list[str]:
    return [value for name, value in pairs if name == "fields"]


def _sort(pairs: list[tuple[str, str]]) -> list[tuple[str, bool]]:
    keys = [value for name, value in pairs if name == "sort_key"]
    directions = [value for name, value in pairs if name == "sort_dir"] or ["asc"] * len(keys)
    if len(keys) != len(directions):
        raise BadRequest("The number of sort_keys and sort_dirs must be same")
    if not set(directions) <= {"asc", "desc"}:
        raise BadRequest("sort_dir must be asc or desc")
    return [(key, direction == "desc") for key, direction in zip(keys, directions, strict=True)]
