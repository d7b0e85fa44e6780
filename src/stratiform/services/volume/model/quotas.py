"""Quotas of block storage: their names, defaults and texts. Source: cinder/quota.py and cinder/exception.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

UNLIMITED = -1

#: The resources with quotas. Those of `TYPE_RESOURCES` also have a quota per volume type, such as `volumes_fast`.
RESOURCES = ("volumes", "gigabytes", "snapshots", "backups", "backup_gigabytes", "per_volume_gigabytes", "groups")
TYPE_RESOURCES = ("volumes", "gigabytes", "snapshots")

#: The quota class whose limits apply to all projects without limits of their own.
DEFAULT_CLASS = "default"

#: Databases store sizes in GiB as 32-bit integers.
MAX_LIMIT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class QuotaDefaults:
    """The limits of an installation, by the names of Cinder's options. -1: unlimited."""

    quota_volumes: int = 10
    quota_gigabytes: int = 1000
    quota_snapshots: int = 10
    quota_backups: int = 10
    quota_backup_gigabytes: int = 1000
    quota_groups: int = 10
    per_volume_size_limit: int = UNLIMITED

    def to_limits(self) -> dict[str, int]:
        """Return the limits by resource."""
        return {
            "volumes": self.quota_volumes,
            "gigabytes": self.quota_gigabytes,
            "snapshots": self.quota_snapshots,
            "backups": self.quota_backups,
            "backup_gigabytes": self.quota_backup_gigabytes,
            "per_volume_gigabytes": self.per_volume_size_limit,
            "groups": self.quota_groups,
        }


@dataclass(frozen=True, slots=True)
class Quota:
    """The limit of one resource in a scope, which is a project or a quota class."""

    scope: str
    resource: str
    limit: int


@dataclass(frozen=True, slots=True)
class QuotaUsage:
    """Limits and usage of a project by resource. `type_names`: of all volume types."""

    limits: Mapping[str, int]
    in_use: Mapping[str, int]
    type_names: Sequence[str]

    def exceeds(self, resource: str, requested: int) -> bool:
        limit = self.limits.get(resource, UNLIMITED)
        return limit != UNLIMITED and self.in_use.get(resource, 0) + requested > limit


def list_quota_names(type_names: Sequence[str]) -> list[str]:
    """Return the names of all quotas: `volumes`, …, `volumes_fast`, …"""
    return [*RESOURCES, *(f"{resource}_{name}" for name in type_names for resource in TYPE_RESOURCES)]


def build_quota_message(usage: QuotaUsage, resource: str, requested: int) -> str:
    """Return Cinder's text for an exceeded quota."""
    limit, in_use = usage.limits[resource], usage.in_use.get(resource, 0)
    if resource == "backup_gigabytes":
        return (
            "VolumeBackupSizeExceedsAvailableQuota: Requested backup exceeds allowed Backup gigabytes quota. "
            f"Requested {requested}G, quota is {limit}G and {in_use}G has been consumed."
        )
    if resource.startswith("gigabytes"):
        return (
            f"VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed {resource} quota. "
            f"Requested {requested}G, quota is {limit}G and {in_use}G has been consumed."
        )
    if resource.startswith("volumes"):
        return f"VolumeLimitExceeded: Maximum number of volumes allowed ({limit}) exceeded for quota '{resource}'."
    if resource.startswith("snapshots"):
        return f"SnapshotLimitExceeded: Maximum number of snapshots allowed ({limit}) exceeded"
    if resource == "backups":
        return f"BackupLimitExceeded: Maximum number of backups allowed ({limit}) exceeded"
    return f"GroupLimitExceeded: Maximum number of groups allowed ({limit}) exceeded"
