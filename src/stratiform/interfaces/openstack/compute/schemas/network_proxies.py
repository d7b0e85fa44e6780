"""Floating IPs and networks of the network service, as Nova shows them."""

from typing import Annotated

from msgspec import Meta, Struct

from stratiform.interfaces.endpoints import ADMIN_ONLY

#: An IPv4 address.
Address = Annotated[str, Meta(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$")]


class FloatingIp(Struct, kw_only=True):
    id: str
    ip: str
    pool: str
    fixed_ip: str | None
    instance_id: str | None


class FloatingIpResponse(Struct):
    floating_ip: FloatingIp


class FloatingIpsResponse(Struct):
    floating_ips: list[FloatingIp]


class FloatingIpRequest(Struct):
    """`pool`: name or id of an external network; null: the default one."""

    pool: str | None = None


class FloatingIpPool(Struct):
    name: str


class FloatingIpPoolsResponse(Struct):
    floating_ip_pools: list[FloatingIpPool]


class AddFloatingIp(Struct):
    address: Address
    fixed_address: Address | None = None


class RemoveFloatingIp(Struct):
    address: Address


class TenantNetwork(Struct):
    """`cidr` is a text in Nova even if there is none."""

    id: str
    label: str
    cidr: str = "None"


class TenantNetworkResponse(Struct):
    network: TenantNetwork


class TenantNetworksResponse(Struct):
    networks: list[TenantNetwork]


class Network(Struct, kw_only=True):
    """Fields of nova-network, of which networks of the network service have only `id` and `label`."""

    id: str
    label: str
    cidr: str | None = None
    netmask: str | None = None
    gateway: str | None = None
    broadcast: str | None = None
    dns1: str | None = None
    dns2: str | None = None
    cidr_v6: str | None = None
    gateway_v6: str | None = None
    netmask_v6: str | None = None
    created_at: Annotated[str | None, ADMIN_ONLY] = None
    updated_at: Annotated[str | None, ADMIN_ONLY] = None
    deleted_at: Annotated[str | None, ADMIN_ONLY] = None
    deleted: Annotated[bool | None, ADMIN_ONLY] = None
    injected: Annotated[bool | None, ADMIN_ONLY] = None
    bridge: Annotated[str | None, ADMIN_ONLY] = None
    bridge_interface: Annotated[str | None, ADMIN_ONLY] = None
    vlan: Annotated[int | None, ADMIN_ONLY] = None
    vpn_public_address: Annotated[str | None, ADMIN_ONLY] = None
    vpn_public_port: Annotated[int | None, ADMIN_ONLY] = None
    vpn_private_address: Annotated[str | None, ADMIN_ONLY] = None
    dhcp_start: Annotated[str | None, ADMIN_ONLY] = None
    dhcp_server: Annotated[str | None, ADMIN_ONLY] = None
    enable_dhcp: Annotated[bool | None, ADMIN_ONLY] = None
    share_address: Annotated[bool | None, ADMIN_ONLY] = None
    project_id: Annotated[str | None, ADMIN_ONLY] = None
    host: Annotated[str | None, ADMIN_ONLY] = None
    multi_host: Annotated[bool | None, ADMIN_ONLY] = None
    priority: Annotated[int | None, ADMIN_ONLY] = None
    rxtx_base: Annotated[int | None, ADMIN_ONLY] = None
    mtu: Annotated[int | None, ADMIN_ONLY] = None


class NetworkResponse(Struct):
    network: Network


class NetworksResponse(Struct):
    networks: list[Network]
