"""The words of networking: records, requests, addresses."""

from stratiform.services.network.model.addressing import Reserve
from stratiform.services.network.model.listing import Listing
from stratiform.services.network.model.records import (
    Availability,
    FixedIp,
    Network,
    NicRequest,
    Port,
    PortWish,
    Subnet,
    SubnetWish,
)
from stratiform.services.network.model.security import SecurityGroup, SecurityRule, default_group

__all__ = [
    "Availability",
    "FixedIp",
    "Listing",
    "Network",
    "NicRequest",
    "Port",
    "PortWish",
    "Reserve",
    "SecurityGroup",
    "SecurityRule",
    "Subnet",
    "SubnetWish",
    "default_group",
]
