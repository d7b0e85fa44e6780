"""Network capability of CloudStack: an isolated network per subnet, or a network that the operator shares.

In an advanced zone, a subnet is an isolated network with a virtual router of its own, whose address is the gateway.
In a basic zone, in an advanced zone with security groups, and with the setting `network`, servers share an existing
network: a subnet must have its CIDR, or a part of it.

Source: CloudStack API reference (createNetwork, listNetworks, deleteNetwork); administration guide ("Networking").
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from stratiform.connectors.cloudstack import markers, server_conversion
from stratiform.connectors.cloudstack.offerings import resolve_network_offering
from stratiform.contract.compute import NativeServerState
from stratiform.contract.errors import CloudUnreachable, NativeNotFound, RequestRejected
from stratiform.contract.network import NativeSubnet, SubnetSpec

if TYPE_CHECKING:
    from stratiform.connectors.cloudstack.client import Client
    from stratiform.connectors.cloudstack.responses import Item

_MIN_PREFIX, _MAX_PREFIX = 8, 29
_DEFAULT_CIDR = "10.254.0.0/20"
_DEFAULT_TOKEN = "servers"  # noqa: S105 - not a password
_NETWORK_TEXT = "Network "
_DELETABLE_STATES = ("Allocated", "Implemented", "Setup")


class CloudStackNetworkDriver:
    """Implements contract.network.NetworkDriver."""

    #: The network address and that of the virtual router, which is the first one unless the subnet has a gateway.
    reserved_head = 2
    reserved_tail = 1

    def __init__(self, client: "Client") -> None:
        self._client = client

    def ensure_subnet(self, spec: SubnetSpec) -> NativeSubnet:
        cidr = _parse_cidr(spec.cidr)
        shared = find_shared_network(self._client, spec.availability_zone)
        if shared is not None:
            if not cidr.subnet_of(IPv4Network(shared["cidr"])):
                raise RequestRejected(
                    f"subnet {cidr} is not in CloudStack's network {shared['name']} ({shared['cidr']})"
                )
            return NativeSubnet(str(shared["id"]), spec.token, spec.cidr)
        with self._client.locking("network", spec.network_id):  # its subnets must not overlap
            network = self._client.create_once(
                "subnet", spec.token, lambda: find_network(self._client, spec.token), lambda: self._create(spec, cidr)
            )
        return NativeSubnet(str(network["id"]), spec.token, str(network["cidr"]))

    def list_subnets(self) -> Iterator[NativeSubnet]:
        for network in list_networks(self._client):
            token = markers.find_token(network, self._client.installation_id)
            yield NativeSubnet(str(network["id"]), token, str(network["cidr"]))

    def delete_subnet(self, subnet_id: str) -> None:
        """Delete an isolated network; one that the operator shares stays."""
        network = self._client.find_item("listNetworks", "network", id=subnet_id)
        if network is None or not markers.find_token(network, self._client.installation_id):
            return
        vms = self._client.list_all("listVirtualMachines", "virtualmachine", networkid=subnet_id)
        if any(server_conversion.get_state(vm) is not NativeServerState.DELETED for vm in vms):
            raise RequestRejected(f"subnet {subnet_id} is in use by servers")
        if network.get("state") not in _DELETABLE_STATES:
            raise CloudUnreachable(f"CloudStack is still changing network {subnet_id}")
        try:
            self._client.run_job("deleteNetwork", id=subnet_id)
        except NativeNotFound:
            return

    def _create(self, spec: SubnetSpec, cidr: IPv4Network) -> "Item":
        self._require_no_overlap(spec, cidr)
        gateway = IPv4Address(spec.gateway_ip) if spec.gateway_ip else cidr[1]
        name = self._client.build_marker(spec.token).append_to(spec.name)
        return create_network(
            self._client, name, f"{_NETWORK_TEXT}{spec.network_id}", cidr, gateway, spec.availability_zone
        )

    def _require_no_overlap(self, spec: SubnetSpec, cidr: IPv4Network) -> None:
        for network in list_networks(self._client):
            is_same_network = network.get("displaytext") == f"{_NETWORK_TEXT}{spec.network_id}"
            if is_same_network and cidr.overlaps(IPv4Network(network["cidr"])):
                raise RequestRejected(f"subnet {cidr} overlaps with subnet {network['cidr']} of the same network")


def create_network(
    client: "Client", name: str, text: str, cidr: IPv4Network, gateway: IPv4Address, zone: str = ""
) -> "Item":
    """Create an isolated network, whose virtual router starts with its first server."""
    return client.request(
        "createNetwork",
        name=name,
        displaytext=text,
        networkofferingid=resolve_network_offering(client)["id"],
        zoneid=client.resolve_zone(zone).id,
        gateway=str(gateway),
        netmask=str(cidr.netmask),
    )


def ensure_default_network(client: "Client") -> str:
    """Return the native id of the network of servers without interfaces; "" where the zone has a default one.

    CloudStack cannot create a server without a network. The servers have no access to other networks.
    """
    shared = find_shared_network(client)
    if shared is not None:
        return "" if client.resolve_zone().is_basic else str(shared["id"])
    marker = client.build_marker(_DEFAULT_TOKEN, server_conversion.DEFAULT_NETWORK_ROLE)

    def find() -> "Item | None":
        networks = client.list_all("listNetworks", "network", zoneid=client.resolve_zone().id, type="Isolated")
        return next((item for item in networks if markers.parse_marker(str(item.get("name", ""))) == marker), None)

    cidr = IPv4Network(_DEFAULT_CIDR)
    network = client.create_once(
        "network",
        _DEFAULT_TOKEN,
        find,
        lambda: create_network(client, marker.append_to("servers"), "Servers without interfaces", cidr, cidr[1]),
    )
    return str(network["id"])


def find_shared_network(client: "Client", zone_name: str = "") -> "Item | None":
    """Return the existing network that servers share; None if subnets are isolated networks.

    Raises: RequestRejected if there must be one and CloudStack lists none.
    """
    zone, name = client.resolve_zone(zone_name), client.settings.network
    if not (zone.is_basic or zone.has_security_groups or name):
        return None
    networks = client.list_all("listNetworks", "network", zoneid=zone.id)
    if name:
        networks = [network for network in networks if name in (str(network["id"]), network.get("name"))]
    else:
        networks = [network for network in networks if network.get("type") == "Shared"]
    if not networks:
        raise RequestRejected(f"network '{name or 'shared by servers'}' not found in zone {zone.name} of CloudStack")
    return networks[0]


def list_networks(client: "Client") -> "list[Item]":
    """Return the isolated networks of this installation."""
    networks = client.list_all("listNetworks", "network", type="Isolated")
    return [network for network in networks if markers.find_token(network, client.installation_id)]


def find_network(client: "Client", token: str) -> "Item | None":
    """Return the isolated network with a token, the oldest one if there are several."""
    networks = [item for item in list_networks(client) if markers.find_token(item, client.installation_id) == token]
    return min(networks, key=lambda item: (str(item.get("created", "")), str(item["id"])), default=None)


def find_interface(client: "Client", network_id: str, address: str) -> "tuple[Item, Item] | None":
    """Return the server and its interface that has an address in a network."""
    for vm in client.list_all("listVirtualMachines", "virtualmachine", networkid=network_id):
        for nic in vm.get("nic") or ():
            is_match = (str(nic.get("networkid")), nic.get("ipaddress")) == (network_id, address)
            if is_match and server_conversion.get_state(vm) is not NativeServerState.DELETED:
                return vm, nic
    return None


def _parse_cidr(cidr: str) -> IPv4Network:
    try:
        network = IPv4Network(cidr)
    except ValueError as error:
        raise RequestRejected(f"invalid IPv4 CIDR '{cidr}': {error}") from error
    if not _MIN_PREFIX <= network.prefixlen <= _MAX_PREFIX:
        raise RequestRejected(f"CloudStack supports subnets from /{_MIN_PREFIX} to /{_MAX_PREFIX}, not {cidr}")
    return network
