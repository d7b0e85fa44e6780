"""Details of one server: diagnostics, topology, password, shares."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import server_details as schemas
from stratiform.kit.errors import Conflict
from stratiform.services.compute import policy
from stratiform.services.compute.model import Server

_NO_SHARES = "File shares are not supported."
_NO_ASSISTED_SNAPSHOTS = "Volume snapshots are taken by clouds, not by compute hosts."

#: The first microversion with the standard form of diagnostics.
_STANDARD_DIAGNOSTICS = 48

_POWER_STATES = {1: "running", 3: "paused", 4: "shutdown", 6: "crashed", 7: "suspended"}


@api.get(
    "/servers/{server_id}/diagnostics",
    policy.SERVER_DIAGNOSTICS_SHOW,
    since=_STANDARD_DIAGNOSTICS,
    errors=(Conflict,),
)
def show_diagnostics(request: ApiRequest, server_id: str) -> schemas.Diagnostics:
    compute = request.services.compute
    server = compute.server_details.get_running(request.ctx, policy.SERVER_DIAGNOSTICS_SHOW, server_id)
    detail = compute.servers.load_details(request.ctx, [server])[0]
    return schemas.Diagnostics(
        state=_POWER_STATES.get(server.power_state, "pending"),
        driver="stratiform",
        config_drive=server.config_drive,
        num_cpus=server.flavor["vcpus"],
        num_nics=sum(len(ports) for ports in detail.ports.values()),
        num_disks=1 + len(detail.attachments),
        memory_details=schemas.MemoryDetails(server.flavor["ram"]),
    )


@api.get(
    "/servers/{server_id}/diagnostics",
    policy.SERVER_DIAGNOSTICS_SHOW,
    until=_STANDARD_DIAGNOSTICS - 1,
    errors=(Conflict,),
)
def show_native_diagnostics(request: ApiRequest, server_id: str) -> dict[str, int]:
    """Show diagnostics in the format of the hypervisor."""
    rule = policy.SERVER_DIAGNOSTICS_SHOW
    server = request.services.compute.server_details.get_running(request.ctx, rule, server_id)
    return {"memory": server.flavor["ram"] * 1024, "vcpus": server.flavor["vcpus"]}


@api.get("/servers/{server_id}/topology", policy.SERVER_TOPOLOGY_SHOW, since=78)
def show_topology(request: ApiRequest, server_id: str) -> schemas.Topology:
    request.services.compute.server_details.get(request.ctx, policy.SERVER_TOPOLOGY_SHOW, server_id)
    return schemas.Topology()


@api.get("/servers/{server_id}/os-server-password", policy.SERVER_PASSWORD_SHOW)
def show_server_password(request: ApiRequest, server_id: str) -> schemas.ServerPassword:
    """Return the encrypted password that the guest has reported to the metadata service."""
    return schemas.ServerPassword(request.services.compute.server_details.get_password(request.ctx, server_id))


@api.delete("/servers/{server_id}/os-server-password", policy.SERVER_PASSWORD_CLEAR)
def clear_server_password(request: ApiRequest, server_id: str) -> None:
    request.services.compute.server_details.clear_password(request.ctx, server_id)


def _get(request: ApiRequest, server_id: str, share_id: str = "") -> Server:  # noqa: ARG001 - no share exists
    return request.services.compute.server_details.get(request.ctx, policy.SERVER_SHARES, server_id)


for _method, _path in (
    ("GET", "/servers/{server_id}/shares"),
    ("POST", "/servers/{server_id}/shares"),
    ("GET", "/servers/{server_id}/shares/{share_id}"),
    ("DELETE", "/servers/{server_id}/shares/{share_id}"),
):
    api.declare_unsupported(_method, _path, policy.SERVER_SHARES, _NO_SHARES, get=_get)

for _method, _path in (
    ("POST", "/os-assisted-volume-snapshots"),
    ("DELETE", "/os-assisted-volume-snapshots/{snapshot_id}"),
):
    api.declare_unsupported(_method, _path, policy.ASSISTED_VOLUME_SNAPSHOTS, _NO_ASSISTED_SNAPSHOTS)
