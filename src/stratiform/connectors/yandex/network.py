"""Network capability of Yandex Cloud: a VPC network per network, and one of its subnets per subnet.

A subnet without a router has no way out. Servers without routing objects are in the default security group of their
network. The first two addresses after the network address are those of the gateway and of DNS, whatever gateway is
specified. A subnet has 16 to 65536 private addresses.

Source: VPC guide ("Cloud networks and subnets", "Quotas and limits"), VPC API reference.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from yandex.cloud.compute.v1.instance_pb2 import Instance
from yandex.cloud.vpc.v1.network_pb2 import Network
from yandex.cloud.vpc.v1.network_service_pb2 import (
    CreateNetworkMetadata,
    CreateNetworkRequest,
    DeleteNetworkRequest,
    GetNetworkRequest,
)
from yandex.cloud.vpc.v1.subnet_pb2 import Subnet
from yandex.cloud.vpc.v1.subnet_service_pb2 import (
    CreateSubnetMetadata,
    CreateSubnetRequest,
    DeleteSubnetRequest,
    GetSubnetRequest,
)

from stratiform.connectors.yandex import labels
from stratiform.connectors.yandex.instance_conversion import require_steady
from stratiform.connectors.yandex.interfaces import SUBNET_KIND, find_subnet, list_interfaces
from stratiform.connectors.yandex.listing import list_networks, list_subnets
from stratiform.connectors.yandex.route_tables import RouteTables
from stratiform.connectors.yandex.routing_limits import check_cidr
from stratiform.connectors.yandex.security_groups import SecurityGroups
from stratiform.contract.errors import CloudUnreachable, NativeNotFound, RequestRejected
from stratiform.contract.network import NativeSubnet, SubnetSpec

if TYPE_CHECKING:
    from stratiform.connectors.yandex.client import Client
    from stratiform.connectors.yandex.operations import Operations

_KIND = "network"


class YandexNetworkDriver:
    """Implements contract.network.NetworkDriver. Requests wait for their operations, which take seconds."""

    reserved_head = 3
    reserved_tail = 1

    def __init__(self, client: "Client", operations: "Operations") -> None:
        self._client, self._operations = client, operations
        self._route_tables = RouteTables(client, operations)
        self._security_groups = SecurityGroups(client, operations)

    def ensure_subnet(self, spec: SubnetSpec) -> NativeSubnet:
        check_cidr(spec.cidr)
        subnet = find_subnet(self._client, spec.token)
        if subnet is not None:
            return _to_subnet(subnet)
        network = self._find_network(spec.network_id)
        network_id = self._create_network(spec) if network is None else network.id
        try:
            subnet_id = self._create_subnet(network_id, spec)
        except NativeNotFound:
            # Another process has deleted the last subnet of the network, and the network with it.
            raise CloudUnreachable(f"network {network_id} on Yandex Cloud was deleted meanwhile") from None
        return NativeSubnet(subnet_id, spec.token, spec.cidr)

    def list_subnets(self) -> Iterator[NativeSubnet]:
        for subnets in list_subnets(self._client):
            for subnet in subnets:
                if labels.get_token(subnet, self._client.installation_id):
                    yield _to_subnet(subnet)

    def delete_subnet(self, subnet_id: str) -> None:
        """Delete a subnet, and the VPC network with its last subnet."""
        try:
            subnet = self._get_subnet(subnet_id)
            self._require_unused(subnet_id)
            self._operations.run(self._client.subnets.Delete, DeleteSubnetRequest(subnet_id=subnet_id))
        except NativeNotFound:
            return
        self._operations.record_deletion(subnet_id)
        self._delete_empty_network(subnet.network_id)

    def _require_unused(self, subnet_id: str) -> None:
        """Raises: RequestRejected if servers use a subnet, CloudUnreachable while the last ones are being deleted."""
        instances = [item.instance for item in list_interfaces(self._client) if item.interface.subnet_id == subnet_id]
        if any(instance.status != Instance.DELETING for instance in instances):
            raise RequestRejected(f"subnet {subnet_id} is in use by servers")
        for instance in instances:
            require_steady(instance)

    def _find_network(self, network_id: str) -> Network | None:
        name = labels.build_name(self._client.installation_id, _KIND, network_id)
        networks = (network for page in list_networks(self._client, name) for network in page)
        return next((item for item in networks if self._is_ours(item)), None)

    def _is_ours(self, network: Network) -> bool:
        return network.labels.get(labels.INSTALLATION) == self._client.installation_id

    def _create_network(self, spec: SubnetSpec) -> str:
        installation_id = self._client.installation_id
        request = CreateNetworkRequest(
            folder_id=self._client.settings.folder_id,
            name=labels.build_name(installation_id, _KIND, spec.network_id),
            description=labels.build_description(f"network of {spec.name}"),
            labels=labels.build_labels(installation_id, {labels.NETWORK: spec.network_id}),
        )
        return self._operations.create_and_wait(
            self._client.networks.Create, request, CreateNetworkMetadata(), self._get_network
        )

    def _create_subnet(self, network_id: str, spec: SubnetSpec) -> str:
        installation_id = self._client.installation_id
        extra = {labels.TOKEN: spec.token, labels.NETWORK: spec.network_id}
        request = CreateSubnetRequest(
            folder_id=self._client.settings.folder_id,
            name=labels.build_name(installation_id, SUBNET_KIND, spec.token),
            description=labels.build_description(spec.name),
            labels=labels.build_labels(installation_id, extra),
            network_id=network_id,
            zone_id=spec.availability_zone or self._client.settings.zone,
            v4_cidr_blocks=[spec.cidr],
        )
        return self._operations.create_and_wait(
            self._client.subnets.Create, request, CreateSubnetMetadata(), self._get_subnet
        )

    def _get_network(self, network_id: str) -> Network:
        return self._client.call(self._client.networks.Get, GetNetworkRequest(network_id=network_id))

    def _get_subnet(self, subnet_id: str) -> Subnet:
        return self._client.call(self._client.subnets.Get, GetSubnetRequest(subnet_id=subnet_id))

    def _delete_empty_network(self, network_id: str) -> None:
        """Delete a network of this installation if it has no subnets, and before it what belongs to it."""
        try:
            if not self._is_ours(self._get_network(network_id)):
                return
            if any(subnet.network_id == network_id for page in list_subnets(self._client) for subnet in page):
                return
            self._route_tables.delete_all(network_id)
            self._security_groups.delete_all(network_id)
            self._operations.run(self._client.networks.Delete, DeleteNetworkRequest(network_id=network_id))
        except NativeNotFound:
            return
        self._operations.record_deletion(network_id)


def _to_subnet(subnet: Subnet) -> NativeSubnet:
    return NativeSubnet(subnet.id, subnet.labels.get(labels.TOKEN, ""), next(iter(subnet.v4_cidr_blocks), ""))
