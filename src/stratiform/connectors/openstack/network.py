"""Network capability of OpenStack: a network of Neutron per network, and one of its subnets per subnet.

Neutron has no idempotency token. Networks and subnets have our token in their description, by which they are found
again; a network with two subnets of one CIDR is rejected. The cloud's own ports, such as those of DHCP agents, get
addresses from an allocation pool at the end of the subnet, which servers do not use.

Source: Networking API, "Networks", "Subnets".
"""

from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Network, ip_network
from typing import TYPE_CHECKING, Any

import msgspec

from stratiform.connectors.openstack import tags
from stratiform.connectors.openstack.ports import Port, delete_port, is_ours, list_ports
from stratiform.contract.errors import CloudError, CloudUnreachable, NativeNotFound, RequestRejected
from stratiform.contract.network import NativeSubnet, SubnetSpec

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client

#: The addresses before the broadcast address that the cloud's own ports may get.
_POOL_SIZE = 3

#: Smaller subnets have no addresses to spare, so the cloud's own ports get any of them.
_MIN_SIZE_WITH_POOL = 16

#: The owners of ports that connect a subnet to a router.
ROUTER_OWNERS = (
    "network:router_interface",
    "network:router_interface_distributed",
    "network:ha_router_replicated_interface",
)


class Network(msgspec.Struct, frozen=True):
    id: str
    name: str = ""
    description: str | None = ""
    subnets: list[str] = []


class Subnet(msgspec.Struct, frozen=True):
    id: str
    network_id: str
    cidr: str
    gateway_ip: str | None = None
    description: str | None = ""


class OpenstackNetworkDriver:
    """Implements contract.network.NetworkDriver."""

    reserved_head = 1
    reserved_tail = 1 + _POOL_SIZE

    def __init__(self, client: "Client") -> None:
        self._client = client

    def ensure_subnet(self, spec: SubnetSpec) -> NativeSubnet:
        with self._client.lock(spec.network_id):
            subnet = find_subnet(self._client, spec.token)
            if subnet is None:
                subnet = self._create(spec)
        return self._convert(subnet)

    def list_subnets(self) -> Iterator[NativeSubnet]:
        for subnet in self._client.list_items("network", "/subnets", "subnets", Subnet):
            if self._get_token(subnet):
                yield self._convert(subnet)

    def delete_subnet(self, subnet_id: str) -> None:
        """Delete a subnet with its router interfaces and unused ports, and the network with its last subnet."""
        try:
            subnet = self._client.fetch("network", f"/subnets/{subnet_id}", "subnet", Subnet)
        except NativeNotFound:
            return
        ports = list(list_ports(self._client, fixed_ips=f"subnet_id={subnet_id}"))
        for port in ports:
            if port.device_id and port.device_owner.startswith("compute:"):
                raise RequestRejected(f"subnet {subnet_id} is in use by server {port.device_id}")
        for port in ports:
            self._release_port(port)
        with suppress(NativeNotFound):
            self._client.request("network", "DELETE", f"/subnets/{subnet_id}")
        self._delete_empty_network(subnet.network_id)

    def _create(self, spec: SubnetSpec) -> Subnet:
        network = self._find_network(spec.network_id) or self._create_network(spec)
        body: dict[str, Any] = {
            "network_id": network.id,
            "name": spec.name,
            "description": tags.build_description(self._client.installation_id, spec.token),
            "gateway_ip": spec.gateway_ip or None,
            **_build_range(spec.cidr),
        }
        try:
            response = self._client.request("network", "POST", "/subnets", {"subnet": body})
        except CloudUnreachable:
            raise
        except CloudError:
            self._delete_empty_network(network.id)
            raise
        return self._client.decode("network", response, "subnet", Subnet)

    def _create_network(self, spec: SubnetSpec) -> Network:
        body = {
            "name": spec.name or f"stratiform-{spec.network_id}",
            "description": tags.build_description(self._client.installation_id, spec.network_id),
        }
        response = self._client.request("network", "POST", "/networks", {"network": body})
        return self._client.decode("network", response, "network", Network)

    def _find_network(self, token: str) -> Network | None:
        """Return the network with a token; of several, all requests choose the same one."""
        description = tags.build_description(self._client.installation_id, token)
        networks = self._client.list_items("network", "/networks", "networks", Network, {"description": description})
        ours = [network for network in networks if network.description == description]
        return min(ours, key=lambda network: (not network.subnets, network.id)) if ours else None

    def _release_port(self, port: Port) -> None:
        if port.device_owner in ROUTER_OWNERS:
            with suppress(NativeNotFound):
                path = f"/routers/{port.device_id}/remove_router_interface"
                self._client.request("network", "PUT", path, {"port_id": port.id})
        elif not port.device_id and is_ours(self._client, port):
            delete_port(self._client, port.id)

    def _delete_empty_network(self, network_id: str) -> None:
        """Delete a network of this installation that has no subnets."""
        with suppress(NativeNotFound, RequestRejected):  # it was deleted, or another subnet was created meanwhile
            network = self._client.fetch("network", f"/networks/{network_id}", "network", Network)
            is_ours_too = tags.find_description_token(network.description, self._client.installation_id)
            if is_ours_too and not network.subnets:
                self._client.request("network", "DELETE", f"/networks/{network_id}")

    def _get_token(self, subnet: Subnet) -> str:
        return tags.find_description_token(subnet.description, self._client.installation_id)

    def _convert(self, subnet: Subnet) -> NativeSubnet:
        return NativeSubnet(id=subnet.id, token=self._get_token(subnet), cidr=subnet.cidr)


def find_subnet(client: "Client", token: str) -> Subnet | None:
    """Return the native subnet with a token."""
    description = tags.build_description(client.installation_id, token)
    subnets = client.list_items("network", "/subnets", "subnets", Subnet, {"description": description})
    ours = [subnet for subnet in subnets if subnet.description == description]
    return min(ours, key=lambda subnet: subnet.id) if ours else None


def _build_range(cidr: str) -> dict[str, Any]:
    """Return the CIDR of a subnet, and the pool of the cloud's own ports. Raises: RequestRejected."""
    try:
        network = ip_network(cidr)
    except ValueError as error:
        raise RequestRejected(f"invalid CIDR '{cidr}': {error}") from error
    if not isinstance(network, IPv4Network) or network.num_addresses < _MIN_SIZE_WITH_POOL:
        return {"cidr": cidr, "ip_version": network.version}
    last = network.broadcast_address - 1
    pool = {"start": str(last - (_POOL_SIZE - 1)), "end": str(last)}
    return {"cidr": cidr, "ip_version": 4, "allocation_pools": [pool]}
