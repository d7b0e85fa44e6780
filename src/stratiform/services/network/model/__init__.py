"""Resources of the Networking API, requests for them, and IP address arithmetic."""

from stratiform.services.network.model.guest_interfaces import GuestInterface
from stratiform.services.network.model.ip_addresses import ReservedAddresses
from stratiform.services.network.model.list_query import FilterValue, ListQuery
from stratiform.services.network.model.resource_types import Resource, ResourceType
from stratiform.services.network.model.resources import (
    Attributes,
    FixedIpRequest,
    FloatingAddresses,
    IpAvailability,
    Network,
    NewPort,
    NewSubnet,
    NicRequest,
    Port,
    QuotaUsage,
    Subnet,
    SubnetIpAvailability,
)
from stratiform.services.network.model.security_groups import get_default_security_group_id

__all__ = [
    "Attributes",
    "FilterValue",
    "FixedIpRequest",
    "FloatingAddresses",
    "GuestInterface",
    "IpAvailability",
    "ListQuery",
    "Network",
    "NewPort",
    "NewSubnet",
    "NicRequest",
    "Port",
    "QuotaUsage",
    "ReservedAddresses",
    "Resource",
    "ResourceType",
    "Subnet",
    "SubnetIpAvailability",
    "get_default_security_group_id",
]
