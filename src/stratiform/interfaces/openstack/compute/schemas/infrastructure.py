"""Availability zones, compute services and extensions."""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType, field

from stratiform.interfaces.endpoints import Since


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


class ComputeServiceUpdate(Struct, forbid_unknown_fields=True):
    """The body of `PUT /os-services/{service_id}`, since 2.53."""

    status: str | UnsetType = UNSET
    disabled_reason: str | UnsetType = UNSET
    forced_down: bool | UnsetType = UNSET


class ComputeServiceHost(Struct, forbid_unknown_fields=True):
    """The body of the actions until 2.52."""

    host: str
    binary: str
    disabled_reason: str | UnsetType = UNSET
    forced_down: bool | UnsetType = UNSET


class ComputeServiceResponse(Struct):
    service: ComputeService


class ComputeServiceStatus(Struct):
    host: str
    binary: str
    status: str | UnsetType = UNSET
    disabled_reason: str | UnsetType = UNSET
    forced_down: bool | UnsetType = UNSET


class ComputeServiceStatusResponse(Struct):
    service: ComputeServiceStatus


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
