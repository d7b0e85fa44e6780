"""Availability zones and extensions."""

from msgspec import Struct, field

from stratiform.interfaces.openstack.volume.schemas.common import Link


class ZoneState(Struct):
    available: bool = True


class AvailabilityZone(Struct):
    zone_name: str = field(name="zoneName")
    zone_state: ZoneState = field(name="zoneState", default_factory=ZoneState)


class AvailabilityZonesResponse(Struct):
    zones: list[AvailabilityZone] = field(name="availabilityZoneInfo")


class Extension(Struct):
    alias: str
    name: str
    description: str
    links: list[Link] = field(default_factory=list)
    updated: str = "2012-08-27T00:00:00+00:00"


class ExtensionsResponse(Struct):
    extensions: list[Extension]
