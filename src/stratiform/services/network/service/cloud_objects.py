"""Routers, floating IPs and security groups in the clouds of their project."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.contract import registry
from stratiform.contract.errors import NotSupported, RequestRejected
from stratiform.contract.routing import Kind, RoutingDriver, RoutingObject
from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection, Database
from stratiform.kit.errors import UnsupportedOperation
from stratiform.kit.work_queue import enqueue
from stratiform.services.clouds.service import CloudsService
from stratiform.services.network.errors import BadRequest
from stratiform.services.network.model import Port
from stratiform.services.network.repository import cloud_objects as repository
from stratiform.services.network.repository import resources, routers
from stratiform.services.network.service.desired_objects import load_object, load_security_groups


@dataclass(frozen=True, slots=True)
class CloudObjects:
    """Applies objects in clouds. No method that has no `db` is called inside a transaction."""

    database: Database
    clouds: CloudsService

    def reconcile(self, kind: Kind, resource_id: str) -> None:
        """Apply an object in every cloud of its project, and where it was applied before, or delete it there.

        Raises: contract.errors.
        """
        with self.database.read_transaction() as db:
            desired, project_id = load_object(db, kind, resource_id)
            previous = repository.list_clouds(db, kind, resource_id)
            current = [] if desired is None else self._list_clouds(db, kind, project_id)
        for cloud_id in sorted({*current, *previous}):
            routing = self.clouds.connections.get(cloud_id).routing
            if routing is None:
                continue
            if desired is None:
                routing.delete(kind, resource_id)
                with self.database.transaction() as db:
                    repository.delete_cloud(db, kind, resource_id, cloud_id)
            else:
                self._record(kind, resource_id, cloud_id, is_recorded=cloud_id in previous)
                routing.apply(desired)

    def reconcile_port(self, port_id: str) -> None:
        """Set the security groups of the interface that a server has for a port. Raises: contract.errors."""
        with self.database.read_transaction() as db:
            port = resources.ports.find(db, port_id)
            if port is None:
                return
            groups = load_security_groups(db, port.security_groups)
            subnets = {fixed_ip["subnet_id"]: fixed_ip["ip_address"] for fixed_ip in port.fixed_ips}
            places = [
                (subnet_id, cloud_id)
                for subnet_id in subnets
                for cloud_id, _native_id in resources.list_native_subnets(db, subnet_id)
            ]
        for subnet_id, cloud_id in places:
            routing = self.clouds.connections.get(cloud_id).routing
            if routing is not None:
                self._record_groups(groups, cloud_id)
                filtered = port.port_security_enabled
                routing.set_security_groups(subnet_id, subnets[subnet_id], groups, filtered=filtered)

    def ensure_security_groups(
        self, cloud_id: str, routing: RoutingDriver, port: Port, native_subnet_id: str
    ) -> tuple[str, ...]:
        """Return the native ids of the groups of a new interface. Raises: contract.errors."""
        with self.database.read_transaction() as db:
            groups = load_security_groups(db, port.security_groups)
        self._record_groups(groups, cloud_id)
        return routing.ensure_security_groups(groups, native_subnet_id, filtered=port.port_security_enabled)

    def reconcile_routers_of_subnet(self, subnet_id: str) -> None:
        """Apply the routers of a subnet, before the first server uses it in a cloud."""
        with self.database.read_transaction() as db:
            subnet = resources.subnets.find(db, subnet_id)
            interfaces = [] if subnet is None else routers.list_interfaces_on_network(db, subnet.network_id)
        for port in interfaces:
            if any(fixed_ip["subnet_id"] == subnet_id for fixed_ip in port.fixed_ips):
                self.reconcile("router", port.device_id)

    def enqueue_for_ports(self, db: Connection, ports: Sequence[Port], now: Micros) -> None:
        """Apply the floating IPs of ports, and the routes to them, when a server has their interfaces."""
        for floating_ip in routers.list_floating_ips_of_ports(db, [port.id for port in ports]):
            enqueue(db, "network.floating_ip", floating_ip.id, now)
        addresses = {fixed_ip["ip_address"] for port in ports for fixed_ip in port.fixed_ips}
        interfaces = [item for port in ports for item in routers.list_interfaces_on_network(db, port.network_id)]
        for router in routers.list_routers_by_id(db, [item.device_id for item in interfaces]).values():
            if any(route["nexthop"] in addresses for route in router["routes"]):
                enqueue(db, "network.router", router.id, now)

    def _list_clouds(self, db: Connection, kind: Kind, project_id: str) -> list[str]:
        """Return the project's clouds, without those that chose the addresses of other floating IPs only."""
        clouds = self.clouds.bindings.list_clouds(db, project_id)
        if kind != "floating_ip":
            return [cloud.id for cloud in clouds]
        return [cloud.id for cloud in clouds if not registry.assigns_floating_addresses(cloud.kind)]

    def _record_groups(self, groups: Sequence[RoutingObject], cloud_id: str) -> None:
        """Record groups that an interface uses in a cloud for the first time, and have them applied there."""
        with self.database.read_transaction() as db:
            recorded = repository.list_objects_in_cloud(
                db, "security_group", cloud_id, [group.token for group in groups]
            )
        new = [group.token for group in groups if group.token not in recorded]
        if new:
            with self.database.transaction() as db:
                for group_id in new:
                    repository.save_cloud(db, "security_group", group_id, cloud_id)
                    enqueue(db, "network.security_group", group_id, self.clouds.connections.installation.clock.now())

    def _record(self, kind: Kind, resource_id: str, cloud_id: str, *, is_recorded: bool) -> None:
        """Record the cloud before the object exists there, so that it is deleted there in any case."""
        if not is_recorded:
            with self.database.transaction() as db:
                repository.save_cloud(db, kind, resource_id, cloud_id)


def require_routing(ctx: RequestContext, clouds: CloudsService, project_id: str, title: str) -> None:
    """Raises UnsupportedOperation if a cloud of the project does not support routing objects."""
    for cloud in clouds.bindings.list_clouds(ctx.db, project_id):
        if not registry.has_capability(cloud.kind, "routing"):
            raise UnsupportedOperation(f"Cloud {cloud.name} does not support {title}.")


def require_applicable(
    ctx: RequestContext, clouds: CloudsService, kind: Kind, resource_id: str, project_id: str
) -> None:
    """Check an object that was changed, before the end of the transaction.

    Raises UnsupportedOperation or BadRequest if a cloud of the project cannot apply it.
    """
    limited = [
        (cloud, check)
        for cloud in clouds.bindings.list_clouds(ctx.db, project_id)
        if (check := registry.find_routing_check(cloud.kind)) is not None
    ]
    desired = load_object(ctx.db, kind, resource_id)[0] if limited else None
    if desired is None:
        return
    for cloud, check in limited:
        try:
            check(desired)
        except NotSupported as error:
            raise UnsupportedOperation(f"Cloud {cloud.name}: {error.message}.") from error
        except RequestRejected as error:
            raise BadRequest(f"Cloud {cloud.name}: {error.message}.") from error
