"""Filters, sort keys, pages and fields of list requests.

Source: Networking API v2.0, "Filtering and column selection", "Sorting", "Pagination".
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from msgspec import UNSET, Struct, UnsetType

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network.schemas.common import Link
from stratiform.interfaces.openstack.network.schemas.common import ListQuery as ListQuerySchema
from stratiform.kit.pagination import Page, Slice
from stratiform.services.network.errors import BadRequest
from stratiform.services.network.model import FilterValue, ListQuery

S = TypeVar("S", bound=Struct)
T = TypeVar("T", bound="_Identified")

#: Sort keys that are not filters, with the names of the model's fields.
_SORT_KEYS = {"created_at": "created_at", "updated_at": "updated_at", "revision_number": "revision"}

#: Filters that are not sort keys.
_UNSORTABLE = {"tags", "tags_any", "not_tags", "not_tags_any", "status", "fixed_ips", "security_groups"}


def parse_list_query(request: ApiRequest, query: ListQuerySchema) -> ListQuery:
    """Return the model's list query. Raises BadRequest for an unknown filter, sort key or direction."""
    attributes = _filter_attributes(query)
    for name, _ in request.query_items:
        if name not in attributes and name not in ListQuerySchema.__struct_fields__:
            raise BadRequest(f"['{name}'] is invalid attribute for filtering")
    if query.page_reverse:
        raise BadRequest("page_reverse is not supported, use sort_dir instead")
    page = Page.parse(query.limit, query.marker)
    if page.limit == 0:  # no limit, as in Neutron
        page = Page(marker=page.marker)
    return ListQuery(_filters(query, attributes), _sort(query, attributes), page)


def select_fields(resource: S, fields: Sequence[str]) -> S:
    """Unset every attribute of a response that is not among `fields`; no fields select all attributes."""
    if fields:
        for name, encoded in zip(resource.__struct_fields__, resource.__struct_encode_fields__, strict=True):
            if encoded not in fields:
                setattr(resource, name, UNSET)
    return resource


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


def next_links(request: ApiRequest, page: Slice[T]) -> list[Link] | UnsetType:
    """Return the link to the next page, if there is one."""
    marker = page.next_marker(lambda item: item.id)
    return UNSET if marker is None else [Link("next", request.build_next_page_url(marker))]


def _filter_attributes(query: ListQuerySchema) -> dict[str, str]:
    """Return the filters of a query by their names in the API, with the names of the model's fields."""
    names = zip(query.__struct_encode_fields__, query.__struct_fields__, strict=True)
    return {encoded: name for encoded, name in names if name not in ListQuerySchema.__struct_fields__}


def _filters(query: ListQuerySchema, attributes: dict[str, str]) -> dict[str, list[FilterValue]]:
    filters: dict[str, list[FilterValue]] = {}
    for name in attributes.values():
        values = getattr(query, name)
        if values:
            filters.setdefault(_model_name(name), []).extend(values)
    return filters


def _sort(query: ListQuerySchema, attributes: dict[str, str]) -> list[tuple[str, bool]]:
    directions = query.sort_dir or ["asc"] * len(query.sort_key)
    if len(query.sort_key) != len(directions):
        raise BadRequest("The number of sort_keys and sort_dirs must be same")
    sort_keys = _SORT_KEYS | {key: name for key, name in attributes.items() if name not in _UNSORTABLE}
    for key in query.sort_key:
        if key not in sort_keys:
            raise BadRequest(f"{key} is invalid attribute for sort_keys")
    pairs = zip(query.sort_key, directions, strict=True)
    return [(_model_name(sort_keys[key]), direction == "desc") for key, direction in pairs]


def _model_name(name: str) -> str:
    return "project_id" if name == "tenant_id" else name
