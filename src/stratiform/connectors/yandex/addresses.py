"""Floating IPs as static public addresses, which Yandex Cloud chooses. They have the label of our token.

A public address is translated to the address of one interface (one-to-one NAT).
Source: VPC API reference (AddressService), Compute Cloud API reference (AddOneToOneNat, RemoveOneToOneNat).
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from yandex.cloud.compute.v1.instance_pb2 import IPV4
from yandex.cloud.compute.v1.instance_service_pb2 import (
    AddInstanceOneToOneNatRequest,
    OneToOneNatSpec,
    RemoveInstanceOneToOneNatRequest,
)
from yandex.cloud.vpc.v1.address_pb2 import Address
from yandex.cloud.vpc.v1.address_service_pb2 import (
    CreateAddressMetadata,
    CreateAddressRequest,
    DeleteAddressRequest,
    ExternalIpv4AddressSpec,
    GetAddressRequest,
)

from stratiform.connectors.yandex import labels
from stratiform.connectors.yandex.instance_conversion import require_steady
from stratiform.connectors.yandex.interfaces import InstanceInterface, find_interface, find_subnet, list_interfaces
from stratiform.connectors.yandex.listing import list_addresses
from stratiform.contract.errors import NativeNotFound
from stratiform.contract.routing import RoutingObject

if TYPE_CHECKING:
    from stratiform.connectors.yandex.client import Client
    from stratiform.connectors.yandex.operations import Operations

_KIND = "address"


class PublicAddresses:
    """Static public addresses of one folder."""

    def __init__(self, client: "Client", operations: "Operations") -> None:
        self._client, self._operations = client, operations

    def allocate(self, token: str) -> str:
        """Return the address with a token; it is reserved if none has it, such as after a lost response."""
        address = self._find(token)
        return self._reserve(token) if address is None else address.external_ipv4_address.address

    def apply(self, desired: RoutingObject) -> None:
        """Associate the address with an interface, if a server has it. A released address is reserved again."""
        if self._find(desired.token) is None:
            self._reserve(desired.token, desired.properties["address"])
        address, target = desired.properties["address"], self._find_target(desired)
        for item in list_interfaces(self._client):
            if item.public_address == address and (target is None or item.interface != target.interface):
                self._remove(item)
        if target is not None and target.public_address != address:
            if target.public_address:
                self._remove(target)
            self._add(target, address)

    def delete(self, token: str) -> None:
        address = self._find(token)
        if address is None:
            return
        for item in list_interfaces(self._client):
            if item.public_address == address.external_ipv4_address.address:
                self._remove(item)
        with suppress(NativeNotFound):
            self._operations.run(self._client.addresses.Delete, DeleteAddressRequest(address_id=address.id))
        self._operations.record_deletion(address.id)

    def list_objects(self) -> Iterator[RoutingObject]:
        ours = [address for address in self._list() if labels.get_token(address, self._client.installation_id)]
        interfaces = {item.public_address: item for item in list_interfaces(self._client)} if ours else {}
        for address in ours:
            public_address = address.external_ipv4_address.address
            interface = interfaces.get(public_address)
            fixed_address = None if interface is None else interface.address
            properties = {"address": public_address, "fixed_address": fixed_address}
            yield RoutingObject("floating_ip", address.labels[labels.TOKEN], "", properties)

    def _reserve(self, token: str, address: str = "") -> str:
        installation_id = self._client.installation_id
        spec = ExternalIpv4AddressSpec(address=address, zone_id=self._client.settings.zone)
        request = CreateAddressRequest(
            folder_id=self._client.settings.folder_id,
            name=labels.build_name(installation_id, _KIND, token),
            description=f"floating IP {token}",
            labels=labels.build_labels(installation_id, {labels.TOKEN: token}),
            external_ipv4_address_spec=spec,
        )
        address_id = self._operations.create_and_wait(
            self._client.addresses.Create, request, CreateAddressMetadata(), self._get
        )
        return self._get(address_id).external_ipv4_address.address

    def _get(self, address_id: str) -> Address:
        return self._client.call(self._client.addresses.Get, GetAddressRequest(address_id=address_id))

    def _find(self, token: str) -> Address | None:
        installation_id = self._client.installation_id
        addresses = self._list(labels.build_name(installation_id, _KIND, token))
        return next((item for item in addresses if labels.get_token(item, installation_id) == token), None)

    def _list(self, name: str = "") -> Iterator[Address]:
        for addresses in list_addresses(self._client, name):
            yield from addresses

    def _find_target(self, desired: RoutingObject) -> InstanceInterface | None:
        fixed_address = desired.properties["fixed_address"]
        subnet = find_subnet(self._client, desired.properties["subnet_id"]) if fixed_address else None
        return None if subnet is None else find_interface(self._client, subnet.id, fixed_address)

    def _add(self, target: InstanceInterface, address: str) -> None:
        require_steady(target.instance)
        request = AddInstanceOneToOneNatRequest(
            instance_id=target.instance.id,
            network_interface_index=target.interface.index,
            internal_address=target.address,
            one_to_one_nat_spec=OneToOneNatSpec(ip_version=IPV4, address=address),
        )
        self._operations.run(self._client.instances.AddOneToOneNat, request)

    def _remove(self, item: InstanceInterface) -> None:
        require_steady(item.instance)
        request = RemoveInstanceOneToOneNatRequest(
            instance_id=item.instance.id,
            network_interface_index=item.interface.index,
            internal_address=item.address,
        )
        try:
            self._operations.run(self._client.instances.RemoveOneToOneNat, request)
        except NativeNotFound:
            return
