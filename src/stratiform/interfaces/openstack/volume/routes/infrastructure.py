"""Availability zones and extensions."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.schemas import infrastructure as schemas
from stratiform.services.volume import policy

_EXTENSIONS = {
    "backups": "Backups",
    "os-admin-actions": "AdminActions",
    "os-availability-zone": "AvailabilityZones",
    "os-extended-services": "ExtendedServices",
    "os-hosts": "Hosts",
    "os-quota-class-sets": "QuotaClasses",
    "os-quota-sets": "Quotas",
    "os-services": "Services",
    "os-snapshot-actions": "SnapshotActions",
    "os-extended-snapshot-attributes": "ExtendedSnapshotAttributes",
    "os-types-extra-specs": "TypesExtraSpecs",
    "os-types-manage": "TypesManage",
    "os-used-limits": "UsedLimits",
    "os-vol-host-attr": "VolumeHostAttribute",
    "os-vol-image-meta": "VolumeImageMetadata",
    "os-vol-tenant-attr": "VolumeTenantAttribute",
    "os-volume-actions": "VolumeActions",
    "os-volume-type-access": "VolumeTypeAccess",
}


@api.get("/os-availability-zone", policy.AVAILABILITY_ZONE_LIST)
def list_availability_zones(request: ApiRequest) -> schemas.AvailabilityZonesResponse:
    zones = request.services.volume.volumes.list_availability_zones(request.ctx)
    return schemas.AvailabilityZonesResponse([schemas.AvailabilityZone(zone) for zone in zones])


@api.get("/extensions", policy.EXTENSION_LIST)
def list_extensions(_request: ApiRequest) -> schemas.ExtensionsResponse:
    return schemas.ExtensionsResponse([schemas.Extension(alias, name, name) for alias, name in _EXTENSIONS.items()])
