"""Native subnets: created in a cloud for the first server that needs them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stratiform.contract.compute import NetworkInterface
from stratiform.contract.connector import CloudConnection
from stratiform.contract.network import NetworkDriver, SubnetSpec
from stratiform.kit.database import Connection, Database
from stratiform.services.clouds.service import CloudsService
from stratiform.services.network.model import Port, Subnet
from stratiform.services.network.repository import resources
from stratiform.services.network.service.cloud_objects import CloudObjects


@dataclass(frozen=True, slots=True)
class NativeSubnets:
    """Subnets in clouds. No method is called inside a transaction."""

    database: Database
    clouds: CloudsService

    @property
    def _cloud_objects(self) -> CloudObjects:
        return CloudObjects(self.database, self.clouds)

    def prepare_interfaces(
        self, cloud_id: str, ports: Sequence[Port], native_zone: str = ""
    ) -> tuple[NetworkInterface, ...]:
        """Return the network interfaces of a server, after creating native subnets and security groups if missing.

        A NIC has the port's first IPv4 address, or else its first address. `native_zone` "" selects the zone of the
        project's binding. In a cloud without networks the NICs have no subnet. Raises: contract.errors.
        """
        connection = self.clouds.connections.get(cloud_id)
        with self.database.read_transaction() as db:
            subnet_ids = [fixed_ip["subnet_id"] for port in ports for fixed_ip in port.fixed_ips]
            subnets = {subnet.id: subnet for subnet in resources.list_subnets_by_id(db, subnet_ids)}
            projects = {port.project_id for port in ports}
            zones = {project: native_zone or self._find_zone(db, project, cloud_id) for project in projects}
        return tuple(self._prepare_nic(cloud_id, connection, port, subnets, zones[port.project_id]) for port in ports)

    def list_existing_ids(self, db: Connection, ids: Sequence[str]) -> set[str]:
        """Return those of `ids` that belong to a subnet, also a deleted one that a cloud may still have.

        Several clouds can be entries of one account: each of them lists the subnets of all.
        """
        return resources.find_existing_subnet_ids(db, ids)

    def _prepare_nic(
        self, cloud_id: str, connection: CloudConnection, port: Port, subnets: Mapping[str, Subnet], zone: str
    ) -> NetworkInterface:
        fixed_ips = sorted(port.fixed_ips, key=lambda fixed_ip: ":" in fixed_ip["ip_address"])
        if not fixed_ips:
            return NetworkInterface("", "", port.mac_address)
        if connection.network is None:
            return NetworkInterface("", fixed_ips[0]["ip_address"], port.mac_address)
        native_id = self._ensure(cloud_id, connection.network, subnets[fixed_ips[0]["subnet_id"]], zone)
        groups: tuple[str, ...] = ()
        if connection.routing is not None:
            groups = self._cloud_objects.ensure_security_groups(cloud_id, connection.routing, port, native_id)
        return NetworkInterface(native_id, fixed_ips[0]["ip_address"], port.mac_address, groups)

    def _ensure(self, cloud_id: str, networks: NetworkDriver, subnet: Subnet, zone: str) -> str:
        with self.database.read_transaction() as db:
            native_id = resources.find_native_subnet(db, subnet.id, cloud_id)
        if native_id:
            return native_id
        if native_id is None:
            with self.database.transaction() as db:
                resources.save_native_subnet(db, subnet.id, cloud_id, "")
        native_subnet = networks.ensure_subnet(
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
            resources.save_native_subnet(db, subnet.id, cloud_id, native_subnet.id)
        self._cloud_objects.reconcile_routers_of_subnet(subnet.id)
        return native_subnet.id

    def _find_zone(self, db: Connection, project_id: str, cloud_id: str) -> str:
        bindings = self.clouds.bindings.list_for_project(db, project_id)
        return next((binding.native_zone for binding in bindings if binding.cloud_id == cloud_id), "")
