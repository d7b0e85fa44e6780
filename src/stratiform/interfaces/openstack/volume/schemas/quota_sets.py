"""Quota sets and limits."""

from msgspec import Struct, field

UNLIMITED = -1


class QuotaSetQuery(Struct):
    usage: bool = False


class QuotaUsage(Struct):
    in_use: int
    limit: int = UNLIMITED
    reserved: int = 0


class QuotaSetResponse(Struct):
    """The keys of a quota set are names of quotas, and `id`."""

    quota_set: dict[str, QuotaUsage | int | str]


class AbsoluteLimits(Struct, rename="camel"):
    total_volumes_used: int
    total_gigabytes_used: int
    max_total_volumes: int = UNLIMITED
    max_total_volume_gigabytes: int = UNLIMITED
    max_total_snapshots: int = UNLIMITED
    max_total_backups: int = UNLIMITED
    max_total_backup_gigabytes: int = UNLIMITED
    total_snapshots_used: int = 0
    total_backups_used: int = 0
    total_backup_gigabytes_used: int = 0


class Limits(Struct):
    absolute: AbsoluteLimits
    rate: list[str] = field(default_factory=list)


class LimitsResponse(Struct):
    limits: Limits
