"""Addresses, interfaces and security groups of servers."""

from typing import Annotated

from msgspec import Struct, field

from stratiform.interfaces.endpoints import Since


class Address(Struct):
    version: int
    address: str = field(name="addr")


class AddressesResponse(Struct):
    addresses: dict[str, list[Address]]


class FixedIp(Struct):
    subnet_id: str
    ip_address: str


class InterfaceAttachment(Struct):
    net_id: str
    port_id: str
    mac_addr: str
    port_state: str
    fixed_ips: list[FixedIp]
    tag: Annotated[str | None, Since(70)] = None


class InterfaceAttachmentsResponse(Struct):
    interface_attachments: list[InterfaceAttachment] = field(name="interfaceAttachments")


class InterfaceAttachmentResponse(Struct):
    interface_attachment: InterfaceAttachment = field(name="interfaceAttachment")


class ServerSecurityGroup(Struct):
    id: str
    name: str
    tenant_id: str
    description: str = ""
    rules: list[str] = field(default_factory=list)


class ServerSecurityGroupsResponse(Struct):
    security_groups: list[ServerSecurityGroup]
