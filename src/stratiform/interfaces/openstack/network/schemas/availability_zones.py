"""Availability zones."""

from msgspec import Struct

from stratiform.interfaces.openstack.network.schemas.common import ListQuery


class AvailabilityZoneListQuery(ListQuery, kw_only=True):
    name: list[str] = []
    resource: list[str] = []
    state: list[str] = []


class AvailabilityZone(Struct):
    name: str
    resource: str = "network"
    state: str = "available"


class AvailabilityZonesResponse(Struct):
    availability_zones: list[AvailabilityZone]
