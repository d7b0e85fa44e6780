"""Addresses, interfaces and security groups of servers."""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType, field

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


class RequestedFixedIp(Struct, forbid_unknown_fields=True):
    ip_address: str


class InterfaceAttachmentCreate(Struct, forbid_unknown_fields=True):
    """A port or a network, which exclude each other."""

    port_id: str | UnsetType = UNSET
    net_id: str | UnsetType = UNSET
    fixed_ips: list[RequestedFixedIp] | UnsetType = UNSET
    tag: Annotated[str | UnsetType, Since(49)] = UNSET


class InterfaceAttachmentCreateRequest(Struct, forbid_unknown_fields=True):
    interface_attachment: InterfaceAttachmentCreate = field(
        name="interfaceAttachment", default_factory=InterfaceAttachmentCreate
    )
