"""Parameters and links of lists, as in Cinder. Source: cinder/api/common.py."""

import ast
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.volume.schemas.common import MAX_INTEGER, Link
from stratiform.kit.errors import Invalid
from stratiform.kit.pagination import Page
from stratiform.services.volume.model import Sort

T = TypeVar("T")


class ListQuery(Struct, kw_only=True):
    """Page, order and scope of a list."""

    all_tenants: bool = False
    limit: str | None = None
    marker: str | None = None
    offset: Annotated[int, Meta(ge=0, le=MAX_INTEGER)] = 0
    sort: str | None = None
    sort_key: str | None = None
    sort_dir: str | None = None
    with_count: bool = False

    def page(self) -> Page:
        """Raises Invalid for a limit that is not a number."""
        return Page.parse(self.limit, self.marker)

    def sorts(self) -> list[Sort]:
        """Parse `sort=name:asc,size`, or the older `sort_key` and `sort_dir`. Raises Invalid."""
        if self.sort is not None:
            if self.sort_key is not None or self.sort_dir is not None:
                raise Invalid(
                    "The 'sort_key' and 'sort_dir' parameters are deprecated and cannot be used with the 'sort' "
                    "parameter."
                )
            items = [item.strip().partition(":") for item in self.sort.split(",") if item.strip()]
            return [Sort(key.strip(), _is_descending(direction or "desc")) for key, _, direction in items]
        if self.sort_key is not None or self.sort_dir is not None:
            return [Sort(self.sort_key or "created_at", _is_descending(self.sort_dir or "desc"))]
        return []


def build_next_links(
    request: ApiRequest, items: Sequence[T], query: ListQuery, key: Callable[[T], str]
) -> list[Link] | UnsetType:
    """Return the link to the next page. As in Cinder, every page with as many items as `limit` has one."""
    if not items or len(items) < query.page().limit:
        return UNSET
    return [Link("next", request.build_next_page_url(key(items[-1]), without=["offset"]))]


def paginate(
    items: Sequence[T],
    query: ListQuery,
    key: Callable[[T], str],
    columns: str = "id created_at name",
    default: str = "created_at",
    get_value: Callable[[T, str], object] = getattr,
) -> list[T]:
    """Return one page of a short list, in descending order by default. `columns`: its sort keys.

    Raises: Invalid for an unknown marker or sort key.
    """
    ordered = list(items)
    for sort in reversed(query.sorts() or [Sort(default, descending=True)]):
        if sort.key not in columns.split():
            raise Invalid(f"Invalid input received: Sort key '{sort.key}' is not valid.")
        ordered.sort(key=lambda item: (get_value(item, sort.key) or 0, key(item)), reverse=sort.descending)
    page = query.page()
    start = query.offset
    if page.marker is not None:
        keys = [key(item) for item in ordered]
        if page.marker not in keys:
            raise Invalid(f"marker [{page.marker}] not found")
        start += keys.index(page.marker) + 1
    return ordered[start : start + page.limit]


def parse_metadata_filter(text: str | None) -> dict[str, str] | None:
    """Parse a filter that clients write as a Python dictionary, as Cinder does. Raises Invalid."""
    if not text:
        return None
    try:
        return msgspec.convert(ast.literal_eval(text), dict[str, str])
    except (ValueError, SyntaxError, MemoryError, RecursionError, msgspec.ValidationError) as error:
        raise Invalid(f"Invalid value for metadata filter: {text[:80]}") from error


def _is_descending(direction: str) -> bool:
    if direction not in ("asc", "desc"):
        raise Invalid("Invalid input received: Unknown sort direction, must be 'desc' or 'asc'.")
    return direction == "desc"
