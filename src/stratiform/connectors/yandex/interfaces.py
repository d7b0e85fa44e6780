"""Subnets by our tokens, and network interfaces of instances by their addresses.

Yandex Cloud has no list of interfaces: they are part of the instances.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yandex.cloud.compute.v1.instance_pb2 import Instance, NetworkInterface
from yandex.cloud.vpc.v1.subnet_pb2 import Subnet

from stratiform.connectors.yandex import labels
from stratiform.connectors.yandex.listing import list_instances, list_subnets

if TYPE_CHECKING:
    from stratiform.connectors.yandex.client import Client

SUBNET_KIND = "subnet"


@dataclass(frozen=True, slots=True)
class InstanceInterface:
    """An interface, with the instance that has it."""

    instance: Instance
    interface: NetworkInterface

    @property
    def address(self) -> str:
        return self.interface.primary_v4_address.address

    @property
    def public_address(self) -> str:
        """The public address that is translated to this one, or ""."""
        return self.interface.primary_v4_address.one_to_one_nat.address


def find_subnet(client: "Client", token: str) -> Subnet | None:
    name = labels.build_name(client.installation_id, SUBNET_KIND, token)
    subnets = (subnet for page in list_subnets(client, name) for subnet in page)
    return next((item for item in subnets if labels.get_token(item, client.installation_id) == token), None)


def list_interfaces(client: "Client") -> Iterator[InstanceInterface]:
    """Iterate over the interfaces of all instances in the folder, also of those that are being deleted."""
    for instances in list_instances(client):
        for instance in instances:
            for interface in instance.network_interfaces:
                yield InstanceInterface(instance, interface)


def find_interface(client: "Client", subnet_id: str, address: str) -> InstanceInterface | None:
    """Return the interface with an address in a native subnet, unless its instance is being deleted."""
    for item in list_interfaces(client):
        is_deleting = item.instance.status == Instance.DELETING
        if item.interface.subnet_id == subnet_id and item.address == address and not is_deleting:
            return item
    return None
