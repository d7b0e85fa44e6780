"""Floating IPs as Elastic IP addresses, which EC2 chooses. They have the tag of our token.

Source: EC2 API reference (AllocateAddress, AssociateAddress, DisassociateAddress, ReleaseAddress).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stratiform.connectors.aws import tags
from stratiform.connectors.aws.interfaces import find_interface, find_subnet
from stratiform.contract.errors import NativeNotFound
from stratiform.contract.routing import RoutingObject

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import AddressTypeDef, NetworkInterfaceTypeDef

    from stratiform.connectors.aws.client import Client


class ElasticIps:
    """Elastic IP addresses of one account and region."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def allocate(self, token: str) -> str:
        """Return the address with a token; it is allocated if none has it, such as after a lost response."""
        with self._client.create_lock:
            existing = self._list(token)
            return existing[0]["PublicIp"] if existing else self._allocate(token)

    def apply(self, desired: RoutingObject) -> None:
        """Associate the address with an interface, if a server has it. A released address is allocated again."""
        with self._client.create_lock:
            if not self._list(desired.token):
                self._allocate(desired.token, desired.properties["address"])
        interface = self._find_interface(desired)
        for address in self._list(desired.token):
            if interface is None or address["PublicIp"] != desired.properties["address"]:
                self._disassociate(address)
            else:
                self._associate(address, interface, desired.properties["fixed_address"])

    def delete(self, token: str) -> None:
        """Release all addresses with a token."""
        for address in self._list(token):
            self._disassociate(address)
            try:
                with self._client.translating_errors():
                    self._client.ec2.release_address(AllocationId=address["AllocationId"])
            except NativeNotFound:
                continue

    def list_objects(self) -> Iterator[RoutingObject]:
        with self._client.translating_errors():
            addresses = self._client.ec2.describe_addresses(Filters=self._client.build_tag_filters())["Addresses"]
        for address in addresses:
            properties = {"address": address["PublicIp"], "fixed_address": address.get("PrivateIpAddress") or None}
            yield RoutingObject("floating_ip", tags.get_tag_value(address, tags.TOKEN), "", properties)

    def _allocate(self, token: str, address: str = "") -> str:
        specification = self._client.build_tag_specification("elastic-ip", f"floating IP {token}", {tags.TOKEN: token})
        with self._client.translating_errors():
            if address:
                response = self._client.ec2_no_retry.allocate_address(
                    Domain="vpc", Address=address, TagSpecifications=[specification]
                )
            else:
                response = self._client.ec2_no_retry.allocate_address(Domain="vpc", TagSpecifications=[specification])
        return response["PublicIp"]

    def _find_interface(self, desired: RoutingObject) -> "NetworkInterfaceTypeDef | None":
        fixed_address = desired.properties["fixed_address"]
        subnet = find_subnet(self._client, desired.properties["subnet_id"]) if fixed_address else None
        return None if subnet is None else find_interface(self._client, subnet["SubnetId"], fixed_address)

    def _associate(self, address: "AddressTypeDef", interface: "NetworkInterfaceTypeDef", fixed_address: str) -> None:
        interface_id = interface["NetworkInterfaceId"]
        if (address.get("NetworkInterfaceId"), address.get("PrivateIpAddress")) == (interface_id, fixed_address):
            return
        with self._client.translating_errors():
            self._client.ec2.associate_address(
                AllocationId=address["AllocationId"],
                NetworkInterfaceId=interface_id,
                PrivateIpAddress=fixed_address,
                AllowReassociation=True,
            )

    def _disassociate(self, address: "AddressTypeDef") -> None:
        association_id = address.get("AssociationId")
        if not association_id:
            return
        try:
            with self._client.translating_errors():
                self._client.ec2.disassociate_address(AssociationId=association_id)
        except NativeNotFound:
            return

    def _list(self, token: str) -> "list[AddressTypeDef]":
        filters = self._client.build_tag_filters({tags.TOKEN: token})
        with self._client.translating_errors():
            addresses = self._client.ec2.describe_addresses(Filters=filters)["Addresses"]
        return sorted(addresses, key=lambda address: address["AllocationId"])
