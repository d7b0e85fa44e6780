"""Quotas: limits and usage by resource. Source: Compute API reference, "Quota sets (os-quota-sets)"."""

from collections.abc import Mapping
from dataclasses import dataclass

UNLIMITED = -1

#: Limits that no setting changes, because nothing here uses these resources up.
FIXED_DEFAULTS: Mapping[str, int] = {
    "metadata_items": 128,
    "injected_files": 5,
    "injected_file_content_bytes": 10240,
    "injected_file_path_bytes": 255,
    "fixed_ips": UNLIMITED,
    "floating_ips": UNLIMITED,
    "security_groups": UNLIMITED,
    "security_group_rules": UNLIMITED,
}


@dataclass(frozen=True, slots=True)
class QuotaUsage:
    """The limit of a resource and its usage."""

    limit: int
    in_use: int = 0

    def has_room(self, number: int) -> bool:
        return self.limit == UNLIMITED or self.in_use + number <= self.limit
