"""Inventory of an OpenStack installation: the resources of all projects, for the services in its catalog.

Source: API references of Nova (2.100), Cinder (3.71), Glance (2.16), Neutron (2.0) and Octavia (2.27).
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from stratiform.contract.errors import CloudUnreachable
from stratiform.contract.usage import InventoryItem
from stratiform.kit.clock import Micros, parse_iso

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client, Connection

#: Resources per page; a service may return fewer.
_PAGE_SIZE = 500

_STABLE_VOLUME_STATES = ("available", "in-use", "maintenance")


def list_resources(client: "Client") -> Iterator[InventoryItem]:
    """Iterate over all resources, requesting one page at a time. Raises: RequestRejected without a compute service."""
    client.require_service("compute")
    cloud = client.open_connection()
    with client.translating_errors("compute"):
        yield from _list_servers(cloud)
    for service, list_items in _OPTIONAL_SERVICES.items():
        if client.has_service(service):
            with client.translating_errors(service):
                yield from list_items(cloud)


def _list_servers(cloud: "Connection") -> Iterator[InventoryItem]:
    """Soft-deleted servers are included: they can be restored, and count as used until they are reclaimed."""
    flavors = {flavor.name: flavor.id for flavor in cloud.compute.flavors(is_public="None", limit=_PAGE_SIZE)}
    for server in cloud.compute.servers(all_projects=True, is_soft_deleted=True, limit=_PAGE_SIZE):
        if server.status == "UNKNOWN":
            raise CloudUnreachable("the list of servers is incomplete: a cell of Nova does not respond")
        flavor = server.flavor
        yield _to_item(
            "instance",
            server,
            state="" if server.launched_at is None or server.vm_state == "building" else server.vm_state,
            since_field="launched_at",
            flavor=flavor.original_name,
            flavor_id=flavors.get(flavor.original_name),
            vcpus=flavor.vcpus,
            ram_mib=flavor.ram,
            disk_gib=flavor.disk + flavor.ephemeral,
            root_gib=flavor.disk,
            ephemeral_gib=flavor.ephemeral,
            availability_zone=server.availability_zone,
            image_id=server.image.id if server.image else None,
        )


def _list_block_storage(cloud: "Connection") -> Iterator[InventoryItem]:
    for volume in cloud.block_storage.volumes(all_projects=True, limit=_PAGE_SIZE):
        yield _to_item(
            "volume",
            volume,
            state=_stable_volume_state(volume.status),
            size_gib=volume.size,
            volume_type=volume.volume_type_id,
            volume_type_name=volume.volume_type,
            availability_zone=volume.availability_zone,
        )
    for snapshot in cloud.block_storage.snapshots(all_projects=True, limit=_PAGE_SIZE):
        yield _to_item("snapshot", snapshot, size_gib=snapshot.size, volume_id=snapshot.volume_id)
    for backup in cloud.block_storage.backups(all_projects=True, limit=_PAGE_SIZE):
        yield _to_item("backup", backup, size_gib=backup.size, volume_id=backup.volume_id)


def _stable_volume_state(status: str) -> str:
    """Return the state, or "" for a transition (`creating`, `attaching`)."""
    if status.startswith("error"):
        return "error"
    return status if status in _STABLE_VOLUME_STATES else ""


def _list_images(cloud: "Connection") -> Iterator[InventoryItem]:
    for image in cloud.image.images(limit=_PAGE_SIZE):
        yield _to_item(
            "image",
            image,
            project_id=image.owner_id,
            size_bytes=image.size,
            disk_format=image.disk_format,
            visibility=image.visibility,
        )


def _list_network_resources(cloud: "Connection") -> Iterator[InventoryItem]:
    for floating_ip in cloud.network.ips(limit=_PAGE_SIZE):
        yield _to_item(
            "floating_ip",
            floating_ip,
            name=floating_ip.floating_ip_address,
            address=floating_ip.floating_ip_address,
            network_id=floating_ip.floating_network_id,
        )
    for router in cloud.network.routers(limit=_PAGE_SIZE):
        yield _to_item("router", router)
    for port in cloud.network.ports(limit=_PAGE_SIZE):
        if port.project_id:  # gateway and floating IP ports belong to no project
            yield _to_item("port", port, network_id=port.network_id, device_owner=port.device_owner)


def _list_load_balancers(cloud: "Connection") -> Iterator[InventoryItem]:
    for balancer in cloud.load_balancer.load_balancers(limit=_PAGE_SIZE):
        yield _to_item("load_balancer", balancer, state=balancer.provisioning_status, flavor_id=balancer.flavor_id)


_OPTIONAL_SERVICES: dict[str, Callable[["Connection"], Iterator[InventoryItem]]] = {
    "block-storage": _list_block_storage,
    "image": _list_images,
    "network": _list_network_resources,
    "load-balancer": _list_load_balancers,
}


def _to_item(
    resource_type: str,
    resource: Any,
    *,
    project_id: str | None = None,
    name: str | None = None,
    state: str | None = None,
    since_field: str = "created_at",
    **attributes: object,
) -> InventoryItem:
    """Convert a resource of the SDK: the fields that all services have, and the attributes that are set."""
    since = getattr(resource, since_field)
    return InventoryItem(
        resource_type=resource_type,
        id=resource.id,
        project_id=project_id or resource.project_id or "",
        name=name or resource.name or "",
        state=resource.status if state is None else state,
        since=_parse_time(since),
        attributes={key: value for key, value in attributes.items() if value is not None and value != ""},
    )


def _parse_time(text: str | None) -> Micros | None:
    return parse_iso(text) if text else None
