"""The external network of a cloud: that of floating IPs and of router gateways."""

from typing import TYPE_CHECKING

import msgspec

from stratiform.contract.errors import RequestRejected

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client


class ExternalNetwork(msgspec.Struct, frozen=True):
    id: str
    name: str = ""
    is_external: bool = msgspec.field(name="router:external", default=False)


def find_external_network(client: "Client") -> str:
    """Return the id of the network that the settings name, or of the only external one. Raises: RequestRejected."""
    name_or_id = client.settings.external_network
    params = {"router:external": "True"}
    networks = [
        network
        for network in client.list_items("network", "/networks", "networks", ExternalNetwork, params)
        if network.is_external and name_or_id in ("", network.id, network.name)
    ]
    if len(networks) == 1:
        return networks[0].id
    if not networks:
        name = f" '{name_or_id}'" if name_or_id else ""
        raise RequestRejected(f"the cloud has no external network{name}", hint="check the setting 'external_network'")
    names = ", ".join(sorted(network.name or network.id for network in networks))
    raise RequestRejected(
        f"the cloud has several external networks: {names}", hint="set the setting 'external_network' to one of them"
    )
