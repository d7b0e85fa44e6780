"""Quota sets and quota classes. Source: Compute API reference, "Quota sets" and "Quota class sets"."""

from collections.abc import Mapping
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.services.compute import policy
from stratiform.services.compute.errors import InvalidField
from stratiform.services.compute.model.quotas import UNLIMITED, QuotaUsage
from stratiform.services.compute.repository import quotas as repository
from stratiform.services.compute.service.quotas import Quotas

_MAX_LIMIT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class QuotaSets:
    """Operations of `/os-quota-sets` and `/os-quota-class-sets`."""

    quotas: Quotas

    def get_usage(self, ctx: RequestContext, project_id: str) -> Mapping[str, QuotaUsage]:
        """Return limits and usage by resource. Raises Forbidden."""
        policy.QUOTA_SETS_DETAIL.require(ctx.caller, project_id)
        return self.quotas.get_usage(ctx.db, project_id)

    def get(self, ctx: RequestContext, project_id: str) -> Mapping[str, int]:
        """Return the limits of a project by resource. Raises Forbidden."""
        policy.QUOTA_SETS_SHOW.require(ctx.caller, project_id)
        return self.quotas.get_limits(ctx.db, project_id)

    def get_defaults(self, ctx: RequestContext, project_id: str) -> Mapping[str, int]:
        """Return the limits that a project has unless an operator sets others. Raises Forbidden."""
        policy.QUOTA_SETS_DEFAULTS.require(ctx.caller, project_id)
        return self.quotas.get_defaults(ctx.db)

    def update(
        self, ctx: RequestContext, project_id: str, limits: Mapping[str, int], *, force: bool = False
    ) -> Mapping[str, int]:
        """Set limits of a project. `force` allows those below the usage. Raises Invalid, InvalidField."""
        policy.QUOTA_SETS_UPDATE.require(ctx.caller, project_id)
        _validate(limits)
        usage = self.quotas.get_usage(ctx.db, project_id)
        for resource, limit in limits.items():
            if not force and UNLIMITED < limit < usage[resource].in_use:
                raise Invalid(
                    f"Quota limit {limit} for {resource} must be greater than or equal to already used and reserved "
                    f"{usage[resource].in_use}."
                )
        repository.save_project_limits(ctx.db, project_id, limits)
        return self.quotas.get_limits(ctx.db, project_id)

    def delete(self, ctx: RequestContext, project_id: str) -> None:
        """Reset the limits of a project to the defaults."""
        policy.QUOTA_SETS_DELETE.require(ctx.caller, project_id)
        repository.delete_project_limits(ctx.db, project_id)

    def get_class(self, ctx: RequestContext, class_name: str) -> Mapping[str, int]:
        """Return the limits of a quota class; only `default` has an effect."""
        policy.QUOTA_CLASS_SETS_SHOW.require(ctx.caller, None)
        return self.quotas.get_defaults(ctx.db, class_name)

    def update_class(self, ctx: RequestContext, class_name: str, limits: Mapping[str, int]) -> Mapping[str, int]:
        """Set limits of a quota class. Raises InvalidField."""
        policy.QUOTA_CLASS_SETS_UPDATE.require(ctx.caller, None)
        _validate(limits)
        repository.save_class_limits(ctx.db, class_name, limits)
        return self.quotas.get_defaults(ctx.db, class_name)


def _validate(limits: Mapping[str, int]) -> None:
    for resource, limit in limits.items():
        if not UNLIMITED <= limit <= _MAX_LIMIT:
            raise InvalidField(resource, limit, f"{limit} is not between {UNLIMITED} and {_MAX_LIMIT}")
