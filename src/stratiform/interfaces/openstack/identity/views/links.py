"""Links of resources and of lists."""

from typing import Any

from msgspec import UNSET, UnsetType

from stratiform.interfaces.endpoints import ApiRequest, ViewContext
from stratiform.interfaces.openstack.identity.schemas.common import PageLinks, SelfLink
from stratiform.kit.pagination import Slice


def self_link(view: ViewContext, *segments: str) -> SelfLink:
    return SelfLink(view.build_url(*segments))


def page_links(request: ApiRequest, resources: Slice[Any] | None = None) -> PageLinks:
    """Return the links of a list; `next` is set if there are more resources than in the page `resources`."""
    url, query = request.http.url, request.http.url.query
    self_url = request.view.url + url.path + (f"?{query}" if query else "")
    marker = None if resources is None else resources.next_marker(lambda resource: str(resource.id))
    return PageLinks(None if marker is None else request.build_next_page_url(marker), self_url)


def truncated(resources: Slice[Any]) -> bool | UnsetType:
    """Return the attribute `truncated`, which only truncated lists have."""
    return True if resources.more else UNSET
