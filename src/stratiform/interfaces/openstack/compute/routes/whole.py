"""What isn't about one server: zones, limits, quotas, services. Source: Compute API reference, those sections."""

from typing import Any

from stratiform.interfaces.openstack.compute.routes.calls import Body, one
from stratiform.interfaces.openstack.microversions import minor
from stratiform.interfaces.services import Request, get, reading, services_of
from stratiform.kit.clock import iso_naive
from stratiform.kit.errors import NotFound
from stratiform.services.compute.model import ProjectUsage

_NO_LIMIT = -1


@get("/os-availability-zone")
def list_zones(request: Request) -> Body:
    return _zones(request, detail=False)


@get("/os-availability-zone/detail")
def list_zones_detail(request: Request) -> Body:
    return _zones(request, detail=True)


def _zones(request: Request, *, detail: bool) -> Body:
    with reading(request) as ctx:
        zones = services_of(request).compute.availability_zones
        names = zones.list_details(ctx) if detail else zones.list(ctx)
    hosts: Body | None = {} if detail else None
    return {
        "availabilityZoneInfo": [{"zoneName": name, "zoneState": {"available": True}, "hosts": hosts} for name in names]
    }


@get("/limits")
def show_limits(request: Request) -> Body:
    project = one(request, "tenant_id") or one(request, "project_id")
    with reading(request) as ctx:
        used = services_of(request).compute.limits.get_usage(ctx, project)
    absolute: Body = {
        "maxServerMeta": 128,
        "maxTotalInstances": _NO_LIMIT,
        "maxTotalCores": _NO_LIMIT,
        "maxTotalRAMSize": _NO_LIMIT,
        "maxTotalKeypairs": _NO_LIMIT,
        "maxServerGroups": _NO_LIMIT,
        "maxServerGroupMembers": _NO_LIMIT,
        "totalInstancesUsed": used.servers,
        "totalCoresUsed": used.vcpus,
        "totalRAMUsed": used.ram,
        "totalServerGroupsUsed": 0,
    }
    if minor(request) < 57:
        absolute |= {"maxPersonality": 0, "maxPersonalitySize": 0}
    if minor(request) < 39:
        absolute["maxImageMeta"] = 128
    if minor(request) < 36:
        absolute |= {
            "maxSecurityGroups": _NO_LIMIT,
            "maxSecurityGroupRules": _NO_LIMIT,
            "maxTotalFloatingIps": _NO_LIMIT,
            "totalFloatingIpsUsed": 0,
            "totalSecurityGroupsUsed": 0,
        }
    return {"limits": {"rate": [], "absolute": absolute}}


def _quota(used: ProjectUsage, asked: int) -> dict[str, int]:
    """What is quoted at this microversion, with what is used of it."""
    quota = {
        "instances": used.servers,
        "cores": used.vcpus,
        "ram": used.ram,
        "metadata_items": 0,
        "key_pairs": 0,
        "server_groups": 0,
        "server_group_members": 0,
    }
    if asked < 57:
        quota |= {"injected_files": 0, "injected_file_content_bytes": 0, "injected_file_path_bytes": 0}
    if asked < 36:
        quota |= {"fixed_ips": 0, "floating_ips": 0, "security_groups": 0, "security_group_rules": 0}
    return quota


@get(["/os-quota-sets/{project_id:str}", "/os-quota-sets/{project_id:str}/defaults"])
def show_quota(request: Request, project_id: str) -> Body:
    with reading(request) as ctx:
        used = services_of(request).compute.quota_sets.get_usage(ctx, project_id)
    return {"quota_set": {"id": project_id, **dict.fromkeys(_quota(used, minor(request)), _NO_LIMIT)}}


@get("/os-quota-sets/{project_id:str}/detail")
def show_quota_detail(request: Request, project_id: str) -> Body:
    with reading(request) as ctx:
        used = services_of(request).compute.quota_sets.get_usage(ctx, project_id)
    detail = {
        name: {"limit": _NO_LIMIT, "in_use": in_use, "reserved": 0}
        for name, in_use in _quota(used, minor(request)).items()
    }
    return {"quota_set": {"id": project_id, **detail}}


@get("/os-services")
def list_services(request: Request) -> Body:
    """One line for all workers: whether work on servers is taken."""
    with reading(request) as ctx:
        up = services_of(request).compute.services.is_worker_up(ctx)
        now = ctx.now
    binary, host = one(request, "binary"), one(request, "host")
    service: Body = {
        "id": 1 if minor(request) < 53 else "00000000-0000-4000-8000-000000000001",
        "binary": "stratiform-worker",
        "host": "stratiform",
        "zone": "internal",
        "status": "enabled",
        "state": "up" if up else "down",
        "updated_at": iso_naive(now),
        "disabled_reason": None,
    }
    if minor(request) >= 11:
        service["forced_down"] = False
    asked_for = binary in (None, service["binary"]) and host in (None, service["host"])
    return {"services": [service] if asked_for else []}


@get(["/os-hypervisors", "/os-hypervisors/detail"])
def list_hypervisors(request: Request) -> Body:
    with reading(request) as ctx:
        return {"hypervisors": services_of(request).compute.hypervisors.list(ctx)}


@get("/os-server-groups")
def list_server_groups(request: Request) -> Body:
    with reading(request) as ctx:
        return {"server_groups": services_of(request).compute.server_groups.list(ctx)}


_EXTENSIONS = {
    "OS-DCF": "DiskConfig",
    "OS-EXT-AZ": "ExtendedAvailabilityZone",
    "OS-EXT-IPS": "ExtendedIps",
    "OS-EXT-IPS-MAC": "ExtendedIpsMac",
    "OS-EXT-SRV-ATTR": "ExtendedServerAttributes",
    "OS-EXT-STS": "ExtendedStatus",
    "OS-FLV-DISABLED": "FlavorDisabled",
    "OS-FLV-EXT-DATA": "FlavorExtraData",
    "OS-SRV-USG": "ServerUsage",
    "os-attach-interfaces": "AttachInterfaces",
    "os-availability-zone": "AvailabilityZone",
    "os-config-drive": "ConfigDrive",
    "os-console-output": "ConsoleOutput",
    "os-extended-volumes": "ExtendedVolumes",
    "os-flavor-access": "FlavorAccess",
    "os-flavor-extra-specs": "FlavorExtraSpecs",
    "os-flavor-manage": "FlavorManage",
    "os-instance-actions": "InstanceActions",
    "os-keypairs": "Keypairs",
    "os-limits": "Limits",
    "os-lock-server": "LockServer",
    "os-quota-sets": "Quotas",
    "os-server-start-stop": "ServerStartStop",
    "os-services": "Services",
    "os-user-data": "UserData",
    "os-volumes": "Volumes",
}


def _extension(alias: str) -> Body:
    name = _EXTENSIONS[alias]
    return {
        "alias": alias,
        "name": name,
        "description": name,
        "links": [],
        "namespace": "http://docs.openstack.org/compute/ext/fake_xml",
        "updated": "2014-12-03T00:00:00Z",
    }


@get("/extensions")
def list_extensions(request: Request) -> Body:
    with reading(request):
        return {"extensions": [_extension(alias) for alias in _EXTENSIONS]}


@get("/extensions/{alias:str}")
def show_extension(request: Request, alias: str) -> Body:
    with reading(request):
        if alias not in _EXTENSIONS:
            raise NotFound(f"Extension '{alias}' was not found.")
        return {"extension": _extension(alias)}


handlers: list[Any] = [
    list_zones,
    list_zones_detail,
    show_limits,
    show_quota,
    show_quota_detail,
    list_services,
    list_hypervisors,
    list_server_groups,
    list_extensions,
    show_extension,
]
