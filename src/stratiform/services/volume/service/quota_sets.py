"""Quota sets, limits, and the check that requests for new resources stay within them."""

from collections.abc import Mapping
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid
from stratiform.services.volume import policy
from stratiform.services.volume.errors import InvalidInput, QuotaExceeded
from stratiform.services.volume.model import (
    DEFAULT_CLASS,
    MAX_LIMIT,
    UNLIMITED,
    QuotaDefaults,
    QuotaUsage,
    build_quota_message,
    list_quota_names,
)
from stratiform.services.volume.repository import quotas

#: Cinder reports an exceeded size before an exceeded number.
_REPORTED_FIRST = ("gigabytes", "backup_gigabytes")


@dataclass(frozen=True, slots=True)
class QuotaSets:
    """Limits and usage. `defaults` apply unless the quota class `default` has a limit."""

    defaults: QuotaDefaults

    def get_limits(self, ctx: RequestContext, project_id: str | None = None) -> QuotaUsage:
        """Return limits and usage of the caller's project, or for operators of another one."""
        project_id = (project_id if ctx.caller.is_admin else None) or ctx.caller.project_id or ""
        policy.LIMITS_GET.require(ctx.caller, project_id)
        return self._read(ctx.db, project_id)

    def get(self, ctx: RequestContext, project_id: str) -> QuotaUsage:
        """Return limits and usage of a project."""
        policy.QUOTA_GET.require(ctx.caller, project_id)
        return self._read(ctx.db, project_id)

    def get_defaults(self, ctx: RequestContext, project_id: str) -> Mapping[str, int]:
        """Return the limits of projects without limits of their own."""
        policy.QUOTA_GET.require(ctx.caller, project_id)
        return self._class_limits(ctx.db, DEFAULT_CLASS)

    def get_class(self, ctx: RequestContext, name: str) -> Mapping[str, int]:
        policy.QUOTA_CLASS_GET.require(ctx.caller, None)
        return self._class_limits(ctx.db, name)

    def update(self, ctx: RequestContext, project_id: str, limits: Mapping[str, int]) -> QuotaUsage:
        """Set limits of a project. Raises InvalidInput for an unknown resource or a number out of range."""
        policy.QUOTA_UPDATE.require(ctx.caller, None)
        quotas.lock_project(ctx.db, project_id)
        in_use = quotas.sum_usage(ctx.db, project_id)
        for resource, limit in limits.items():
            if UNLIMITED < limit < in_use.get(resource, 0):
                raise Invalid(
                    f"Quota {resource} limit must be equal or greater than existing resources. "
                    f"Current usage is {in_use[resource]} and the requested limit is {limit}."
                )
        _save(ctx.db, project_id, limits)
        return self._read(ctx.db, project_id)

    def update_class(self, ctx: RequestContext, name: str, limits: Mapping[str, int]) -> Mapping[str, int]:
        """Set limits of a quota class. Raises InvalidInput."""
        policy.QUOTA_CLASS_UPDATE.require(ctx.caller, None)
        _save(ctx.db, f"class:{name}", limits)
        return self._class_limits(ctx.db, name)

    def delete(self, ctx: RequestContext, project_id: str) -> None:
        """Reset all limits of a project to the defaults."""
        policy.QUOTA_DELETE.require(ctx.caller, None)
        quotas.delete_limits(ctx.db, project_id)

    def reserve(self, db: Connection, project_id: str, requested: Mapping[str, int]) -> None:
        """Check that a project may have this much more of each resource. Raises QuotaExceeded.

        Concurrent requests of a project wait for each other until they commit, so that none exceeds the quota.
        """
        quotas.lock_project(db, project_id)
        usage = self._read(db, project_id)
        exceeded = [name for name, number in requested.items() if usage.exceeds(name, number)]
        for name in sorted(exceeded, key=lambda name: not name.startswith(_REPORTED_FIRST)):
            raise QuotaExceeded(build_quota_message(usage, name, requested[name]))

    def reserve_volume(self, db: Connection, project_id: str, type_name: str, size_gib: int, number: int = 1) -> None:
        """Reserve volumes of one type, or with `number` 0 more size of one. `size_gib` is their sum."""
        limit = self._read(db, project_id).limits["per_volume_gigabytes"]
        if limit != UNLIMITED and size_gib > limit and number <= 1:
            raise QuotaExceeded(
                f"VolumeSizeExceedsLimit: Requested volume size {size_gib}G is larger than maximum allowed limit "
                f"{limit}G."
            )
        requested = {"volumes": number, "gigabytes": size_gib}
        self.reserve(db, project_id, _with_type(requested, type_name))

    def reserve_snapshot(self, db: Connection, project_id: str, type_name: str, size_gib: int) -> None:
        self.reserve(db, project_id, _with_type({"snapshots": 1, "gigabytes": size_gib}, type_name))

    def _read(self, db: Connection, project_id: str) -> QuotaUsage:
        type_names = sorted(quotas.list_type_names(db).values())
        limits = {**self._class_limits(db, DEFAULT_CLASS), **quotas.list_limits(db, project_id)}
        return QuotaUsage(limits, quotas.sum_usage(db, project_id), type_names)

    def _class_limits(self, db: Connection, name: str) -> dict[str, int]:
        unlimited = dict.fromkeys(list_quota_names(sorted(quotas.list_type_names(db).values())), UNLIMITED)
        return {**unlimited, **self.defaults.to_limits(), **quotas.list_limits(db, f"class:{name}")}


def _with_type(requested: Mapping[str, int], type_name: str) -> dict[str, int]:
    """Return the requested numbers, and the same ones for the quotas of the volume type."""
    positive = {name: number for name, number in requested.items() if number > 0}
    return {**positive, **{f"{name}_{type_name}": number for name, number in positive.items()}}


def _save(db: Connection, scope: str, limits: Mapping[str, int]) -> None:
    names = list_quota_names(sorted(quotas.list_type_names(db).values()))
    unknown = sorted(set(limits) - set(names))
    if unknown:
        raise Invalid(f"Bad key(s) in quota set: {', '.join(unknown)}")
    for resource, limit in limits.items():
        if not UNLIMITED <= limit <= MAX_LIMIT:
            raise InvalidInput(f"{resource} must be between {UNLIMITED} and {MAX_LIMIT}.")
        quotas.save_limit(db, scope, resource, limit)
