"""Compute services. Source: Compute API reference, "Compute services (os-services)"."""

from dataclasses import dataclass

from stratiform.kit.clock import MINUTE_US
from stratiform.kit.context import RequestContext
from stratiform.services.compute import policy
from stratiform.services.compute.repository import servers as repository

#: The worker counts as down if work has been due for this long.
_WORKER_TIMEOUT_US = MINUTE_US


@dataclass(frozen=True, slots=True)
class ComputeServices:
    """Operations of `/os-services`."""

    def is_worker_up(self, ctx: RequestContext) -> bool:
        """Return False if work on servers has been due for a minute. Raises Forbidden."""
        policy.SERVICES_LIST.require(ctx.caller, None)
        return not repository.has_overdue_work(ctx.db, ctx.now - _WORKER_TIMEOUT_US)
