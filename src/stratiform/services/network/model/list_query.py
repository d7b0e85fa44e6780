"""Parameters of list requests."""

from dataclasses import dataclass, field

from stratiform.kit.pagination import Page


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Filters (attribute to accepted values), sort keys (attribute, True for descending order) and page."""

    filters: dict[str, list[str]] = field(default_factory=dict)
    sort: list[tuple[str, bool]] = field(default_factory=list)
    page: Page = field(default_factory=Page)
