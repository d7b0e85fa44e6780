"""Ports of servers: created before the server, with the address and the MAC address that we chose.

Neutron gives an address of a subnet to one port only, and Nova gives a port to one server only. So a repeated request
that creates a server finds its ports, and by these the server, even if Nova's lists do not have it yet.

Source: Networking API, "Ports".
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from stratiform.connectors.openstack import tags
from stratiform.contract.compute import NetworkInterface
from stratiform.contract.errors import (
    CloudError,
    CloudUnreachable,
    CredentialsRejected,
    NativeNotFound,
    RequestRejected,
)

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client

#: The `security_groups` of an interface whose traffic is not filtered.
UNFILTERED = ("unfiltered",)


class FixedIp(msgspec.Struct, frozen=True):
    subnet_id: str
    ip_address: str


class Port(msgspec.Struct, frozen=True):
    """A port. `device_id` is the id of a server or router, or empty."""

    id: str
    network_id: str
    fixed_ips: list[FixedIp] = []
    mac_address: str = ""
    device_id: str = ""
    device_owner: str = ""
    description: str | None = ""
    security_groups: list[str] = []
    port_security_enabled: bool = True


class _SubnetNetwork(msgspec.Struct, frozen=True):
    network_id: str


def list_ports(client: "Client", **filters: object) -> Iterator[Port]:
    return client.list_items("network", "/ports", "ports", Port, filters)


def list_address_ports(client: "Client", subnet_id: str, ip_address: str) -> list[Port]:
    """Return the port with an address in a native subnet, or an empty list."""
    fixed_ip = FixedIp(subnet_id, ip_address)
    filters = {"fixed_ips": [f"subnet_id={subnet_id}", f"ip_address={ip_address}"]}
    return [port for port in list_ports(client, **filters) if fixed_ip in port.fixed_ips]


def ensure_ports(client: "Client", token: str, interfaces: Sequence[NetworkInterface]) -> list[Port]:
    """Return a port for each interface of the server with a token. Raises: RequestRejected (address is in use)."""
    ports: list[Port] = []
    in_subnets = [interface for interface in interfaces if interface.subnet_id]
    try:
        ports.extend(_ensure_port(client, token, interface) for interface in in_subnets)
    except CloudUnreachable:
        raise
    except CloudError:
        delete_unused_ports(client, ports)
        raise
    return ports


def delete_unused_ports(client: "Client", ports: Sequence[Port]) -> None:
    """Delete ports that no server has."""
    for port in ports:
        if not port.device_id:
            delete_port(client, port.id)


def delete_server_ports(client: "Client", server_id: str, token: str) -> list[str]:
    """Delete the ports of a server that is being deleted: Nova keeps ports that it did not create.

    Returns the ids of those that Neutron does not permit to delete before Nova has released them (in Neutron 29).
    """
    remaining = []
    for port in list_ports(client, description=tags.build_description(client.installation_id, token)):
        if port.device_id in ("", server_id) and _get_token(client, port) == token:
            try:
                delete_port(client, port.id)
            except CredentialsRejected:
                remaining.append(port.id)
    return remaining


def delete_released_port(client: "Client", port_id: str) -> bool:
    """Delete a port of a deleted server. Return False if Nova has not released it yet."""
    try:
        port = client.fetch("network", f"/ports/{port_id}", "port", Port)
        if port.device_id:
            return False
        delete_port(client, port_id)
    except NativeNotFound:
        pass
    return True


def delete_port(client: "Client", port_id: str) -> None:
    try:
        client.request("network", "DELETE", f"/ports/{port_id}")
    except NativeNotFound:
        return


def is_ours(client: "Client", port: Port) -> bool:
    return bool(_get_token(client, port))


def set_security_groups(client: "Client", port: Port, groups: Sequence[str]) -> None:
    """Set the security groups of a port if they differ."""
    is_filtered = tuple(groups) != UNFILTERED
    native_ids = sorted(groups) if is_filtered else []
    if (sorted(port.security_groups), port.port_security_enabled) != (native_ids, is_filtered):
        client.request("network", "PUT", f"/ports/{port.id}", {"port": _build_filter(groups)})


def _ensure_port(client: "Client", token: str, interface: NetworkInterface) -> Port:
    for port in list_address_ports(client, interface.subnet_id, interface.ip_address):
        if _get_token(client, port) == token:
            set_security_groups(client, port, interface.security_groups)
            return port
        if port.device_id or not is_ours(client, port):
            raise RequestRejected(f"IP address {interface.ip_address} is in use")
        delete_port(client, port.id)  # its server was deleted, and the request to delete the port was lost
    return _create_port(client, token, interface)


def _create_port(client: "Client", token: str, interface: NetworkInterface) -> Port:
    try:
        path = f"/subnets/{interface.subnet_id}"
        subnet = client.fetch("network", path, "subnet", _SubnetNetwork)
    except NativeNotFound as error:
        raise RequestRejected(error.message) from error
    body = {
        "network_id": subnet.network_id,
        "fixed_ips": [{"subnet_id": interface.subnet_id, "ip_address": interface.ip_address}],
        "mac_address": interface.mac_address,
        "description": tags.build_description(client.installation_id, token),
        **_build_filter(interface.security_groups),
    }
    return client.decode("network", client.request("network", "POST", "/ports", {"port": body}), "port", Port)


def _build_filter(groups: Sequence[str]) -> dict[str, object]:
    """Return the attributes that filter the traffic. Only the change of port security is a privilege of its own."""
    if tuple(groups) == UNFILTERED:
        return {"security_groups": [], "port_security_enabled": False}
    return {"security_groups": list(groups), "port_security_enabled": True}


def _get_token(client: "Client", port: Port) -> str:
    return tags.find_description_token(port.description, client.installation_id)
