"""Taking a subnet away, here and in the clouds; shared by the verbs on subnets and on networks."""

from stratiform.kit.context import RequestContext
from stratiform.kit.work import enqueue
from stratiform.services.network.model import Subnet
from stratiform.services.network.repository import allocation
from stratiform.services.network.repository import rows as repository
from stratiform.services.network.tables import subnets as table


def remove_subnet(ctx: RequestContext, subnet: Subnet) -> None:
    """Delete the record and ask for the native subnets to go too. Nobody holds an address of it any more."""
    allocation.forget_subnet(ctx.db, subnet.id)
    repository.subnets.delete(ctx.db, table.c.id == subnet.id)
    if repository.natives_of(ctx.db, subnet.id):
        enqueue(ctx.db, "network.subnet", subnet.id, ctx.now)
