"""Deletion of a subnet and of its native subnets."""

from stratiform.kit.context import RequestContext
from stratiform.kit.work_queue import enqueue
from stratiform.services.network.model import Subnet
from stratiform.services.network.repository import ip_allocations, resources


def delete_subnet(ctx: RequestContext, subnet: Subnet) -> None:
    """Delete a subnet without allocated addresses, and enqueue the deletion of its native subnets."""
    ip_allocations.delete_pools(ctx.db, subnet.id)
    resources.delete_subnet(ctx.db, subnet.id)
    if resources.list_native_subnets(ctx.db, subnet.id):
        enqueue(ctx.db, "network.subnet", subnet.id, ctx.now)
