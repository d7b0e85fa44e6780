"""The verbs of compute."""

from stratiform.services.compute.service.acting import Acting
from stratiform.services.compute.service.facts import Facts
from stratiform.services.compute.service.flavors import FlavorVerbs
from stratiform.services.compute.service.keypairs import KeyPairVerbs
from stratiform.services.compute.service.servers import Servers
from stratiform.services.compute.service.volumes import ServerVolumes


class ComputeService(Acting, Servers, ServerVolumes, Facts, FlavorVerbs, KeyPairVerbs):
    """See the package's own page. The verbs stand in one file a noun."""

    __slots__ = ()
