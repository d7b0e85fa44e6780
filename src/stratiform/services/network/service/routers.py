"""Routers and their external gateways."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.work_queue import enqueue
from stratiform.services.network import policy
from stratiform.services.network.errors import BadRequest
from stratiform.services.network.errors.router_services import RouterGatewayNotValid
from stratiform.services.network.errors.routing import (
    BadRouterRequest,
    NetworkZoneNotFound,
    RouterGatewayInUseByFloatingIp,
    RouterInUse,
)
from stratiform.services.network.model import Attributes, FixedIpRequest
from stratiform.services.network.model.declared_types.routing import ROUTER
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.model.routes import add_routes, check_routes, remove_routes
from stratiform.services.network.repository import resources, router_services
from stratiform.services.network.repository import routers as repository
from stratiform.services.network.service import router_gateways
from stratiform.services.network.service.cloud_objects import require_applicable, require_routing
from stratiform.services.network.service.flavors import Flavors
from stratiform.services.network.service.networks import Networks
from stratiform.services.network.service.resource_collection import ResourceCollection, ResourceDependencies
from stratiform.services.network.service.service_ports import ServicePorts

_GATEWAY_KEYS = {"network_id", "enable_snat", "external_fixed_ips", "qos_policy_id"}


@dataclass(frozen=True, slots=True)
class Routers:
    """Routers. The gateway is a port on an external network."""

    dependencies: ResourceDependencies
    networks: Networks
    service_ports: ServicePorts
    flavors: Flavors

    @property
    def collection(self) -> ResourceCollection:
        return self.dependencies.build(
            ROUTER,
            prepare=self._prepare,
            after_create=self._after_create,
            check_update=self._check_update,
            after_update=lambda ctx, _router, updated: self.request_reconcile(ctx, updated),
            before_delete=self._before_delete,
            compute=self._compute,
        )

    def request_reconcile(self, ctx: RequestContext, router: Resource) -> None:
        """Request that the clouds of a router apply its changes. Raises as `require_applicable`."""
        require_applicable(ctx, self.dependencies.clouds, "router", router.id, router.project_id)
        enqueue_router(ctx, router.id)

    def add_routes(self, ctx: RequestContext, router_id: str, routes: Sequence[Mapping[str, str]]) -> Resource:
        """Add routes to those of a router; existing ones stay. Raises InvalidRoutes."""
        router = self.collection.get_for_update(ctx, router_id)
        return self.collection.update(ctx, router_id, {"routes": add_routes(router["routes"], routes)})

    def remove_routes(self, ctx: RequestContext, router_id: str, routes: Sequence[Mapping[str, str]]) -> Resource:
        """Remove routes from a router; missing ones are ignored."""
        router = self.collection.get_for_update(ctx, router_id)
        return self.collection.update(ctx, router_id, {"routes": remove_routes(router["routes"], routes)})

    def add_gateways(self, ctx: RequestContext, router_id: str, gateways: Sequence[Attributes]) -> Resource:
        """Set the gateway of a router that has none. Raises BadRouterRequest: a router has one gateway."""
        router = self.collection.get_for_update(ctx, router_id)
        if len(gateways) != 1 or router["external_network_id"] is not None:
            raise BadRouterRequest("A router has at most one external gateway")
        return self.collection.update(ctx, router_id, {"external_gateway_info": gateways[0]})

    def update_gateways(self, ctx: RequestContext, router_id: str, gateways: Sequence[Attributes]) -> Resource:
        """Replace the gateways of a router; none removes its gateway. Raises BadRouterRequest: a router has one."""
        if len(gateways) > 1:
            raise BadRouterRequest("A router has at most one external gateway")
        return self.collection.update(ctx, router_id, {"external_gateway_info": gateways[0] if gateways else None})

    def remove_gateways(self, ctx: RequestContext, router_id: str, gateways: Sequence[Attributes]) -> Resource:
        """Remove the gateway. Raises BadRouterRequest."""
        router = self.collection.get_for_update(ctx, router_id)
        if any(gateway.get("network_id") != router["external_network_id"] for gateway in gateways):
            raise BadRouterRequest("The router has no gateway on this network")
        return self.collection.update(ctx, router_id, {"external_gateway_info": None})

    def _prepare(self, ctx: RequestContext, router: Resource) -> Resource:
        require_routing(ctx, self.dependencies.clouds, router.project_id, "routers")
        self._require_zones(ctx, router)
        if router["flavor_id"] is not None:
            self.flavors.require_provider(ctx, router["flavor_id"])
        if router["routes"]:
            check_routes(router["routes"], [], [])
        info = router["external_gateway_info"]
        values = {**router.values, "cloud_name": self.collection.find_cloud_name(ctx, router.project_id)}
        if info:
            values |= self._read_gateway(ctx, router, info)
        values["enable_ndp_proxy"] = bool(router["enable_ndp_proxy"])
        if values["enable_ndp_proxy"]:
            router_gateways.check_new_router(ctx.db, router, values["external_network_id"])
        return replace(router, values=values)

    def _require_zones(self, ctx: RequestContext, router: Resource) -> None:
        """Raises NetworkZoneNotFound for a hint that is none of the project's availability zones."""
        zones = self.networks.list_availability_zones(ctx.db, router.project_id)
        for hint in router["availability_zone_hints"]:
            if hint not in zones:
                raise NetworkZoneNotFound(hint)

    def _after_create(self, ctx: RequestContext, router: Resource) -> None:
        if router["external_network_id"] is not None:
            self._create_gateway(ctx, router, router["external_network_id"], router["external_gateway_info"])
        self.request_reconcile(ctx, router)

    def _check_update(self, ctx: RequestContext, router: Resource, changes: Attributes) -> Attributes:
        changes = self._change_gateway_and_proxies(ctx, router, changes)
        if "routes" in changes:
            ports = [
                *repository.list_ports(ctx.db, [router.id], repository.INTERFACE_OWNER)[router.id],
                *repository.list_ports(ctx.db, [router.id], repository.GATEWAY_OWNER)[router.id],
            ]
            fixed_ips = [fixed_ip for port in ports for fixed_ip in port.fixed_ips]
            subnets = resources.list_subnets_by_id(ctx.db, [fixed_ip["subnet_id"] for fixed_ip in fixed_ips])
            changes["routes"] = check_routes(
                changes["routes"],
                [subnet.cidr for subnet in subnets],
                [fixed_ip["ip_address"] for fixed_ip in fixed_ips],
                router_id=router.id,
            )
        return changes

    def _change_gateway_and_proxies(self, ctx: RequestContext, router: Resource, changes: Attributes) -> Attributes:
        """Apply a change of the gateway, and return the changes to save.

        Raises as `_read_gateway`, RouterGatewayNotValid, RouterIpv6GatewayInUse.
        """
        changes = dict(changes)
        changes_gateway = "external_gateway_info" in changes
        if changes_gateway:
            info = changes.pop("external_gateway_info")
            if not info and changes.get("enable_ndp_proxy"):
                raise RouterGatewayNotValid(router.id, "The router's external gateway will be unset")
            changes |= self._change_gateway(ctx, router, info)
            if not info:
                changes["enable_ndp_proxy"] = False
        enables = bool(changes.get("enable_ndp_proxy"))
        network_id = changes.get("external_network_id", router["external_network_id"])
        is_enabled = router["enable_ndp_proxy"] and "enable_ndp_proxy" not in changes
        if enables or (is_enabled and changes_gateway):
            router_gateways.check_gateway(ctx, router, network_id, enables=enables)
        return changes

    def _before_delete(self, ctx: RequestContext, router: Resource) -> None:
        if repository.list_ports(ctx.db, [router.id], repository.INTERFACE_OWNER)[router.id]:
            raise RouterInUse(router.id)
        self._delete_gateway(ctx, router)
        enqueue_router(ctx, router.id)

    def _compute(self, ctx: RequestContext, routers: Sequence[Resource]) -> Mapping[str, Attributes]:
        ports = repository.list_ports(ctx.db, [router.id for router in routers], repository.GATEWAY_OWNER)
        projects = {router.project_id for router in routers}
        helpers = router_services.list_helpers(ctx.db, [router.id for router in routers])
        zones = {project: self.networks.list_availability_zones(ctx.db, project) for project in projects}
        computed: dict[str, Attributes] = {}
        for router in routers:
            info = _describe_gateway(router, [fixed for port in ports[router.id] for fixed in port.fixed_ips])
            computed[router.id] = {
                "external_gateway_info": info,
                "external_gateways": [] if info is None else [info],
                "availability_zones": list(zones[router.project_id]),
                "enable_ndp_proxy": info is not None and bool(router["enable_ndp_proxy"]),
                "conntrack_helpers": [
                    {name: helper[name] for name in ("protocol", "port", "helper")} for helper in helpers[router.id]
                ],
            }
        return computed

    def _read_gateway(self, ctx: RequestContext, router: Resource, info: Attributes) -> Attributes:
        """Return the stored values of a gateway. Raises BadRequest, BadRouterRequest, NetworkNotFound, Forbidden."""
        unknown = sorted(set(info) - _GATEWAY_KEYS)
        if unknown or not isinstance(info.get("network_id"), str):
            raise BadRequest(
                f"Invalid input for external_gateway_info. Reason: {unknown or 'network_id'} is invalid or missing."
            )
        if "enable_snat" in info:
            policy.ROUTERS_ENABLE_SNAT.require(ctx.caller, router.project_id)
        if info.get("external_fixed_ips"):
            policy.ROUTERS_EXTERNAL_FIXED_IPS.require(ctx.caller, router.project_id)
        network = self.networks.get(ctx, info["network_id"])
        if not network.external:
            raise BadRouterRequest(f"Network {network.id} is not an external network")
        return {"external_network_id": network.id, "enable_snat": bool(info.get("enable_snat", True))}

    def _change_gateway(self, ctx: RequestContext, router: Resource, info: Attributes | None) -> Attributes:
        current = router["external_network_id"]
        if not info:
            self._delete_gateway(ctx, router)
            return {"external_network_id": None, "enable_snat": True}
        values = self._read_gateway(ctx, router, info)
        if values["external_network_id"] != current or info.get("external_fixed_ips"):
            self._delete_gateway(ctx, router, moves=values["external_network_id"] != current)
            self._create_gateway(ctx, router, values["external_network_id"], info)
        return values

    def _create_gateway(self, ctx: RequestContext, router: Resource, network_id: str, info: Attributes) -> None:
        requests = [
            FixedIpRequest(fixed_ip.get("subnet_id"), fixed_ip.get("ip_address"))
            for fixed_ip in info.get("external_fixed_ips") or ()
        ]
        network = self.networks.get(ctx, network_id)
        self.service_ports.create(ctx, network, repository.GATEWAY_OWNER, router.id, requests or None)

    def _delete_gateway(self, ctx: RequestContext, router: Resource, *, moves: bool = True) -> None:
        """Delete the gateway port.

        Raises RouterGatewayInUseByFloatingIp, RouterGatewayInUseByNdpProxy if it `moves` away from its users.
        """
        if moves and repository.list_floating_ips_of_router(ctx.db, router.id):
            raise RouterGatewayInUseByFloatingIp(router.id, router["external_network_id"])
        if moves:
            router_gateways.require_no_proxies(ctx, router)
        for port in repository.list_ports(ctx.db, [router.id], repository.GATEWAY_OWNER)[router.id]:
            self.service_ports.delete(ctx, port.id)


def enqueue_router(ctx: RequestContext, router_id: str) -> None:
    """Request that the clouds of a router apply its changes."""
    enqueue(ctx.db, "network.router", router_id, ctx.now)


def _describe_gateway(router: Resource, fixed_ips: Sequence[Mapping[str, str]]) -> dict[str, Any] | None:
    if router["external_network_id"] is None:
        return None
    return {
        "network_id": router["external_network_id"],
        "external_fixed_ips": list(fixed_ips),
        "enable_snat": router["enable_snat"],
    }
