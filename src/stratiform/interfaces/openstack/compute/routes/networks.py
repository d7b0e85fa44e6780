"""`/os-networks` and `/os-tenant-networks`, until 2.35: networks of the network service; changes were removed (410)."""

from typing import NoReturn

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.routes.removed_apis import NETWORK
from stratiform.interfaces.openstack.compute.schemas import network_proxies as schemas
from stratiform.kit.errors import NotFound, RemovedApi
from stratiform.services.compute import policy
from stratiform.services.network.model import ListQuery
from stratiform.services.network.model import Network as NetworkModel

#: The last microversion with these paths.
_UNTIL = 35


@api.get("/os-networks", policy.NETWORKS_LIST, until=_UNTIL)
def list_networks(request: ApiRequest) -> schemas.NetworksResponse:
    policy.NETWORKS_LIST.require(request.ctx.caller, request.ctx.caller.project_id)
    return schemas.NetworksResponse([schemas.Network(id=item.id, label=item.name) for item in _list(request)])


@api.get("/os-networks/{network_id}", policy.NETWORKS_SHOW, until=_UNTIL)
def show_network(request: ApiRequest, network_id: str) -> schemas.NetworkResponse:
    policy.NETWORKS_SHOW.require(request.ctx.caller, request.ctx.caller.project_id)
    network = _get(request, network_id)
    return schemas.NetworkResponse(schemas.Network(id=network.id, label=network.name))


@api.get("/os-tenant-networks", policy.TENANT_NETWORKS_LIST, until=_UNTIL)
def list_tenant_networks(request: ApiRequest) -> schemas.TenantNetworksResponse:
    policy.TENANT_NETWORKS_LIST.require(request.ctx.caller, request.ctx.caller.project_id)
    return schemas.TenantNetworksResponse([schemas.TenantNetwork(item.id, item.name) for item in _list(request)])


@api.get("/os-tenant-networks/{network_id}", policy.TENANT_NETWORKS_SHOW, until=_UNTIL)
def show_tenant_network(request: ApiRequest, network_id: str) -> schemas.TenantNetworkResponse:
    policy.TENANT_NETWORKS_SHOW.require(request.ctx.caller, request.ctx.caller.project_id)
    network = _get(request, network_id)
    return schemas.TenantNetworkResponse(schemas.TenantNetwork(network.id, network.name))


def _list(request: ApiRequest) -> list[NetworkModel]:
    """Return the networks that the caller sees, also shared and external ones."""
    return list(request.services.network.networks.list(request.ctx, ListQuery()).items)


def _get(request: ApiRequest, network_id: str) -> NetworkModel:
    try:
        return request.services.network.networks.get(request.ctx, network_id)
    except NotFound as error:
        raise NotFound("Network not found") from error


def _reject(_request: ApiRequest) -> NoReturn:
    """Refuse: Nova has removed changes of networks (410)."""
    raise RemovedApi(NETWORK)


def _reject_item(request: ApiRequest, network_id: str) -> NoReturn:
    """Refuse: Nova has removed changes of networks (410)."""
    _get(request, network_id)
    raise RemovedApi(NETWORK)


for _path in ("/os-networks", "/os-tenant-networks"):
    api.post(_path, policy.EXTENSIONS_READ, until=_UNTIL, errors=(RemovedApi,))(_reject)
    api.delete(_path + "/{network_id}", policy.EXTENSIONS_READ, until=_UNTIL, errors=(RemovedApi,))(_reject_item)
api.post("/os-networks/add", policy.EXTENSIONS_READ, until=_UNTIL, errors=(RemovedApi,))(_reject)
api.post("/os-networks/{network_id}/action", policy.EXTENSIONS_READ, until=_UNTIL, errors=(RemovedApi,))(_reject_item)
