"""Addresses and interfaces of servers."""

from collections.abc import Sequence

from stratiform.interfaces.openstack.compute.schemas import server_networking as schemas
from stratiform.interfaces.openstack.compute.views.servers import get_ip_version
from stratiform.services.network.model import FloatingAddresses, Port


def addresses(ports: Sequence[Port], floating_ips: FloatingAddresses) -> list[schemas.Address]:
    """Return the fixed IPs of ports, each with its floating IPs. `floating_ips`: by port id and fixed IP."""
    all_addresses = [
        address
        for port in ports
        for fixed_ip in port.fixed_ips
        for address in (
            fixed_ip["ip_address"],
            *floating_ips.get(port.id, {}).get(fixed_ip["ip_address"], ()),
        )
    ]
    return [schemas.Address(get_ip_version(address), address) for address in all_addresses]


def interface_attachment(port: Port) -> schemas.InterfaceAttachment:
    return schemas.InterfaceAttachment(
        net_id=port.network_id,
        port_id=port.id,
        mac_addr=port.mac_address,
        port_state=port.status,
        fixed_ips=[schemas.FixedIp(fixed_ip["subnet_id"], fixed_ip["ip_address"]) for fixed_ip in port.fixed_ips],
    )
