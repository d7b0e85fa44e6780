"""Network interfaces of servers, for the metadata of their guests."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.database import Connection
from stratiform.services.network.model import Port
from stratiform.services.network.model.guest_interfaces import GuestInterface
from stratiform.services.network.repository import resources, routers

_DEFAULT_MTU = 1500


@dataclass(frozen=True, slots=True)
class GuestInterfaces:
    """Reads the interfaces of one server without a policy check."""

    def list(self, db: Connection, server_id: str) -> Sequence[GuestInterface]:
        """Return the interfaces of a server, in the order of its ports."""
        ports = resources.list_ports_by_device(db, [server_id])[server_id]
        mtus = {network.id: network.mtu for network in resources.list_networks_by_id(db, _network_ids(ports))}
        subnet_ids = [fixed_ip["subnet_id"] for port in ports for fixed_ip in port.fixed_ips]
        subnets = {subnet.id: subnet for subnet in resources.list_subnets_by_id(db, subnet_ids)}
        return [
            GuestInterface(
                port=port,
                mtu=mtus.get(port.network_id, _DEFAULT_MTU),
                subnets={ip["subnet_id"]: subnets[ip["subnet_id"]] for ip in port.fixed_ips},
                floating_addresses=tuple(
                    item["floating_ip_address"] for item in routers.list_floating_ips_of_port(db, port.id)
                ),
            )
            for port in ports
        ]


def _network_ids(ports: Sequence[Port]) -> Sequence[str]:
    return [port.network_id for port in ports]
