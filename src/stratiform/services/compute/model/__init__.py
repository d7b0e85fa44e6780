"""The words of compute: flavors, key pairs, servers. Pure."""

from stratiform.services.compute.model.flavor import Flavor, FlavorFilter, NewFlavor
from stratiform.services.compute.model.keypair import GeneratedKey, KeyPair
from stratiform.services.compute.model.server import Action, Detail, NewServer, Server, ServerFilter, Used

__all__ = [
    "Action",
    "Detail",
    "Flavor",
    "FlavorFilter",
    "GeneratedKey",
    "KeyPair",
    "NewFlavor",
    "NewServer",
    "Server",
    "ServerFilter",
    "Used",
]
