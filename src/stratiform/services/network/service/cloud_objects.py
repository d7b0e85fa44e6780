"""The desired state of routers, floating IPs and security groups in the clouds of their project."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.contract.routing import Kind, RoutingObject
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection, Database
from stratiform.kit.errors import UnsupportedOperation
from stratiform.services.clouds.service import CloudsService
from stratiform.services.network.model import Port
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.repository import cloud_objects as repository
from stratiform.services.network.repository import resources, routers, security_groups


@dataclass(frozen=True, slots=True)
class CloudObjects:
    """Applies objects in clouds. No method is called inside a transaction."""

    database: Database
    clouds: CloudsService

    def reconcile(self, kind: Kind, resource_id: str) -> None:
        """Apply an object in every cloud of its project, or delete it where it was. Raises: contract.errors."""
        with self.database.read_transaction() as db:
            desired, project_id = _load(db, kind, resource_id)
            bindings = self.clouds.bindings.list_for_project(db, project_id) if desired is not None else []
            previous = repository.list_clouds(db, kind, resource_id)
        current = {binding.cloud_id for binding in bindings}
        for cloud_id in sorted(current | set(previous)):
            routing = self.clouds.connections.get(cloud_id).routing
            if routing is None:
                continue
            if desired is not None and cloud_id in current:
                with self.database.transaction() as db:
                    repository.save_cloud(db, kind, resource_id, cloud_id)
                routing.apply(desired)
            else:
                routing.delete(kind, resource_id)
                with self.database.transaction() as db:
                    repository.delete_cloud(db, kind, resource_id, cloud_id)


def require_routing(ctx: RequestContext, clouds: CloudsService, project_id: str, title: str) -> None:
    """Raises UnsupportedOperation if a cloud of the project does not support routing objects."""
    for name in clouds.bindings.list_clouds_without(ctx.db, project_id, "routing"):
        raise UnsupportedOperation(f"Cloud {name} does not support {title}.")


def _load(db: Connection, kind: Kind, resource_id: str) -> tuple[RoutingObject | None, str]:
    """Return the desired state of an object, None if it was deleted, and its project."""
    if kind == "router":
        resource = routers.find_router(db, resource_id)
        return (None, "") if resource is None else (_build_router(db, resource), resource.project_id)
    if kind == "floating_ip":
        resource = routers.find_floating_ip(db, resource_id)
        return (None, "") if resource is None else (_build_floating_ip(db, resource), resource.project_id)
    resource = security_groups.find_group(db, resource_id)
    return (None, "") if resource is None else (_build_security_group(db, resource), resource.project_id)


def _build_router(db: Connection, router: Resource) -> RoutingObject:
    interfaces = routers.list_ports(db, [router.id], routers.INTERFACE_OWNER)[router.id]
    gateways = routers.list_ports(db, [router.id], routers.GATEWAY_OWNER)[router.id]
    properties = {
        "interfaces": [fixed_ip for port in interfaces for fixed_ip in port.fixed_ips],
        "gateway_addresses": [fixed_ip["ip_address"] for port in gateways for fixed_ip in port.fixed_ips],
        "snat": router["enable_snat"],
        "routes": router["routes"],
        "admin_state_up": router["admin_state_up"],
    }
    return RoutingObject("router", router.id, router.name, properties)


def _build_floating_ip(db: Connection, floating_ip: Resource) -> RoutingObject:
    names = ("protocol", "external_port", "internal_ip_address", "internal_port")
    forwardings = routers.list_port_forwardings(db, [floating_ip.id])[floating_ip.id]
    properties = {
        "address": floating_ip["floating_ip_address"],
        "fixed_address": floating_ip["fixed_ip_address"],
        "router": floating_ip["router_id"],
        "forwardings": [{name: forwarding[name] for name in names} for forwarding in forwardings],
    }
    return RoutingObject("floating_ip", floating_ip.id, "", properties)


def _build_security_group(db: Connection, group: Resource) -> RoutingObject:
    names = ("direction", "ethertype", "protocol", "port_range_min", "port_range_max")
    remotes = ("remote_ip_prefix", "remote_group_id", "remote_address_group_id")
    rules = security_groups.list_rules_by_group(db, [group.id])[group.id]
    ports = resources.list_ports_by_id(db, security_groups.list_ports_of_group(db, group.id))
    properties = {
        "rules": [{name: rule[name] for name in (*names, *remotes)} for rule in rules],
        "addresses": sorted(_list_addresses(ports)),
    }
    return RoutingObject("security_group", group.id, group.name, properties)


def _list_addresses(ports: Sequence[Port]) -> set[str]:
    return {fixed_ip["ip_address"] for port in ports for fixed_ip in port.fixed_ips}
