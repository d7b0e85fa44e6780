"""Availability zones, compute services, hypervisors, server groups and extensions."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Struct, field

from stratiform.interfaces.endpoints import Since
from stratiform.interfaces.openstack.compute.schemas.common import PageQuery
from stratiform.kit.pagination import Page


class ZoneState(Struct):
    available: bool = True


class AvailabilityZone(Struct):
    """`hosts` is null without details; the hosts of clouds are not known."""

    name: str = field(name="zoneName")
    state: ZoneState = field(name="zoneState", default_factory=ZoneState)
    hosts: dict[str, str] | None = None


class AvailabilityZonesResponse(Struct):
    availability_zone_info: list[AvailabilityZone] = field(name="availabilityZoneInfo")


class ComputeServiceQuery(Struct):
    binary: str | None = None
    host: str | None = None


class ComputeService(Struct, kw_only=True):
    """`id` is a number before 2.53."""

    id: int | str
    binary: str
    host: str
    zone: str = "internal"
    status: str = "enabled"
    state: str
    updated_at: str
    disabled_reason: str | None = None
    forced_down: Annotated[bool, Since(11)] = False


class ComputeServicesResponse(Struct):
    services: list[ComputeService]


class HypervisorListQuery(Struct):
    limit: Annotated[str | None, Since(33)] = None
    marker: Annotated[str | None, Since(33)] = None

    def page(self) -> Page:
        """Raises Invalid."""
        return PageQuery(self.limit, self.marker).page()


class HypervisorsResponse(Struct):
    hypervisors: Sequence[str]


class ServerGroupsResponse(Struct):
    server_groups: Sequence[str]


class Extension(Struct):
    alias: str
    name: str
    description: str
    links: list[str] = field(default_factory=list)
    namespace: str = "http://docs.openstack.org/compute/ext/fake_xml"
    updated: str = "2014-12-03T00:00:00Z"


class ExtensionsResponse(Struct):
    extensions: list[Extension]


class ExtensionResponse(Struct):
    extension: Extension
