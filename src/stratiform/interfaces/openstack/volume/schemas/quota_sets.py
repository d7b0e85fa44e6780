"""Quota sets and limits."""

from msgspec import Struct, field


class QuotaSetQuery(Struct):
    usage: bool = False


class QuotaUsage(Struct):
    in_use: int
    limit: int
    reserved: int = 0


class QuotaSetResponse(Struct):
    """The keys of a quota set are names of quotas, and `id`."""

    quota_set: dict[str, QuotaUsage | int | str]


class QuotaSetRequest(Struct):
    """The keys of a quota set are names of quotas; others are ignored."""

    quota_set: dict[str, int | str | bool | None]


class QuotaClassSetRequest(Struct):
    quota_class_set: dict[str, int | str | None]


class QuotaClassSetResponse(Struct):
    quota_class_set: dict[str, int | str]


class AbsoluteLimits(Struct, rename="camel"):
    max_total_volumes: int
    max_total_volume_gigabytes: int
    max_total_snapshots: int
    max_total_backups: int
    max_total_backup_gigabytes: int
    total_volumes_used: int
    total_gigabytes_used: int
    total_snapshots_used: int
    total_backups_used: int
    total_backup_gigabytes_used: int


class Limits(Struct):
    absolute: AbsoluteLimits
    rate: list[str] = field(default_factory=list)


class LimitsResponse(Struct):
    limits: Limits
