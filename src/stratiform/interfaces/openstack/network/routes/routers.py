"""`/routers`, their interfaces, extra routes and external gateways."""

from collections.abc import Callable, Mapping, Sequence

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.resource_routes import declare_resource
from stratiform.interfaces.openstack.network.schemas import routers as schemas
from stratiform.services.network import policy
from stratiform.services.network.errors.routing import (
    PortAttached,
    RouterGatewayInUseByFloatingIp,
    RouterInterfaceInUseByFloatingIp,
    RouterInterfaceInUseByRoute,
)
from stratiform.services.network.model.declared_types.router_services import CONNTRACK_HELPER, NDP_PROXY
from stratiform.services.network.model.declared_types.routing import ROUTER
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.service import NetworkService

_endpoints = declare_resource(ROUTER)
declare_resource(CONNTRACK_HELPER)
declare_resource(NDP_PROXY)


@api.put("/routers/{router_id}/add_router_interface", policy.ROUTERS.update, errors=(PortAttached,))
def add_router_interface(
    request: ApiRequest, router_id: str, body: schemas.RouterInterfaceRequest
) -> schemas.RouterInterface:
    interface = request.services.network.router_interfaces.add(request.ctx, router_id, body.subnet_id, body.port_id)
    return schemas.RouterInterface(**interface)


@api.put(
    "/routers/{router_id}/remove_router_interface",
    policy.ROUTERS.update,
    errors=(RouterInterfaceInUseByFloatingIp, RouterInterfaceInUseByRoute),
)
def remove_router_interface(
    request: ApiRequest, router_id: str, body: schemas.RouterInterfaceRequest
) -> schemas.RouterInterface:
    interface = request.services.network.router_interfaces.remove(request.ctx, router_id, body.subnet_id, body.port_id)
    return schemas.RouterInterface(**interface)


#: The operations on the routes of a router.
_ROUTE_OPERATIONS: Mapping[str, Callable[[NetworkService], Callable[..., Resource]]] = {
    "add_extraroutes": lambda service: service.routers.add_routes,
    "remove_extraroutes": lambda service: service.routers.remove_routes,
}

#: The operations on the external gateways of a router.
_GATEWAY_OPERATIONS: Mapping[str, Callable[[NetworkService], Callable[..., Resource]]] = {
    "add_external_gateways": lambda service: service.routers.add_gateways,
    "update_external_gateways": lambda service: service.routers.update_gateways,
    "remove_external_gateways": lambda service: service.routers.remove_gateways,
}


def _declare_routes(name: str) -> None:
    @api.put(f"/routers/{{router_id}}/{name}", policy.ROUTERS.update)
    def change_routes(request: ApiRequest, router_id: str, body: schemas.RoutesRequest) -> schemas.ChangedRouter:
        change = _ROUTE_OPERATIONS[name](request.services.network)
        return _response(request, change(request.ctx, router_id, body.router.routes))


def _declare_gateways(name: str) -> None:
    @api.put(f"/routers/{{router_id}}/{name}", policy.ROUTERS.update, errors=(RouterGatewayInUseByFloatingIp,))
    def change_gateways(request: ApiRequest, router_id: str, body: schemas.GatewaysRequest) -> schemas.ChangedRouter:
        change = _GATEWAY_OPERATIONS[name](request.services.network)
        return _response(request, change(request.ctx, router_id, body.router.external_gateways))


def _response(request: ApiRequest, router: Resource) -> schemas.ChangedRouter:
    bodies: Sequence[dict[str, object]] = _endpoints.respond(request, [router])
    return schemas.ChangedRouter(bodies[0])


for _name in _ROUTE_OPERATIONS:
    _declare_routes(_name)
for _name in _GATEWAY_OPERATIONS:
    _declare_gateways(_name)
