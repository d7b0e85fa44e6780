"""Hypervisors, one for every cloud. Source: Compute API reference, "Hypervisors (os-hypervisors)"."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.contract import registry
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import NotFound
from stratiform.kit.policy import Rule
from stratiform.services.clouds.service import CloudsService
from stratiform.services.compute import policy
from stratiform.services.compute.errors import ComputeHostNotFound
from stratiform.services.compute.model.hypervisors import Hypervisor, HypervisorServer, ServiceState
from stratiform.services.compute.model.servers import Server
from stratiform.services.compute.repository import servers as server_repository
from stratiform.services.compute.repository import service_states
from stratiform.services.compute.service.compute_services import is_worker_up


@dataclass(frozen=True, slots=True)
class Hypervisors:
    """Operations of `/os-hypervisors` and `/os-hosts`, for operators. Each raises Forbidden.

    Clouds do not reveal their hypervisors, so each cloud counts as one, with the sums of the flavors of its servers.
    """

    clouds: CloudsService

    def list(self, ctx: RequestContext, rule: Rule = policy.HYPERVISORS_LIST) -> Sequence[Hypervisor]:
        """Return the clouds that support servers, oldest first."""
        rule.require(ctx.caller, None)
        states, is_up = service_states.list_states(ctx.db), is_worker_up(ctx)
        by_cloud: dict[str, list[Server]] = {}
        for server in server_repository.list_all_servers(ctx.db):
            by_cloud.setdefault(server.cloud_id, []).append(server)
        return [
            Hypervisor(
                id=cloud.id,
                name=cloud.name,
                kind=cloud.kind,
                state=states.get(cloud.id, ServiceState(cloud.id)),
                servers=[HypervisorServer(server.id, server.name) for server in by_cloud.get(cloud.id, [])],
                vcpus=sum(server.flavor["vcpus"] for server in by_cloud.get(cloud.id, [])),
                ram=sum(server.flavor["ram"] for server in by_cloud.get(cloud.id, [])),
                disk=sum(server.flavor["disk"] for server in by_cloud.get(cloud.id, [])),
                is_up=is_up,
            )
            for cloud in self.clouds.accounts.list_all(ctx.db)
            if registry.has_capability(cloud.kind, "compute")
        ]

    def get(self, ctx: RequestContext, hypervisor_id: str, rule: Rule = policy.HYPERVISORS_SHOW) -> Hypervisor:
        """Return the hypervisor with this id, in one of its two forms. Raises NotFound."""
        for hypervisor in self.list(ctx, rule):
            if hypervisor_id in (hypervisor.id, str(hypervisor.number)):
                return hypervisor
        raise NotFound(f"Hypervisor with ID '{hypervisor_id}' could not be found.")

    def search(self, ctx: RequestContext, pattern: str, rule: Rule = policy.HYPERVISORS_SEARCH) -> Sequence[Hypervisor]:
        """Return the hypervisors whose name contains `pattern`. Raises NotFound if there are none."""
        matches = [hypervisor for hypervisor in self.list(ctx, rule) if pattern in hypervisor.name]
        if not matches:
            raise NotFound(f"No hypervisor matching '{pattern}' could be found.")
        return matches

    def get_host(self, ctx: RequestContext, name: str, rule: Rule = policy.HOSTS_SHOW) -> Hypervisor:
        """Raises ComputeHostNotFound."""
        for hypervisor in self.list(ctx, rule):
            if hypervisor.name == name:
                return hypervisor
        raise ComputeHostNotFound(name)
