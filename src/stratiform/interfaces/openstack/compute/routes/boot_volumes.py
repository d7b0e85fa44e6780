"""`/os-volumes_boot`, a copy of `/servers`. Source: nova/api/openstack/compute/routes.py."""

from dataclasses import replace

from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.routes import (
    floating_ips,
    remote_consoles,
    server_actions,
    server_state_actions,
    servers,
)

#: The modules that declare the endpoints to copy; they are imported before.
_MODULES = (floating_ips, remote_consoles, server_actions, server_state_actions, servers)

_ITEM_PATH = "/os-volumes_boot/{server_id}"

#: The copy of each path.
_PATHS = {
    "/servers": "/os-volumes_boot",
    "/servers/detail": "/os-volumes_boot/detail",
    "/servers/{server_id}": _ITEM_PATH,
    "/servers/{server_id}/action": f"{_ITEM_PATH}/action",
}

api.endpoints.extend(
    [replace(endpoint, path=_PATHS[endpoint.path]) for endpoint in api.endpoints if endpoint.path in _PATHS]
)
