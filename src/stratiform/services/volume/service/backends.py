"""Back ends: the clouds with block storage, as Cinder's services, hosts and pools."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.contract import registry
from stratiform.kit.clock import MINUTE_US
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import NotFound
from stratiform.kit.policy import Rule
from stratiform.services.clouds.model import Cloud
from stratiform.services.clouds.service import CloudsService
from stratiform.services.volume.model.backends import Backend
from stratiform.services.volume.repository import backends as repository

#: The worker counts as down if work has been due for this long.
_WORKER_TIMEOUT_US = MINUTE_US


@dataclass(frozen=True, slots=True)
class Backends:
    """Read the back ends. `rule` is that of the API through which they are read."""

    clouds: CloudsService

    def list(self, ctx: RequestContext, rule: Rule) -> Sequence[Backend]:
        """Return all clouds with block storage. Raises Forbidden."""
        rule.require(ctx.caller, None)
        is_up = not repository.has_overdue_work(ctx.db, ctx.now - _WORKER_TIMEOUT_US)
        clouds = self.clouds.accounts.list_all(ctx.db)
        return [_build(ctx, cloud, is_up=is_up) for cloud in clouds if registry.has_capability(cloud.kind, "volume")]

    def get(self, ctx: RequestContext, rule: Rule, host: str) -> Backend:
        """Return the back end of a host or pool. Raises NotFound, Forbidden."""
        for backend in self.list(ctx, rule):
            if host in (backend.host, backend.pool, backend.cloud_name):
                return backend
        raise NotFound(f"Host {host} could not be found.")


def _build(ctx: RequestContext, cloud: Cloud, *, is_up: bool) -> Backend:
    volumes, volumes_gib = repository.sum_volumes(ctx.db, cloud.id)
    snapshots, snapshots_gib = repository.sum_snapshots(ctx.db, cloud.id)
    return Backend(
        cloud_id=cloud.id,
        cloud_name=cloud.name,
        kind=cloud.kind,
        zone=repository.find_zone(ctx.db, cloud.id) or cloud.name,
        volumes=volumes,
        volumes_gib=volumes_gib,
        snapshots=snapshots,
        snapshots_gib=snapshots_gib,
        has_multiattach=registry.has_multiattach(cloud.kind),
        has_consistent_snapshots=registry.has_consistent_snapshots(cloud.kind),
        is_up=is_up,
    )
