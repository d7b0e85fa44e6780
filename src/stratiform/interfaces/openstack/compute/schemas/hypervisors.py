"""Hypervisors and hosts."""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType

from stratiform.interfaces.endpoints import Since, Until
from stratiform.interfaces.openstack.compute.schemas.common import Link, PageQuery
from stratiform.kit.pagination import Page

_LAST = 87


class HypervisorListQuery(Struct):
    limit: Annotated[str | None, Since(33)] = None
    marker: Annotated[str | None, Since(33)] = None
    hypervisor_hostname_pattern: Annotated[str | None, Since(53)] = None
    with_servers: Annotated[str | None, Since(53)] = None

    def page(self) -> Page:
        """Raises Invalid."""
        return PageQuery(self.limit, self.marker).page()


class HypervisorShowQuery(Struct):
    with_servers: Annotated[str | None, Since(53)] = None


class HypervisorServer(Struct):
    uuid: str
    name: str


class HypervisorSummary(Struct, kw_only=True):
    """`id` is a number before 2.53."""

    id: int | str
    hypervisor_hostname: str
    state: str
    status: str
    servers: list[HypervisorServer] | UnsetType = UNSET


class HypervisorService(Struct):
    id: int | str
    host: str
    disabled_reason: str | None


class HypervisorDetail(HypervisorSummary, kw_only=True):
    """The totals are the sums of the servers' flavors: clouds do not report their capacity."""

    host_ip: str
    hypervisor_type: str
    hypervisor_version: int
    service: HypervisorService
    uptime: Annotated[str | None, Since(88)] = None
    cpu_info: Annotated[str | dict[str, str], Until(_LAST)]
    current_workload: Annotated[int, Until(_LAST)] = 0
    disk_available_least: Annotated[int | None, Until(_LAST)] = None
    free_disk_gb: Annotated[int, Until(_LAST)] = 0
    free_ram_mb: Annotated[int, Until(_LAST)] = 0
    local_gb: Annotated[int, Until(_LAST)]
    local_gb_used: Annotated[int, Until(_LAST)]
    memory_mb: Annotated[int, Until(_LAST)]
    memory_mb_used: Annotated[int, Until(_LAST)]
    running_vms: Annotated[int, Until(_LAST)]
    vcpus: Annotated[int, Until(_LAST)]
    vcpus_used: Annotated[int, Until(_LAST)]


class HypervisorsResponse(Struct):
    hypervisors: list[HypervisorSummary]
    hypervisors_links: list[Link] | UnsetType = UNSET


class HypervisorsDetailResponse(Struct):
    hypervisors: list[HypervisorDetail]
    hypervisors_links: list[Link] | UnsetType = UNSET


class HypervisorResponse(Struct):
    hypervisor: HypervisorDetail


class HypervisorStatistics(Struct, kw_only=True):
    count: int
    current_workload: int = 0
    disk_available_least: int = 0
    free_disk_gb: int = 0
    free_ram_mb: int = 0
    local_gb: int
    local_gb_used: int
    memory_mb: int
    memory_mb_used: int
    running_vms: int
    vcpus: int
    vcpus_used: int


class HypervisorStatisticsResponse(Struct):
    hypervisor_statistics: HypervisorStatistics


class HostListQuery(Struct):
    zone: str | None = None


class Host(Struct):
    host_name: str
    service: str
    zone: str


class HostUpdateRequest(Struct, forbid_unknown_fields=True):
    """At least one; each is `enable` or `disable`."""

    status: str | UnsetType = UNSET
    maintenance_mode: str | UnsetType = UNSET


class HostUpdateResponse(Struct):
    host: str
    status: str


class HostsResponse(Struct):
    hosts: list[Host]


class HostResource(Struct):
    host: str
    project: str
    cpu: int
    memory_mb: int
    disk_gb: int


class HostResourceItem(Struct):
    resource: HostResource


class HostResponse(Struct):
    host: list[HostResourceItem]
