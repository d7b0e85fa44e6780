"""The verbs of networking."""

from stratiform.services.network.service.clouds import CloudVerbs
from stratiform.services.network.service.networks import NetworkVerbs
from stratiform.services.network.service.ports import PortVerbs
from stratiform.services.network.service.security import SecurityVerbs
from stratiform.services.network.service.servers import ServerVerbs
from stratiform.services.network.service.subnets import SubnetVerbs

__all__ = ["NetworkService"]


class NetworkService(CloudVerbs, ServerVerbs, PortVerbs, SubnetVerbs, NetworkVerbs, SecurityVerbs):
    """See the package's own page."""

    __slots__ = ()
