"""Structs that several resources share."""

from typing import Annotated

from msgspec import Meta, Struct

from stratiform.kit.pagination import MAX_LIMIT, Page

Limit = Annotated[
    Annotated[int, Meta(ge=1, lt=10**18)] | None,
    Meta(description="Maximum number of items per page; default: 1000."),
]
Marker = Annotated[str | None, Meta(description="`next` of the previous page.")]


class RequestBody(Struct, forbid_unknown_fields=True):
    """A JSON body; unknown fields are rejected."""


class PageQuery(Struct, kw_only=True):
    """The paging parameters of a list."""

    limit: Limit = None
    marker: Marker = None

    def page(self, max_limit: int = MAX_LIMIT) -> Page:
        """Return the page; a larger limit is reduced to `max_limit`."""
        return Page(min(self.limit or MAX_LIMIT, max_limit), self.marker)
