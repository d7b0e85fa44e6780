"""IP availabilities of networks."""

from msgspec import UNSET, Struct, UnsetType, field

from stratiform.interfaces.openstack.network.schemas.common import Link, ListQuery


class IpAvailabilityListQuery(ListQuery, kw_only=True):
    id: list[str] = field(name="network_id", default=[])
    name: list[str] = field(name="network_name", default=[])
    project_id: list[str] = []
    tenant_id: list[str] = []
    ip_version: list[int] = []


class SubnetIpAvailability(Struct):
    subnet_id: str
    subnet_name: str
    cidr: str
    ip_version: int
    total_ips: int
    used_ips: int


class IpAvailability(Struct):
    network_id: str
    network_name: str
    project_id: str
    tenant_id: str
    total_ips: int
    used_ips: int
    subnet_ip_availability: list[SubnetIpAvailability]


class IpAvailabilityResponse(Struct):
    network_ip_availability: IpAvailability


class IpAvailabilitiesResponse(Struct):
    network_ip_availabilities: list[IpAvailability]
    network_ip_availabilities_links: list[Link] | UnsetType = UNSET
