"""Routers of Neutron, with the interfaces, the gateway and the extra routes of ours.

Source: Networking API, "Routers".
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

import msgspec

from stratiform.connectors.openstack import tags
from stratiform.connectors.openstack.external_networks import find_external_network
from stratiform.connectors.openstack.network import ROUTER_OWNERS, Subnet, find_subnet
from stratiform.connectors.openstack.ports import Port, list_ports
from stratiform.contract.errors import NativeNotFound, RequestRejected
from stratiform.contract.routing import RoutingObject

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client


class Gateway(msgspec.Struct, frozen=True):
    network_id: str
    enable_snat: bool = True


class Router(msgspec.Struct, frozen=True):
    id: str
    name: str = ""
    description: str | None = ""
    admin_state_up: bool = True
    gateway: Gateway | None = msgspec.field(name="external_gateway_info", default=None)
    routes: list[dict[str, Any]] = []


class Routers:
    """Routers of one cloud and region."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def apply(self, desired: RoutingObject) -> None:
        """Create the router as long as one of its subnets exists: its gateway uses a public address."""
        with self._client.lock(desired.token):
            subnets = self._find_subnets(desired.properties.get("interfaces", ()))
            if not subnets:
                self.delete(desired.token)
                return
            router = next(iter(self._list(desired.token)), None) or self._create(desired)
            self._set_attributes(router, desired)
            self._set_interfaces(router, subnets)
            self._set_routes(router, desired.properties.get("routes", ()), [subnet for subnet, _ in subnets])

    def delete(self, token: str) -> None:
        for router in self._list(token):
            with suppress(NativeNotFound):
                if router.routes:
                    self._update(router, {"routes": []})
                for port in self._list_interfaces(router):
                    self._remove_interface(router, port)
                for port in self._list_unconnected_ports(router):
                    with suppress(NativeNotFound):
                        self._client.request("network", "DELETE", f"/ports/{port.id}")
                self._client.request("network", "DELETE", f"/routers/{router.id}")

    def list_objects(self) -> Iterator[RoutingObject]:
        for router in self._client.list_items("network", "/routers", "routers", Router):
            token = tags.find_description_token(router.description, self._client.installation_id)
            if token:
                gateway = None if router.gateway is None else router.gateway.network_id
                properties = {"gateway": gateway, "routes": router.routes, "admin_state_up": router.admin_state_up}
                yield RoutingObject("router", token, router.name, properties)

    def _list(self, token: str) -> list[Router]:
        description = tags.build_description(self._client.installation_id, token)
        routers = self._client.list_items("network", "/routers", "routers", Router, {"description": description})
        return sorted((router for router in routers if router.description == description), key=lambda item: item.id)

    def _create(self, desired: RoutingObject) -> Router:
        description = tags.build_description(self._client.installation_id, desired.token)
        body = {"name": desired.name or f"stratiform-{desired.token}", "description": description}
        response = self._client.request("network", "POST", "/routers", {"router": body})
        return self._client.decode("network", response, "router", Router)

    def _set_attributes(self, router: Router, desired: RoutingObject) -> None:
        """SNAT is sent only if it is disabled, because this requires a privilege by default."""
        properties = desired.properties
        changes: dict[str, Any] = {}
        if router.admin_state_up != properties.get("admin_state_up", True):
            changes["admin_state_up"] = properties.get("admin_state_up", True)
        snat = bool(properties.get("snat", True))
        if not properties.get("gateway"):
            if router.gateway is not None:
                changes["external_gateway_info"] = None
        elif router.gateway is None or router.gateway.enable_snat != snat:
            network_id = router.gateway.network_id if router.gateway else find_external_network(self._client)
            needs_snat = not snat or (router.gateway is not None)
            changes["external_gateway_info"] = {
                "network_id": network_id,
                **({"enable_snat": snat} if needs_snat else {}),
            }
        if changes:
            self._update(router, changes)

    def _find_subnets(self, interfaces: Sequence[Mapping[str, Any]]) -> list[tuple[Subnet, str]]:
        """Return the subnets that exist with the router's addresses; others are created with their first server."""
        subnets = ((find_subnet(self._client, item["subnet_id"]), item["ip_address"]) for item in interfaces)
        return [(subnet, address) for subnet, address in subnets if subnet is not None]

    def _set_interfaces(self, router: Router, subnets: Sequence[tuple[Subnet, str]]) -> None:
        """Disconnect other subnets, and connect those that are not."""
        desired_ids = {subnet.id for subnet, _ in subnets}
        connected_ids: set[str] = set()
        for port in self._list_interfaces(router):
            subnet_ids = {fixed_ip.subnet_id for fixed_ip in port.fixed_ips}
            if subnet_ids & desired_ids:
                connected_ids |= subnet_ids
            else:
                self._remove_interface(router, port)
        for subnet, address in subnets:
            if subnet.id not in connected_ids:
                self._add_interface(router, subnet, address)

    def _add_interface(self, router: Router, subnet: Subnet, address: str) -> None:
        """Connect a subnet. The router has its gateway address, or else another one, by way of a port."""
        body = {"subnet_id": subnet.id}
        if address != subnet.gateway_ip:
            body = {"port_id": self._ensure_port(router, subnet, address).id}
        self._client.request("network", "PUT", f"/routers/{router.id}/add_router_interface", body)

    def _ensure_port(self, router: Router, subnet: Subnet, address: str) -> Port:
        """Return a port with an address that no router has; one of an earlier request whose response was lost."""
        for port in self._list_unconnected_ports(router):
            if any((item.subnet_id, item.ip_address) == (subnet.id, address) for item in port.fixed_ips):
                return port
        port_body = {
            "network_id": subnet.network_id,
            "fixed_ips": [{"subnet_id": subnet.id, "ip_address": address}],
            "description": self._build_port_description(router),
        }
        response = self._client.request("network", "POST", "/ports", {"port": port_body})
        return self._client.decode("network", response, "port", Port)

    def _list_unconnected_ports(self, router: Router) -> list[Port]:
        description = self._build_port_description(router)
        ports = list_ports(self._client, description=description)
        return [port for port in ports if port.description == description and not port.device_id]

    def _build_port_description(self, router: Router) -> str:
        return tags.build_description(self._client.installation_id, f"router {router.id}")

    def _list_interfaces(self, router: Router) -> list[Port]:
        ports = list_ports(self._client, device_id=router.id)
        return [port for port in ports if port.device_id == router.id and port.device_owner in ROUTER_OWNERS]

    def _remove_interface(self, router: Router, port: Port) -> None:
        with suppress(NativeNotFound):
            path = f"/routers/{router.id}/remove_router_interface"
            self._client.request("network", "PUT", path, {"port_id": port.id})

    def _set_routes(self, router: Router, routes: Sequence[Mapping[str, str]], subnets: Sequence[Subnet]) -> None:
        """Set the routes whose next hop is in a connected subnet; Neutron rejects others."""
        desired_routes = [
            {"destination": route["destination"], "nexthop": route["nexthop"]}
            for route in routes
            if any(ip_address(route["nexthop"]) in ip_network(subnet.cidr) for subnet in subnets)
        ]
        if sorted(map(repr, desired_routes)) != sorted(map(repr, router.routes)):
            self._update(router, {"routes": desired_routes})

    def _update(self, router: Router, changes: Mapping[str, Any]) -> None:
        try:
            self._client.request("network", "PUT", f"/routers/{router.id}", {"router": changes})
        except NativeNotFound as error:
            raise RequestRejected(error.message, hint=error.hint) from error
