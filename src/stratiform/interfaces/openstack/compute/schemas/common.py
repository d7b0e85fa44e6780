"""Structs and types that several resources share."""

from typing import Annotated

from msgspec import Meta, Struct

from stratiform.kit.errors import Invalid
from stratiform.kit.number_parsing import is_uint
from stratiform.kit.pagination import Page

#: The value of a limit that does not exist.
UNLIMITED = -1

Name = Annotated[str, Meta(min_length=1, max_length=255)]
Text = Annotated[str, Meta(max_length=255)]


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
        if self.limit is not None and not is_uint(self.limit):
            raise Invalid(
                f"Invalid input for query parameters limit. Value: {self.limit}. "
                f"{self.limit!r} does not match '^[0-9]*$'"
            )
        return Page.parse(self.limit, self.marker)
