"""Auto-allocated topologies: a network of a project with subnets and a router to the default external network.

Source: neutron/services/auto_allocate/db.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.database import IntegrityError
from stratiform.services.network import policy
from stratiform.services.network.errors.routing import AutoAllocationFailure
from stratiform.services.network.model import Network, NewSubnet
from stratiform.services.network.model.ip_addresses import LARGEST_RESERVATION
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.repository import auto_allocated_topologies as repository
from stratiform.services.network.repository import resources
from stratiform.services.network.repository.auto_allocated_topologies import AutoAllocatedTopology
from stratiform.services.network.service.address_allocator import AddressAllocator
from stratiform.services.network.service.ownership import resolve_owner
from stratiform.services.network.service.router_interfaces import RouterInterfaces

_NAME = "auto_allocated"
_IP_VERSIONS = (4, 6)


@dataclass(frozen=True, slots=True)
class AutoAllocatedTopologies:
    """The topology of a project, which is created when it is first requested. Projects: None is the caller's."""

    router_interfaces: RouterInterfaces

    def check(self, ctx: RequestContext, project_id: str | None) -> str:
        """Return the project, if a topology can be created for it. Raises AutoAllocationFailure."""
        owner = resolve_owner(ctx.caller, project_id)
        policy.TOPOLOGY_GET.require(ctx.caller, owner)
        _get_external_network(ctx)
        _list_pools(ctx)
        return owner

    def ensure(self, ctx: RequestContext, project_id: str | None) -> AutoAllocatedTopology:
        """Return the topology; create it if it does not exist. Raises AutoAllocationFailure, QuotaExceeded."""
        owner = resolve_owner(ctx.caller, project_id)
        policy.TOPOLOGY_GET.require(ctx.caller, owner)
        existing = repository.find_topology(ctx.db, owner)
        if existing is not None:
            return existing
        try:
            with ctx.db.begin_nested():
                return self._create(ctx, owner)
        except IntegrityError as error:
            raise AutoAllocationFailure("the topology is being created by another request") from error

    def delete(self, ctx: RequestContext, project_id: str | None) -> None:
        """Delete the topology with its network and router. Raises NetworkInUse; does nothing without a topology."""
        owner = resolve_owner(ctx.caller, project_id)
        policy.TOPOLOGY_DELETE.require(ctx.caller, owner)
        topology = repository.find_topology(ctx.db, owner)
        if topology is None:
            return
        repository.delete_topology(ctx.db, owner)
        for subnet in resources.list_subnets_by_network(ctx.db, [topology.network_id])[topology.network_id]:
            self.router_interfaces.remove(ctx, topology.router_id, subnet.id, None)
        self.router_interfaces.routers.collection.delete(ctx, topology.router_id)
        self.router_interfaces.ports.networks.delete(ctx, topology.network_id)

    def _create(self, ctx: RequestContext, owner: str) -> AutoAllocatedTopology:
        external, pools = _get_external_network(ctx), _list_pools(ctx)
        interfaces = self.router_interfaces
        AddressAllocator.lock_network(ctx, external)  # before the outbox, as all requests do
        network = interfaces.ports.networks.create(ctx, owner, {"name": f"{_NAME}_network"})
        gateway = {"name": f"{_NAME}_router", "external_gateway_info": {"network_id": external.id}}
        router = interfaces.routers.collection.create(ctx, gateway, owner)
        topology = repository.insert_topology(ctx.db, AutoAllocatedTopology(owner, network.id, router.id))
        for pool in pools:
            version = pool["ip_version"]
            new = NewSubnet(
                network.id, version, None, pool_id=pool.id, attributes={"name": f"{_NAME}_subnet_v{version}"}
            )
            subnet = interfaces.subnets.create(ctx, new, owner, LARGEST_RESERVATION)
            interfaces.add(ctx, router.id, subnet.id, None)
        return topology


def _get_external_network(ctx: RequestContext) -> Network:
    network = resources.find_default_external_network(ctx.db)
    if network is None:
        raise AutoAllocationFailure("No default router:external network")
    return network


def _list_pools(ctx: RequestContext) -> Sequence[Resource]:
    pools = [resources.find_default_pool(ctx.db, version) for version in _IP_VERSIONS]
    defined = [pool for pool in pools if pool is not None]
    if not defined:
        raise AutoAllocationFailure("No default subnetpools defined")
    return defined
