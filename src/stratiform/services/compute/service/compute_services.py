"""Compute services. Source: Compute API reference, "Compute services (os-services)"."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stratiform.contract import registry
from stratiform.kit.clock import MINUTE_US
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Invalid
from stratiform.services.clouds.model import Cloud
from stratiform.services.clouds.service import CloudsService
from stratiform.services.compute import policy
from stratiform.services.compute.errors import ServiceNotFound
from stratiform.services.compute.model.hypervisors import Hypervisor, ServiceState
from stratiform.services.compute.repository import servers as repository
from stratiform.services.compute.repository import service_states

#: The worker counts as down if work has been due for this long.
_WORKER_TIMEOUT_US = MINUTE_US


@dataclass(frozen=True, slots=True)
class ComputeServices:
    """Operations of `/os-services`: the worker, and a service for every cloud. Each raises Forbidden."""

    clouds: CloudsService

    def is_worker_up(self, ctx: RequestContext) -> bool:
        """Return False if work on servers has been due for a minute."""
        policy.SERVICES_LIST.require(ctx.caller, None)
        return is_worker_up(ctx)

    def list(self, ctx: RequestContext) -> Sequence[Hypervisor]:
        """Return the clouds that support servers with the state of their services."""
        policy.SERVICES_LIST.require(ctx.caller, None)
        states, is_up = service_states.list_states(ctx.db), is_worker_up(ctx)
        return [
            Hypervisor(cloud.id, cloud.name, cloud.kind, states.get(cloud.id, ServiceState(cloud.id)), is_up=is_up)
            for cloud in self._list_clouds(ctx)
        ]

    def update(
        self,
        ctx: RequestContext,
        name_or_id: str,
        *,
        disabled: bool | None = None,
        reason: str | None = None,
        forced_down: bool | None = None,
    ) -> Hypervisor:
        """Change the values that are not None. No servers are created in a cloud with a disabled service.

        Raises ServiceNotFound.
        """
        policy.SERVICES_UPDATE.require(ctx.caller, None)
        cloud = self._get_cloud(ctx, name_or_id)
        state = service_states.find_state(ctx.db, cloud.id) or ServiceState(cloud.id)
        if disabled is not None:
            state = replace(state, disabled=disabled, disabled_reason=reason if disabled else None)
        if forced_down is not None:
            state = replace(state, forced_down=forced_down)
        state = service_states.save_state(ctx.db, replace(state, updated_at=ctx.now))
        return Hypervisor(cloud.id, cloud.name, cloud.kind, state, is_up=is_worker_up(ctx))

    def delete(self, ctx: RequestContext, service_id: str) -> None:
        """Raises ServiceNotFound; Conflict if the cloud has servers; Invalid otherwise: clouds are removed instead."""
        policy.SERVICES_DELETE.require(ctx.caller, None)
        cloud = self._get_cloud(ctx, service_id)
        if repository.has_servers_in_cloud(ctx.db, cloud.id):
            raise Conflict(
                "Unable to delete compute service that is hosting instances. Migrate or delete the instances first."
            )
        raise Invalid(f"The service belongs to cloud {cloud.name}.", hint="remove the cloud: stratiform clouds remove")

    def _get_cloud(self, ctx: RequestContext, name_or_id: str) -> Cloud:
        for cloud in self._list_clouds(ctx):
            number = Hypervisor(cloud.id, cloud.name, cloud.kind, ServiceState(cloud.id)).number
            if name_or_id in (cloud.id, cloud.name, str(number)):
                return cloud
        raise ServiceNotFound(name_or_id)

    def _list_clouds(self, ctx: RequestContext) -> Sequence[Cloud]:
        clouds = self.clouds.accounts.list_all(ctx.db)
        return [cloud for cloud in clouds if registry.has_capability(cloud.kind, "compute")]


def is_worker_up(ctx: RequestContext) -> bool:
    """Return False if work on servers has been due for a minute. Without a policy check."""
    return not repository.has_overdue_work(ctx.db, ctx.now - _WORKER_TIMEOUT_US)
