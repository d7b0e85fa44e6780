"""Flavors, key pairs and servers. Pure."""

from stratiform.services.compute.model.block_devices import BlockDevice
from stratiform.services.compute.model.flavors import Flavor, FlavorFilter, FlavorSnapshot, NewFlavor
from stratiform.services.compute.model.instance_actions import InstanceAction
from stratiform.services.compute.model.keypairs import GeneratedKey, KeyPair
from stratiform.services.compute.model.project_usage import ProjectUsage
from stratiform.services.compute.model.server_status import StatusStates
from stratiform.services.compute.model.servers import (
    MutableServerFields,
    NewServer,
    RebuildChanges,
    Server,
    ServerChanges,
    ServerDetail,
    ServerFault,
    ServerFilter,
)

__all__ = [
    "BlockDevice",
    "Flavor",
    "FlavorFilter",
    "FlavorSnapshot",
    "GeneratedKey",
    "InstanceAction",
    "KeyPair",
    "MutableServerFields",
    "NewFlavor",
    "NewServer",
    "ProjectUsage",
    "RebuildChanges",
    "Server",
    "ServerChanges",
    "ServerDetail",
    "ServerFault",
    "ServerFilter",
    "StatusStates",
]
