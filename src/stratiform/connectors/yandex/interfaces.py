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
from stratiform.contract.errors import CloudUnreachable

if TYPE_CHECKING:
    from stratiform.connectors.yandex.client import Client

SUBNET_KIND = "subnet"

_CHANGING = (Instance.PROVISIONING, Instance.STOPPING, Instance.STARTING, Instance.RESTARTING, Instance.UPDATING)


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

    def require_steady(self) -> None:
        """Raises: CloudUnreachable, to be repeated, while the instance is changing."""
        if self.instance.status in _CHANGING:
            status = Instance.Status.Name(self.instance.status)
            raise CloudUnreachable(f"server {self.instance.id} on Yandex Cloud is still in the status {status}")


def find_subnet(client: "Client", token: str) -> Subnet | None:
    name = labels.build_name(client.installation_id, SUBNET_KIND, token)
    subnets = (subnet for page in list_subnets(client, name) for subnet in page)
    return next((item for item in subnets if labels.get_token(item, client.installation_id) == token), None)


def list_interfaces(client: "Client") -> Iterator[InstanceInterface]:
    """Iterate over the interfaces of all instances in the folder that are not being deleted."""
    for instances in list_instances(client):
        for instance in instances:
            if instance.status != Instance.DELETING:
                for interface in instance.network_interfaces:
                    yield InstanceInterface(instance, interface)


def find_interface(client: "Client", subnet_id: str, address: str) -> InstanceInterface | None:
    """Return the interface with an address in a native subnet."""
    interfaces = list_interfaces(client)
    return next(
        (item for item in interfaces if item.interface.subnet_id == subnet_id and item.address == address), None
    )
