"""Links in responses."""

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from stratiform.interfaces.endpoints import ApiRequest, ViewContext
from stratiform.interfaces.openstack.compute.schemas.common import Link


def resource_links(view: ViewContext, collection: str, resource_id: str) -> list[Link]:
    return [Link("self", view.build_url(collection, resource_id)), bookmark_link(view, collection, resource_id)]


def bookmark_link(view: ViewContext, collection: str, resource_id: str) -> Link:
    """Return the link without version."""
    return Link("bookmark", f"{view.url}/compute/{collection}/{resource_id}")


def next_links(request: ApiRequest, markers: Sequence[str], *, more: bool) -> list[Link] | UnsetType:
    """Return the link to the next page; UNSET for the last page. `markers` are those of the items on this page."""
    if not more or not markers:
        return UNSET
    return [Link("next", request.build_next_page_url(markers[-1]))]
