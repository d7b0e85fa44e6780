"""`/os-floating-ips` and `/os-floating-ip-pools`, until 2.35, and the actions of servers, until 2.43."""

from stratiform.interfaces.endpoints import Action, ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import network_proxies as schemas
from stratiform.kit.errors import Conflict
from stratiform.services.compute import policy
from stratiform.services.compute.model.floating_ips import ServerFloatingIp

_PATH = "/os-floating-ips"
_ITEM_PATH = "/os-floating-ips/{floatingip_id}"

#: The last microversions with these paths, and with the actions.
_UNTIL, _ACTIONS_UNTIL = 35, 43


@api.get(_PATH, policy.FLOATING_IPS_LIST, until=_UNTIL)
def list_floating_ips(request: ApiRequest) -> schemas.FloatingIpsResponse:
    floating_ips = request.services.compute.floating_ips.list(request.ctx)
    return schemas.FloatingIpsResponse([_show(floating_ip) for floating_ip in floating_ips])


@api.post(_PATH, policy.FLOATING_IPS_CREATE, until=_UNTIL)
def allocate_floating_ip(request: ApiRequest, body: schemas.FloatingIpRequest | None) -> schemas.FloatingIpResponse:
    pool = None if body is None else body.pool
    return schemas.FloatingIpResponse(_show(request.services.compute.floating_ips.create(request.ctx, pool)))


@api.get(_ITEM_PATH, policy.FLOATING_IPS_SHOW, until=_UNTIL)
def show_floating_ip(request: ApiRequest, floatingip_id: str) -> schemas.FloatingIpResponse:
    return schemas.FloatingIpResponse(_show(request.services.compute.floating_ips.get(request.ctx, floatingip_id)))


@api.delete(_ITEM_PATH, policy.FLOATING_IPS_DELETE, status=202, until=_UNTIL, errors=(Conflict,))
def release_floating_ip(request: ApiRequest, floatingip_id: str) -> None:
    request.services.compute.floating_ips.delete(request.ctx, floatingip_id)


@api.get("/os-floating-ip-pools", policy.FLOATING_IP_POOLS_LIST, until=_UNTIL)
def list_floating_ip_pools(request: ApiRequest) -> schemas.FloatingIpPoolsResponse:
    """List the external networks that have floating IPs."""
    pools = request.services.compute.floating_ips.list_pools(request.ctx)
    return schemas.FloatingIpPoolsResponse([schemas.FloatingIpPool(name) for name in pools])


def _add(request: ApiRequest, server_id: str, body: schemas.AddFloatingIp) -> None:
    request.services.compute.floating_ips.add(request.ctx, server_id, body.address, body.fixed_address)


def _remove(request: ApiRequest, server_id: str, body: schemas.RemoveFloatingIp) -> None:
    request.services.compute.floating_ips.remove(request.ctx, server_id, body.address)


def _show(floating_ip: ServerFloatingIp) -> schemas.FloatingIp:
    return schemas.FloatingIp(
        id=floating_ip.id,
        ip=floating_ip.address,
        pool=floating_ip.pool,
        fixed_ip=floating_ip.fixed_ip,
        instance_id=floating_ip.server_id,
    )


api.declare_actions(
    "/servers/{server_id}/action",
    [
        Action("addFloatingIp", policy.FLOATING_IPS_ADD, _add, until=_ACTIONS_UNTIL),
        Action("removeFloatingIp", policy.FLOATING_IPS_REMOVE, _remove, until=_ACTIONS_UNTIL, errors=(Conflict,)),
    ],
)
