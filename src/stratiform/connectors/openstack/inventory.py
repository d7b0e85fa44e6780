"""Everything that all projects of an OpenStack have, service by service; what a service is not there for is left out.

Source: API references of Nova (2.100), Cinder (3.71), Glance (2.16), Neutron (2.0) and Octavia (2.27).
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from stratiform.contract.errors import CloudUnreachable
from stratiform.contract.usage import InventoryItem
from stratiform.kit.clock import Micros, parse_iso

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client, Connection

#: Rows of one answer; a service may give fewer.
_PAGE = 500

_VOLUME_STATES = ("available", "in-use", "maintenance")


def everything(client: "Client") -> Iterator[InventoryItem]:
    """Each thing once, a page at a time."""
    client.require("compute")
    cloud = client.connection()
    with client.asking("compute"):
        yield from _servers(cloud)
    for service, listed in _OTHERS.items():
        if client.has(service):
            with client.asking(service):
                yield from listed(cloud)


def _servers(cloud: "Connection") -> Iterator[InventoryItem]:
    """Soft-deleted ones too: they may come back, and are in use until then."""
    flavors = {flavor.name: flavor.id for flavor in cloud.compute.flavors(is_public="None", limit=_PAGE)}
    for server in cloud.compute.servers(all_projects=True, is_soft_deleted=True, limit=_PAGE):
        if server.status == "UNKNOWN":
            raise CloudUnreachable("a cell of Nova doesn't answer, so its list of servers isn't whole")
        yield _server(server, flavors)


def _server(server: Any, flavors: dict[str, str]) -> InventoryItem:
    flavor = server.flavor
    image = server.image.id if server.image else None
    return _item(
        "instance",
        server,
        state="" if server.launched_at is None or server.vm_state == "building" else server.vm_state,
        began="launched_at",
        flavor=flavor.original_name,
        flavor_id=flavors.get(flavor.original_name),
        vcpus=flavor.vcpus,
        ram_mib=flavor.ram,
        disk_gib=flavor.disk + flavor.ephemeral,
        root_gib=flavor.disk,
        ephemeral_gib=flavor.ephemeral,
        availability_zone=server.availability_zone,
        image_id=image,
    )


def _volumes(cloud: "Connection") -> Iterator[InventoryItem]:
    storage = cloud.block_storage
    for volume in storage.volumes(all_projects=True, limit=_PAGE):
        yield _item(
            "volume",
            volume,
            state=_volume_state(volume.status),
            size_gib=volume.size,
            volume_type=volume.volume_type_id,
            volume_type_name=volume.volume_type,
            availability_zone=volume.availability_zone,
        )
    for snapshot in storage.snapshots(all_projects=True, limit=_PAGE):
        yield _item("snapshot", snapshot, size_gib=snapshot.size, volume_id=snapshot.volume_id)
    for backup in storage.backups(all_projects=True, limit=_PAGE):
        yield _item("backup", backup, size_gib=backup.size, volume_id=backup.volume_id)


def _volume_state(status: str) -> str:
    if status.startswith("error"):
        return "error"
    return status if status in _VOLUME_STATES else ""


def _images(cloud: "Connection") -> Iterator[InventoryItem]:
    for image in cloud.image.images(limit=_PAGE):
        yield _item(
            "image",
            image,
            project_id=image.owner_id,
            size_bytes=image.size,
            disk_format=image.disk_format,
            container_format=image.container_format,
        )


def _network(cloud: "Connection") -> Iterator[InventoryItem]:
    network = cloud.network
    for address in network.ips(limit=_PAGE):
        yield _item(
            "floating_ip",
            address,
            name=address.floating_ip_address,
            floating_ip_address=address.floating_ip_address,
            floating_network_id=address.floating_network_id,
        )
    for router in network.routers(limit=_PAGE):
        yield _item("router", router)
    for port in network.ports(limit=_PAGE):
        if port.project_id:  # Neutron's own, of routers and floating addresses, have none
            yield _item("port", port, network_id=port.network_id, device_owner=port.device_owner)


def _load_balancers(cloud: "Connection") -> Iterator[InventoryItem]:
    for balancer in cloud.load_balancer.load_balancers(limit=_PAGE):
        yield _item("load_balancer", balancer, state=balancer.provisioning_status, flavor_id=balancer.flavor_id)


_OTHERS: dict[str, Callable[["Connection"], Iterator[InventoryItem]]] = {
    "block-storage": _volumes,
    "image": _images,
    "network": _network,
    "load-balancer": _load_balancers,
}


def _item(
    resource_type: str,
    seen: Any,
    *,
    project_id: str | None = None,
    name: str | None = None,
    state: str | None = None,
    began: str = "created_at",
    **attributes: Any,
) -> InventoryItem:
    """What all services' rows have in common, and what is theirs."""
    return InventoryItem(
        resource_type=resource_type,
        id=seen.id,
        project_id=project_id or seen.project_id or "",
        name=name or seen.name or "",
        state=seen.status if state is None else state,
        since=_moment(getattr(seen, began)),
        attributes={key: value for key, value in attributes.items() if value is not None and value != ""},
    )


def _moment(text: str | None) -> Micros | None:
    return None if not text else parse_iso(text)
