"""What the Volume API says of itself as a whole: zones, limits, quotas, services, and what isn't there.

Snapshots, backups and pools are honestly none.
"""

from typing import Any

from stratiform.interfaces.openstack.volume import schemas
from stratiform.interfaces.openstack.volume.routes.calls import delete, get, post, put, reading
from stratiform.interfaces.services import Request, services_of
from stratiform.kit.errors import Invalid, NotFound

_UNLIMITED = -1
_QUOTAS = ("volumes", "gigabytes", "snapshots", "backups", "backup_gigabytes", "per_volume_gigabytes", "groups")
_EXTENSIONS = {
    "os-availability-zone": "AvailabilityZones",
    "os-extended-services": "ExtendedServices",
    "os-quota-sets": "Quotas",
    "os-services": "Services",
    "os-types-extra-specs": "TypesExtraSpecs",
    "os-types-manage": "TypesManage",
    "os-used-limits": "UsedLimits",
    "os-vol-host-attr": "VolumeHostAttribute",
    "os-vol-image-meta": "VolumeImageMetadata",
    "os-vol-tenant-attr": "VolumeTenantAttribute",
    "os-volume-actions": "VolumeActions",
    "os-volume-type-access": "VolumeTypeAccess",
}


@get("/os-availability-zone")
def list_zones(request: Request) -> dict[str, Any]:
    with reading(request) as ctx:
        zones = services_of(request).volume.zones(ctx)
    return {"availabilityZoneInfo": [{"zoneName": zone, "zoneState": {"available": True}} for zone in zones]}


@get("/limits")
def show_limits(request: Request) -> dict[str, Any]:
    with reading(request) as ctx:
        number, gib = services_of(request).volume.used(ctx)
    absolute = {
        "maxTotalVolumes": _UNLIMITED,
        "maxTotalVolumeGigabytes": _UNLIMITED,
        "maxTotalSnapshots": _UNLIMITED,
        "maxTotalBackups": _UNLIMITED,
        "maxTotalBackupGigabytes": _UNLIMITED,
        "totalVolumesUsed": number,
        "totalGigabytesUsed": gib,
        "totalSnapshotsUsed": 0,
        "totalBackupsUsed": 0,
        "totalBackupGigabytesUsed": 0,
    }
    return {"limits": {"rate": [], "absolute": absolute}}


@get("/os-quota-sets/{target_id:str}")
def show_quota(request: Request, target_id: str) -> dict[str, Any]:
    usage = schemas.truth(request.query_params.get("usage", "false"), "usage")
    with reading(request) as ctx:
        used, types = services_of(request).volume.quota_use(ctx, target_id)
    names = [*_QUOTAS, *(f"{what}_{kind}" for kind in types for what in ("volumes", "gigabytes", "snapshots"))]
    if not usage:
        return {"quota_set": {"id": target_id, **dict.fromkeys(names, _UNLIMITED)}}
    rows = {name: {"limit": _UNLIMITED, "in_use": used.get(name, 0), "reserved": 0} for name in names}
    return {"quota_set": {"id": target_id, **rows}}


@get("/os-quota-sets/{target_id:str}/defaults")
def show_default_quota(request: Request, target_id: str) -> dict[str, Any]:
    with reading(request) as ctx:
        services_of(request).volume.quota_use(ctx, target_id)
    return {"quota_set": {"id": target_id, **dict.fromkeys(_QUOTAS, _UNLIMITED)}}


@get("/os-services")
def list_services(request: Request) -> dict[str, Any]:
    with reading(request) as ctx:
        services_of(request).volume.require(ctx, "volume_extension:services:index")
    return {"services": []}


@get("/scheduler-stats/get_pools")
def list_pools(request: Request) -> dict[str, Any]:
    with reading(request) as ctx:
        services_of(request).volume.require(ctx, "scheduler_extension:scheduler_stats:get_pools")
    return {"pools": []}


@get("/extensions")
def list_extensions(request: Request) -> dict[str, Any]:
    with reading(request):
        found = [
            {"alias": alias, "name": name, "description": name, "links": [], "updated": "2012-08-27T00:00:00+00:00"}
            for alias, name in _EXTENSIONS.items()
        ]
    return {"extensions": found}


@get("/snapshots")
def list_snapshots(request: Request) -> dict[str, Any]:
    return _none(request, "volume:get_all_snapshots", "snapshots")


@get("/snapshots/detail")
def list_snapshots_in_detail(request: Request) -> dict[str, Any]:
    return _none(request, "volume:get_all_snapshots", "snapshots")


@get("/snapshots/{snapshot_id:str}")
def show_snapshot(request: Request, snapshot_id: str) -> None:
    _no_snapshot(request, snapshot_id)


@put("/snapshots/{snapshot_id:str}")
def update_snapshot(request: Request, snapshot_id: str) -> None:
    _no_snapshot(request, snapshot_id)


@delete("/snapshots/{snapshot_id:str}")
def delete_snapshot(request: Request, snapshot_id: str) -> None:
    _no_snapshot(request, snapshot_id)


@post("/snapshots")
def create_snapshot(request: Request) -> None:
    _refuse(request, "volume:create_snapshot", "Snapshots of volumes are not supported.")


@get("/backups")
def list_backups(request: Request) -> dict[str, Any]:
    return _none(request, "backup:get_all", "backups")


@get("/backups/detail")
def list_backups_in_detail(request: Request) -> dict[str, Any]:
    return _none(request, "backup:get_all", "backups")


@get("/backups/{backup_id:str}")
def show_backup(request: Request, backup_id: str) -> None:
    with reading(request):
        raise NotFound(f"Backup {backup_id} could not be found.")


@post("/backups")
def create_backup(request: Request) -> None:
    _refuse(request, "backup:create", "Backups of volumes are not supported.")


def _no_snapshot(request: Request, snapshot_id: str) -> None:
    with reading(request):
        raise NotFound(f"Snapshot {snapshot_id} could not be found.")


def _none(request: Request, rule: str, name: str) -> dict[str, Any]:
    with reading(request) as ctx:
        services_of(request).volume.require(ctx, rule)
    return {name: []}


def _refuse(request: Request, rule: str, message: str) -> None:
    with reading(request) as ctx:
        services_of(request).volume.require(ctx, rule)
        raise Invalid(message)


handlers: list[Any] = [
    *list_zones,
    *show_limits,
    *show_quota,
    *show_default_quota,
    *list_services,
    *list_pools,
    *list_extensions,
    *list_snapshots,
    *list_snapshots_in_detail,
    *show_snapshot,
    *update_snapshot,
    *delete_snapshot,
    *create_snapshot,
    *list_backups,
    *list_backups_in_detail,
    *show_backup,
    *create_backup,
]
