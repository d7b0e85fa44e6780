"""Routers as a tag on the isolated network that they serve, which has a virtual router of its own.

The tag decides whether the firewall of the network lets traffic to external networks pass.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stratiform.connectors.cloudstack.firewall import GATEWAY_SUFFIX
from stratiform.connectors.cloudstack.markers import ROUTER, find_token, read_tags
from stratiform.connectors.cloudstack.network import list_networks
from stratiform.contract.routing import RoutingObject

if TYPE_CHECKING:
    from stratiform.connectors.cloudstack.client import Client
    from stratiform.connectors.cloudstack.firewall import Firewall
    from stratiform.connectors.cloudstack.responses import Item


class Routers:
    """Routers of this installation."""

    def __init__(self, client: "Client", firewall: "Firewall") -> None:
        self._client = client
        self._firewall = firewall

    def apply(self, desired: RoutingObject) -> None:
        """Tag the networks of the router's subnets that exist, and remove the tag from others."""
        subnets = {interface["subnet_id"] for interface in desired.properties["interfaces"]}
        is_open = desired.properties.get("gateway") and desired.properties.get("admin_state_up", True)
        value = f"{desired.token}{GATEWAY_SUFFIX if is_open else ''}"
        for network in list_networks(self._client):
            if find_token(network, self._client.installation_id) in subnets:
                self._set(network, value)
            elif _get_router(network) == desired.token:
                self._set(network, "")

    def delete(self, token: str) -> None:
        for network in list_networks(self._client):
            if _get_router(network) == token:
                self._set(network, "")

    def list_objects(self) -> Iterator[RoutingObject]:
        for token in sorted({_get_router(network) for network in list_networks(self._client)} - {""}):
            yield RoutingObject("router", token)

    def _set(self, network: "Item", value: str) -> None:
        current = read_tags(network).get(ROUTER, "")
        if current != value:
            keys = [ROUTER] if current else []
            self._client.replace_tags("Network", str(network["id"]), keys, {ROUTER: value} if value else {})
        self._firewall.synchronize(str(network["id"]))


def _get_router(network: "Item") -> str:
    return read_tags(network).get(ROUTER, "").removesuffix(GATEWAY_SUFFIX)
