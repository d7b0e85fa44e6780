"""Parameters of list requests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stratiform.kit.pagination import Page

FilterValue = str | int | bool


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Filters (field to accepted values), sort keys (field, True for descending order) and page.

    The fields are those of the model. Networks, subnets and ports have also the filters `tags`, `tags_any`, `not_tags`
    and `not_tags_any`; networks and ports `status`; ports `fixed_ips` (`ip_address=…`) and `security_groups`.
    """

    filters: Mapping[str, Sequence[FilterValue]] = field(default_factory=dict)
    sort: list[tuple[str, bool]] = field(default_factory=list)
    page: Page = field(default_factory=Page)
