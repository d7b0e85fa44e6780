"""What part of a list is asked for."""

from dataclasses import dataclass, field

from stratiform.kit.pagination import Page


@dataclass(frozen=True, slots=True)
class Listing:
    """`filters`: attribute → the values that pass; `sort`: attributes, each with whether downwards."""

    filters: dict[str, list[str]] = field(default_factory=dict)
    sort: list[tuple[str, bool]] = field(default_factory=list)
    page: Page = field(default_factory=Page)
