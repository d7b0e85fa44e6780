"""Hypervisors, hosts and compute services."""

from msgspec import UNSET, UnsetType

from stratiform.interfaces.endpoints import ViewContext
from stratiform.interfaces.openstack.compute.schemas import hypervisors as schemas
from stratiform.interfaces.openstack.compute.schemas.infrastructure import ComputeService
from stratiform.kit.clock import Micros, format_iso_naive
from stratiform.services.compute.model.hypervisors import Hypervisor

#: The binary of the service of a cloud.
BINARY = "nova-compute"

#: Since this microversion, ids are UUIDs, and requests select whether responses have servers.
_UUIDS = 53

#: Since this microversion, responses with servers have an empty list, too.
_EMPTY_SERVERS = 75

#: The address of a host, which clouds do not reveal.
_UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104 - shown, not used


def hypervisor_summary(
    hypervisor: Hypervisor, view: ViewContext, *, with_servers: bool = False
) -> schemas.HypervisorSummary:
    return schemas.HypervisorSummary(
        id=_id(hypervisor, view),
        hypervisor_hostname=hypervisor.name,
        state=_state(hypervisor),
        status=_status(hypervisor),
        servers=_servers(hypervisor, view) if with_servers else UNSET,
    )


def hypervisor_detail(
    hypervisor: Hypervisor, view: ViewContext, *, with_servers: bool = False
) -> schemas.HypervisorDetail:
    return schemas.HypervisorDetail(
        id=_id(hypervisor, view),
        hypervisor_hostname=hypervisor.name,
        state=_state(hypervisor),
        status=_status(hypervisor),
        servers=_servers(hypervisor, view) if with_servers else UNSET,
        host_ip=_UNKNOWN_ADDRESS,
        hypervisor_type=hypervisor.kind,
        hypervisor_version=1,
        service=schemas.HypervisorService(_id(hypervisor, view), hypervisor.name, hypervisor.state.disabled_reason),
        cpu_info="" if view.microversion < 28 else {},
        local_gb=hypervisor.disk,
        local_gb_used=hypervisor.disk,
        memory_mb=hypervisor.ram,
        memory_mb_used=hypervisor.ram,
        running_vms=len(hypervisor.servers),
        vcpus=hypervisor.vcpus,
        vcpus_used=hypervisor.vcpus,
    )


def host_resources(hypervisor: Hypervisor) -> list[schemas.HostResourceItem]:
    values = (hypervisor.vcpus, hypervisor.ram, hypervisor.disk)
    return [
        schemas.HostResourceItem(schemas.HostResource(hypervisor.name, project, *values))
        for project in ("(total)", "(used_now)", "(used_max)")
    ]


def compute_service(hypervisor: Hypervisor, view: ViewContext, now: Micros) -> ComputeService:
    return ComputeService(
        id=_id(hypervisor, view),
        binary=BINARY,
        host=hypervisor.name,
        zone=hypervisor.name,
        status=_status(hypervisor),
        state=_state(hypervisor),
        updated_at=format_iso_naive(hypervisor.state.updated_at or now),
        disabled_reason=hypervisor.state.disabled_reason,
        forced_down=hypervisor.state.forced_down,
    )


def _id(hypervisor: Hypervisor, view: ViewContext) -> int | str:
    return hypervisor.id if view.microversion >= _UUIDS else hypervisor.number


def _state(hypervisor: Hypervisor) -> str:
    return "up" if hypervisor.is_up and not hypervisor.state.forced_down else "down"


def _status(hypervisor: Hypervisor) -> str:
    return "disabled" if hypervisor.state.disabled else "enabled"


def _servers(hypervisor: Hypervisor, view: ViewContext) -> list[schemas.HypervisorServer] | UnsetType:
    if not hypervisor.servers and view.microversion < _EMPTY_SERVERS:
        return UNSET
    return [schemas.HypervisorServer(server.id, server.name) for server in hypervisor.servers]
