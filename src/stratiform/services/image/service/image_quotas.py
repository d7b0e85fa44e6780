"""Quotas of images. Names, units and texts are those of Glance's unified limits.

A limit is that of the project in the Identity API, or else the registered limit, or else the setting. Source:
glance/quota/keystone.py; oslo_limit/exception.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.services.identity.service import IdentityService
from stratiform.services.image import policy
from stratiform.services.image.errors import ImageQuotaExceeded
from stratiform.services.image.model import QUOTA_DEFAULTS
from stratiform.services.image.repository import quotas

#: The type of the service in the catalog, to which unified limits refer.
_SERVICE_TYPE = "image"

_MIB = 2**20

#: Resources whose usage is in bytes, and whose limit is in MiB.
_SIZES = ("image_size_total", "image_stage_total")


@dataclass(frozen=True, slots=True)
class ImageQuotas:
    """`defaults`: the limits of projects without limits in the Identity API; -1: unlimited."""

    identity: IdentityService
    defaults: Mapping[str, int] = field(default_factory=dict)

    def require(self, db: Connection, project_id: str, resource: str, delta: int = 0) -> None:
        """Check that a project may use `delta` more (sizes: bytes), and exclude its other requests until the commit.

        Raises: ImageQuotaExceeded
        """
        limit = self.get_limit(db, project_id, resource)
        if limit < 0:
            return
        quotas.lock_project(db, project_id)
        usage = quotas.sum_usage(db, project_id)[resource]
        unit = _MIB if resource in _SIZES else 1
        if usage + delta > limit * unit:
            raise ImageQuotaExceeded(project_id, resource, limit, usage // unit, -(-delta // unit))

    def get_limit(self, db: Connection, project_id: str, resource: str) -> int:
        unified = self.identity.simple_resources.find_effective_limit(db, _SERVICE_TYPE, resource, project_id)
        return self.defaults.get(resource, QUOTA_DEFAULTS[resource]) if unified is None else unified

    def list_usage(self, ctx: RequestContext) -> dict[str, tuple[int, int]]:
        """Return limit and usage of each resource of the caller's project; sizes in MiB."""
        project_id = ctx.caller.require_project_id()
        policy.USAGE_INFO_GET.require(ctx.caller, project_id)
        usage = quotas.sum_usage(ctx.db, project_id)
        return {
            resource: (self.get_limit(ctx.db, project_id, resource), used // (_MIB if resource in _SIZES else 1))
            for resource, used in usage.items()
        }
