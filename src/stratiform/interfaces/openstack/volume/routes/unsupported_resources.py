"""Resources of Cinder that are not supported: consistency groups.

Their lists are empty, a single one does not exist (404), and creating one is rejected with the reason (501).
Source: cinder/api/v3/router.py and cinder/api/contrib.
"""

from dataclasses import dataclass

from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.missing_resources import declare_empty_list, declare_missing
from stratiform.services.volume import policy

_USE_GROUPS = "Consistency groups are not supported: OpenStack has replaced them with groups. Use /groups."


@dataclass(frozen=True, slots=True)
class UnsupportedResource:
    """A resource with its collection. `operations`: those of one resource that change it, as method and path."""

    path: str
    parameter: str
    key: str
    noun: str
    operations: tuple[tuple[str, str], ...]


RESOURCES = (
    UnsupportedResource(
        path="/consistencygroups",
        parameter="consistency_group_id",
        key="consistencygroups",
        noun="ConsistencyGroup",
        operations=(("POST", "/delete"), ("PUT", "/update")),
    ),
    UnsupportedResource(
        path="/cgsnapshots",
        parameter="cgsnapshot_id",
        key="cgsnapshots",
        noun="CgSnapshot",
        operations=(("DELETE", ""),),
    ),
)


def _declare(resource: UnsupportedResource) -> None:
    item_path = f"{resource.path}/{{{resource.parameter}}}"
    for path in (resource.path, f"{resource.path}/detail"):
        declare_empty_list(path, policy.GROUP_GET_ALL, resource.key)
    api.declare_unsupported("POST", resource.path, policy.GROUP_CREATE, _USE_GROUPS)
    declare_missing("GET", item_path, policy.GROUP_GET, resource.noun)
    for method, path in resource.operations:
        declare_missing(method, item_path + path, policy.GROUP_UPDATE, resource.noun)


for _resource in RESOURCES:
    _declare(_resource)
api.declare_unsupported("POST", "/consistencygroups/create_from_src", policy.GROUP_CREATE, _USE_GROUPS)
