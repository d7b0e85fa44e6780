"""Resources of operators that this installation has none of, because the clouds run block storage.

Their lists are empty, a single one does not exist, and changes are rejected with a reason.
Source: cinder/api/v3/{clusters,workers,default_types}.py and cinder/api/contrib/{services,hosts,capabilities}.py.
"""

from collections.abc import Mapping

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.missing_resources import declare_empty_list, declare_missing
from stratiform.kit.errors import Invalid, NotFound
from stratiform.services.volume import policy

_NO_MANAGE = "Volumes and snapshots that exist in a cloud already cannot be managed."
#: Actions of `PUT /os-services/{action}` that refer to a host.
_HOST_ACTIONS = ("enable", "disable", "disable-log-reason", "freeze", "thaw", "failover_host")

#: The filters of lists, by resource. Source: etc/cinder/resource_filters.json, reduced to the ones that have an effect.
RESOURCE_FILTERS: Mapping[str, tuple[str, ...]] = {
    "volume": ("name", "status", "metadata", "bootable", "availability_zone", "group_id"),
    "backup": ("name", "status", "volume_id"),
    "snapshot": ("name", "status", "volume_id", "metadata"),
    "attachment": ("volume_id", "status", "instance_id"),
    "volume_type": ("is_public",),
}


@api.put("/os-services/{service_action}", policy.SERVICE_UPDATE)
def update_service(
    _request: ApiRequest, service_action: str, body: dict[str, object]
) -> dict[str, list[dict[str, object]]]:
    """`get-log` returns no service; other actions find no host or service."""
    if service_action == "get-log":
        return {"log_levels": []}
    if service_action == "set-log":
        raise NotFound("Services matching the request could not be found: there are none.")
    if service_action in (*_HOST_ACTIONS, "failover"):
        raise NotFound(f"Host {body.get('host') or body.get('cluster') or ''} could not be found.")
    raise Invalid("Unknown action")


@api.get("/resource_filters", policy.RESOURCE_FILTERS_GET, since=33)
def list_resource_filters(request: ApiRequest) -> dict[str, list[dict[str, object]]]:
    resource = dict(request.query_items).get("resource")
    selected = {name: filters for name, filters in RESOURCE_FILTERS.items() if resource in (None, name)}
    return {"resource_filters": [{"resource": name, "filters": list(filters)} for name, filters in selected.items()]}


@api.post("/workers/cleanup", policy.WORKER_CLEANUP, status=202, since=24)
def clean_up_workers(_request: ApiRequest) -> dict[str, list[str]]:
    """Interrupted operations continue without a request, so nothing is cleaned up."""
    return {"cleaning": [], "unavailable": []}


declare_empty_list("/clusters", policy.CLUSTER_GET_ALL, "clusters", since=7)
declare_empty_list("/clusters/detail", policy.CLUSTER_GET_ALL, "clusters", since=7)
declare_empty_list("/os-hosts", policy.HOST_MANAGE, "hosts")
declare_missing("GET", "/clusters/{cluster_name}", policy.CLUSTER_GET, "Cluster", since=7)
declare_missing("PUT", "/clusters/{cluster_name}", policy.CLUSTER_UPDATE, "Cluster to", since=7)
declare_missing("GET", "/capabilities/{host}", policy.CAPABILITIES_GET, "Host")
declare_missing("GET", "/os-hosts/{host}", policy.HOST_MANAGE, "Host")
declare_missing("PUT", "/os-hosts/{host}", policy.HOST_MANAGE, "Host")
for _path, _key, _rule in (
    ("/manageable_volumes", "manageable-volumes", policy.VOLUME_MANAGE),
    ("/manageable_snapshots", "manageable-snapshots", policy.SNAPSHOT_MANAGE),
):
    declare_empty_list(_path, _rule, _key, since=8)
    declare_empty_list(f"{_path}/detail", _rule, _key, since=8)
    api.declare_unsupported("POST", _path, _rule, _NO_MANAGE, since=8)
for _path, _key, _rule in (
    ("/os-volume-manage", "manageable-volumes", policy.VOLUME_MANAGE),
    ("/os-snapshot-manage", "manageable-snapshots", policy.SNAPSHOT_MANAGE),
):
    declare_empty_list(_path, _rule, _key)
    declare_empty_list(f"{_path}/detail", _rule, _key)
    api.declare_unsupported("POST", _path, _rule, _NO_MANAGE)
