"""Floating IPs of Neutron, which chooses their addresses.

Source: Networking API, "Floating IPs", "Floating IPs port forwarding".
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from stratiform.connectors.openstack import tags
from stratiform.connectors.openstack.external_networks import find_external_network
from stratiform.connectors.openstack.network import find_subnet
from stratiform.connectors.openstack.ports import Port, list_address_ports
from stratiform.contract.errors import NativeNotFound, RequestRejected
from stratiform.contract.routing import RoutingObject

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client


class FloatingIp(msgspec.Struct, frozen=True):
    id: str
    address: str = msgspec.field(name="floating_ip_address")
    fixed_address: str | None = msgspec.field(name="fixed_ip_address", default=None)
    port_id: str | None = None
    description: str | None = ""


class FloatingIps:
    """Floating IPs of one cloud and region."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def allocate(self, token: str) -> str:
        """Return the address with a token; it is allocated if none has it, such as after a lost response."""
        with self._client.lock(token):
            existing = self._list(token)
            return existing[0].address if existing else self._create(token).address

    def apply(self, desired: RoutingObject) -> None:
        """Associate the address with an interface, if a server has it. A released address is requested again."""
        properties = desired.properties
        with self._client.lock(desired.token):
            floating_ips = self._list(desired.token) or [self._create(desired.token, properties["address"])]
        port = self._find_port(properties)
        for floating_ip in floating_ips:
            if floating_ip.address != properties["address"] or port is None:
                self._associate(floating_ip, None, None)
            else:
                self._associate(floating_ip, port.id, properties["fixed_address"])

    def delete(self, token: str) -> None:
        """Release all addresses with a token."""
        for floating_ip in self._list(token):
            with suppress(NativeNotFound):
                self._client.request("network", "DELETE", f"/floatingips/{floating_ip.id}")

    def list_objects(self) -> Iterator[RoutingObject]:
        for floating_ip in self._client.list_items("network", "/floatingips", "floatingips", FloatingIp):
            token = tags.find_description_token(floating_ip.description, self._client.installation_id)
            if token:
                properties = {"address": floating_ip.address, "fixed_address": floating_ip.fixed_address or None}
                yield RoutingObject("floating_ip", token, "", properties)

    def _list(self, token: str) -> list[FloatingIp]:
        description = tags.build_description(self._client.installation_id, token)
        params = {"description": description}
        floating_ips = self._client.list_items("network", "/floatingips", "floatingips", FloatingIp, params)
        return sorted((item for item in floating_ips if item.description == description), key=lambda item: item.id)

    def _create(self, token: str, address: str = "") -> FloatingIp:
        body: dict[str, Any] = {
            "floating_network_id": find_external_network(self._client),
            "description": tags.build_description(self._client.installation_id, token),
            **({"floating_ip_address": address} if address else {}),
        }
        response = self._client.request("network", "POST", "/floatingips", {"floatingip": body})
        return self._client.decode("network", response, "floatingip", FloatingIp)

    def _find_port(self, properties: Mapping[str, Any]) -> Port | None:
        if not properties["fixed_address"]:
            return None
        subnet = find_subnet(self._client, properties["subnet_id"])
        ports = [] if subnet is None else list_address_ports(self._client, subnet.id, properties["fixed_address"])
        return ports[0] if ports else None

    def _associate(self, floating_ip: FloatingIp, port_id: str | None, fixed_address: str | None) -> None:
        """Raises: RequestRejected if no router connects the subnet with the external network."""
        if (floating_ip.port_id or None, floating_ip.fixed_address or None) == (port_id, fixed_address):
            return
        changes = {"port_id": port_id, **({"fixed_ip_address": fixed_address} if port_id else {})}
        try:
            self._client.request("network", "PUT", f"/floatingips/{floating_ip.id}", {"floatingip": changes})
        except NativeNotFound as error:
            raise RequestRejected(error.message, hint="connect the subnet to a router with a gateway") from error
