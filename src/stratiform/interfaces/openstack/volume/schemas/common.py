"""Structs that several resources share."""

from typing import Annotated

from msgspec import Meta, Struct

from stratiform.kit.pagination import Page

#: Cinder's upper bound of integers in requests.
MAX_INTEGER = 2**31 - 1


#: A UUID with or without dashes, as Cinder accepts it.
Uuid = Annotated[str, Meta(pattern="^[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}$")]


class Link(Struct):
    """A link to a resource or to the next page."""

    rel: str
    href: str


class PageQuery(Struct):
    """The paging parameters of a list."""

    limit: str | None = None
    marker: str | None = None

    def page(self) -> Page:
        """Raises Invalid for a limit that is not a number."""
        return Page.parse(self.limit, self.marker)
