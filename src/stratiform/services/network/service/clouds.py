"""Subnets in clouds: made there when the first machine needs them."""

from collections.abc import Sequence

from stratiform.contract.compute import NetworkInterface
from stratiform.contract.network import NetworkCapability, SubnetSpec
from stratiform.kit.db import Connection
from stratiform.services.network.model import Port, Subnet
from stratiform.services.network.repository import rows as repository
from stratiform.services.network.service.servers import ServerVerbs
from stratiform.services.network.tables import subnets as subnets_table


class CloudVerbs(ServerVerbs):
    """What a cloud needs of our networks."""

    __slots__ = ()

    def native_interfaces(self, cloud_id: str, ports: Sequence[Port], zone: str = "") -> tuple[NetworkInterface, ...]:
        """The cards of a machine, in subnets that exist in the cloud afterwards. Not inside a transaction.

        A card has the port's first IPv4 address (else its first). `zone` is the cloud's own name; "" takes that
        of the project's binding. A cloud without networks gets cards with no subnet. Raises contract.errors.
        """
        networks = self.clouds.connections.get(cloud_id).network
        with self.database.snapshot() as db:
            subnets = _subnets(db, ports)
            zones = {port.project_id: zone or self._zone(db, port.project_id, cloud_id) for port in ports}
        return tuple(
            self._native_interface(cloud_id, networks, port, subnets, zones[port.project_id]) for port in ports
        )

    def _native_interface(
        self, cloud_id: str, networks: NetworkCapability | None, port: Port, subnets: dict[str, Subnet], zone: str
    ) -> NetworkInterface:
        ordered = sorted(port.fixed_ips, key=lambda fixed: ":" in fixed["ip_address"])
        if not ordered:
            return NetworkInterface("", "", port.mac_address)
        native = ""
        if networks is not None:
            native = self._ensure(cloud_id, networks, subnets[ordered[0]["subnet_id"]], zone)
        return NetworkInterface(native, ordered[0]["ip_address"], port.mac_address)

    def _ensure(self, cloud_id: str, networks: NetworkCapability, subnet: Subnet, zone: str) -> str:
        with self.database.snapshot() as db:
            known = repository.native_subnet(db, subnet.id, cloud_id)
        if known:
            return known
        if known is None:
            with self.database.transaction() as db:
                repository.set_native(db, subnet.id, cloud_id, "")
        made = networks.ensure_subnet(
            SubnetSpec(
                token=subnet.id,
                network_id=subnet.network_id,
                name=subnet.name,
                cidr=subnet.cidr,
                gateway_ip=subnet.gateway_ip or "",
                availability_zone=zone,
            )
        )
        with self.database.transaction() as db:
            repository.set_native(db, subnet.id, cloud_id, made.id)
        return made.id

    def _zone(self, db: Connection, project_id: str, cloud_id: str) -> str:
        bindings = self.clouds.bindings.list_for_project(db, project_id)
        return next((binding.native_zone for binding in bindings if binding.cloud_id == cloud_id), "")


def _subnets(db: Connection, ports: Sequence[Port]) -> dict[str, Subnet]:
    wanted = {fixed["subnet_id"] for port in ports for fixed in port.fixed_ips}
    return {subnet.id: subnet for subnet in repository.subnets.all(db, subnets_table.c.id.in_(sorted(wanted)))}
