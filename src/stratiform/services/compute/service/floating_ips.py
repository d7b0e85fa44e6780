"""Floating IPs of the network service, and their association with servers.

Source: Compute API reference, "Floating IPs (os-floating-ips)"; nova/api/openstack/compute/floating_ips.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Fault, Forbidden, Invalid, NotFound
from stratiform.services.compute import policy
from stratiform.services.compute.model.floating_ips import ServerFloatingIp
from stratiform.services.compute.service.server_access import get_server
from stratiform.services.network.errors import QuotaExceeded
from stratiform.services.network.model import ListQuery, Network, Resource
from stratiform.services.network.service import NetworkService
from stratiform.services.network.service.resource_collection import ResourceCollection

_ADDRESS_NOT_FOUND = "floating IP not found"


@dataclass(frozen=True, slots=True)
class FloatingIps:
    """Operations of `/os-floating-ips`, `/os-floating-ip-pools`, and of the actions of servers."""

    network: NetworkService

    def list(self, ctx: RequestContext) -> Sequence[ServerFloatingIp]:
        """Return the floating IPs of the caller's project."""
        project_id = ctx.caller.require_project_id()
        policy.FLOATING_IPS_LIST.require(ctx.caller, project_id)
        return self._describe(ctx, self._collection.list(ctx, ListQuery({"project_id": [project_id]})).items)

    def get(self, ctx: RequestContext, floating_ip_id: str) -> ServerFloatingIp:
        """Raises NotFound, Forbidden."""
        policy.FLOATING_IPS_SHOW.require(ctx.caller, ctx.caller.project_id)
        return self._describe(ctx, [self._get(ctx, floating_ip_id)])[0]

    def list_pools(self, ctx: RequestContext) -> Sequence[str]:
        """Return the names of the external networks that the caller sees."""
        policy.FLOATING_IP_POOLS_LIST.require(ctx.caller, ctx.caller.project_id)
        return [network.name or network.id for network in self._list_external_networks(ctx)]

    def create(self, ctx: RequestContext, pool: str | None) -> ServerFloatingIp:
        """Allocate a floating IP. `pool`: name or id of an external network, None for the default one.

        Raises NotFound for an unknown pool; Forbidden for an exceeded quota.
        """
        policy.FLOATING_IPS_CREATE.require(ctx.caller, ctx.caller.require_project_id())
        networks = [item for item in self._list_external_networks(ctx) if pool in (None, item.id, item.name)]
        if not networks:
            raise NotFound("Floating IP pool not found.")
        try:
            floating_ip = self._collection.create(ctx, {"floating_network_id": networks[0].id})
        except QuotaExceeded as error:
            raise Forbidden(f"IP allocation over quota in pool {networks[0].name}.") from error
        return self._describe(ctx, [floating_ip])[0]

    def delete(self, ctx: RequestContext, floating_ip_id: str) -> None:
        """Release a floating IP, also one that is associated. Raises NotFound."""
        policy.FLOATING_IPS_DELETE.require(ctx.caller, ctx.caller.project_id)
        self.network.floating_ips.delete(ctx, self._get(ctx, floating_ip_id).id)

    def add(self, ctx: RequestContext, server_id: str, address: str, fixed_address: str | None) -> None:
        """Associate a floating IP with an address of a server, by default the first one; it may have been another's.

        Raises ServerNotFound, NotFound; Invalid for a fixed address that the server does not have, or if it has a
        floating IP already, or if no router connects it with the network of the floating IP.
        """
        server = get_server(ctx, policy.FLOATING_IPS_ADD, server_id)
        floating_ip = self.network.floating_ips.find_by_address(ctx, address)
        if floating_ip is None:
            raise NotFound(_ADDRESS_NOT_FOUND)
        addresses = {
            fixed_ip["ip_address"]: port.id
            for port in self.network.server_ports.list(ctx.db, server.id)
            for fixed_ip in port.fixed_ips
            if ":" not in fixed_ip["ip_address"]
        }
        if not addresses:
            raise Invalid("No fixed IPs associated to instance")
        if fixed_address is not None and fixed_address not in addresses:
            raise Invalid("Specified fixed address not assigned to instance")
        fixed_address = fixed_address or next(iter(addresses))
        changes = {"port_id": addresses[fixed_address], "fixed_ip_address": fixed_address}
        try:
            self._collection.update(ctx, floating_ip.id, changes)
        except (Conflict, NotFound, Invalid) as error:
            raise _build_association_error(address, fixed_address, server_id, error) from error

    def remove(self, ctx: RequestContext, server_id: str, address: str) -> None:
        """Disassociate a floating IP. Raises ServerNotFound, NotFound; Conflict if it is not that of the server."""
        server = get_server(ctx, policy.FLOATING_IPS_REMOVE, server_id)
        floating_ip = self.network.floating_ips.find_by_address(ctx, address)
        if floating_ip is None:
            raise NotFound(_ADDRESS_NOT_FOUND)
        ports = self.network.server_ports.list(ctx.db, server.id)
        if floating_ip["port_id"] not in [port.id for port in ports]:
            raise Conflict(f"Floating IP {address} is not associated with instance {server_id}.")
        self._collection.update(ctx, floating_ip.id, {"port_id": None})

    @property
    def _collection(self) -> ResourceCollection:
        return self.network.collections["floatingip"]

    def _get(self, ctx: RequestContext, floating_ip_id: str) -> Resource:
        try:
            return self._collection.get(ctx, floating_ip_id)
        except NotFound as error:
            raise NotFound(f"Floating IP not found for ID {floating_ip_id}") from error

    def _list_external_networks(self, ctx: RequestContext) -> Sequence[Network]:
        query = ListQuery({"external": [True]}, sort=[("is_default", True), ("created_at", False)])
        return self.network.networks.list(ctx, query).items

    def _describe(self, ctx: RequestContext, floating_ips: Sequence[Resource]) -> Sequence[ServerFloatingIp]:
        names = self.network.networks.list_names(ctx.db, [item["floating_network_id"] for item in floating_ips])
        bodies = self._collection.describe(ctx, floating_ips)
        return [
            ServerFloatingIp(
                id=body["id"],
                address=body["floating_ip_address"],
                pool=names.get(body["floating_network_id"]) or body["floating_network_id"],
                server_id=_find_server_id(body["port_details"]),
                fixed_ip=body["fixed_ip_address"],
            )
            for body in bodies
        ]


def _find_server_id(port: dict[str, str] | None) -> str | None:
    return port["device_id"] if port is not None and port["device_owner"].startswith("compute:") else None


def _build_association_error(address: str, fixed_address: str, server_id: str, error: Fault) -> Invalid:
    return Invalid(
        f"Unable to associate floating IP {address} to fixed IP {fixed_address} for instance {server_id}. "
        f"Error: {error.message}"
    )
