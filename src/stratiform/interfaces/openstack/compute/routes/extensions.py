"""`/extensions`. Source: nova/api/openstack/compute/extension_info.py."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import infrastructure as schemas
from stratiform.kit.errors import NotFound
from stratiform.services.compute import policy

#: Names by alias.
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
    "os-admin-password": "AdminPassword",
    "os-aggregates": "Aggregates",
    "os-attach-interfaces": "AttachInterfaces",
    "os-availability-zone": "AvailabilityZone",
    "os-create-backup": "CreateBackup",
    "os-deferred-delete": "DeferredDelete",
    "os-config-drive": "ConfigDrive",
    "os-console-output": "ConsoleOutput",
    "os-extended-volumes": "ExtendedVolumes",
    "os-flavor-access": "FlavorAccess",
    "os-flavor-extra-specs": "FlavorExtraSpecs",
    "os-flavor-manage": "FlavorManage",
    "os-hosts": "Hosts",
    "os-hypervisors": "Hypervisors",
    "os-instance-actions": "InstanceActions",
    "os-keypairs": "Keypairs",
    "os-limits": "Limits",
    "os-lock-server": "LockServer",
    "os-migrations": "Migrations",
    "os-pause-server": "PauseServer",
    "os-quota-class-sets": "QuotaClasses",
    "os-quota-sets": "Quotas",
    "os-rescue": "Rescue",
    "os-security-groups": "SecurityGroups",
    "os-server-diagnostics": "ServerDiagnostics",
    "image-metadata": "ImageMetadata",
    "os-consoles": "Consoles",
    "os-floating-ip-pools": "FloatingIpPools",
    "os-floating-ips": "FloatingIps",
    "os-instance-usage-audit-log": "OSInstanceUsageAuditLog",
    "os-networks": "Networks",
    "os-tenant-networks": "TenantNetworks",
    "os-server-external-events": "ServerExternalEvents",
    "os-server-groups": "ServerGroups",
    "os-server-password": "ServerPassword",
    "os-server-start-stop": "ServerStartStop",
    "os-services": "Services",
    "os-shelve": "Shelve",
    "os-simple-tenant-usage": "SimpleTenantUsage",
    "os-suspend-server": "SuspendServer",
    "os-user-data": "UserData",
    "os-volumes": "Volumes",
}


@api.get("/extensions", policy.EXTENSIONS_READ)
def list_extensions(_request: ApiRequest) -> schemas.ExtensionsResponse:
    return schemas.ExtensionsResponse([schemas.Extension(alias, name, name) for alias, name in _EXTENSIONS.items()])


@api.get("/extensions/{alias}", policy.EXTENSIONS_READ)
def show_extension(_request: ApiRequest, alias: str) -> schemas.ExtensionResponse:
    if alias not in _EXTENSIONS:
        raise NotFound(f"Extension '{alias}' was not found.")
    return schemas.ExtensionResponse(schemas.Extension(alias, _EXTENSIONS[alias], _EXTENSIONS[alias]))
