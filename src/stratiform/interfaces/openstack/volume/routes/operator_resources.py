"""Resources of operators that this installation has none of, because the clouds run block storage.

Their lists are empty, a single one does not exist, and changes are rejected with a reason.
Source: cinder/api/v3/{clusters,workers}.py.
"""

from collections.abc import Mapping

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.missing_resources import declare_empty_list, declare_missing
from stratiform.services.volume import policy

#: The filters of lists, by resource. Source: etc/cinder/resource_filters.json, reduced to the ones that have an effect.
RESOURCE_FILTERS: Mapping[str, tuple[str, ...]] = {
    "volume": ("name", "status", "metadata", "bootable", "availability_zone", "group_id"),
    "backup": ("name", "status", "volume_id"),
    "snapshot": ("name", "status", "volume_id", "metadata"),
    "attachment": ("volume_id", "status", "instance_id"),
    "message": ("resource_uuid", "resource_type", "event_id", "request_id", "message_level"),
    "volume_type": ("is_public",),
}


@api.get("/resource_filters", policy.RESOURCE_FILTERS_GET, since=33)
def list_resource_filters(request: ApiRequest) -> dict[str, list[dict[str, object]]]:
    resource = dict(request.query_items).get("resource")
    selected = {name: filters for name, filters in RESOURCE_FILTERS.items() if resource in (None, name)}
    return {"resource_filters": [{"resource": name, "filters": list(filters)} for name, filters in selected.items()]}


@api.post("/workers/cleanup", policy.WORKER_CLEANUP, status=202, since=24)
def clean_up_workers(_request: ApiRequest) -> dict[str, list[str]]:
    """Clean up nothing: interrupted operations continue without a request."""
    return {"cleaning": [], "unavailable": []}


declare_empty_list("/clusters", policy.CLUSTER_GET_ALL, "clusters", since=7)
declare_empty_list("/clusters/detail", policy.CLUSTER_GET_ALL, "clusters", since=7)
declare_missing("GET", "/clusters/{cluster_name}", policy.CLUSTER_GET, "Cluster", since=7)
declare_missing("PUT", "/clusters/{cluster_name}", policy.CLUSTER_UPDATE, "Cluster to", since=7)
