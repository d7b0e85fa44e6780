"""Inventory of an OpenStack cloud: the resources of all projects or of ours, for the services in its catalog.

Resources of this installation have our token as id, and the ledger knows their project and attributes. Its ports are
omitted, because they are part of its servers, and so are retired volumes, which our API has deleted.

Source: API references of Nova (2.100), Cinder (3.71), Glance (2.16), Neutron (2.0) and Octavia (2.27).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratiform.connectors.openstack import tags
from stratiform.connectors.openstack.server_documents import Server
from stratiform.contract.compute import NativeServerState
from stratiform.contract.errors import CloudUnreachable
from stratiform.contract.usage import InventoryItem
from stratiform.kit.clock import Micros, parse_iso

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client, Connection

#: Resources per page; a service may return fewer.
_PAGE_SIZE = 500

#: The VM states of our servers; others are transitions.
_STATES = {
    NativeServerState.RUNNING: "active",
    NativeServerState.STOPPED: "stopped",
    NativeServerState.PAUSED: "paused",
    NativeServerState.SUSPENDED: "suspended",
    NativeServerState.RESCUED: "rescued",
    NativeServerState.ERROR: "error",
}

_STABLE_VOLUME_STATES = ("available", "in-use", "maintenance")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which resources are listed. `project_id` is None if those of all projects are."""

    installation_id: str
    project_id: str | None

    @property
    def all_projects(self) -> dict[str, bool]:
        """The filter of Nova and Cinder, which list one project by default."""
        return {"all_projects": True} if self.project_id is None else {}

    def filter_project(self, name: str = "project_id") -> dict[str, str]:
        """Return the filter of services that list all projects to administrators."""
        return {} if self.project_id is None else {name: self.project_id}

    def find_token(self, metadata: Mapping[str, str] | None) -> str:
        return tags.find_metadata_token(metadata or {}, self.installation_id)

    def find_description_token(self, resource: Any) -> str:
        return tags.find_description_token(resource.description, self.installation_id)


def list_resources(client: "Client") -> Iterator[InventoryItem]:
    """Iterate over all resources, requesting one page at a time. Raises: RequestRejected without a compute service."""
    client.require_service("compute")
    project_id = client.get_project_id() if client.settings.inventory == "project" else None
    scope = Scope(client.installation_id, project_id)
    cloud = client.open_connection()
    with client.translating_errors("compute"):
        yield from _list_servers(cloud, scope)
    for service, list_items in _OPTIONAL_SERVICES.items():
        if client.has_service(service):
            with client.translating_errors(service):
                yield from list_items(cloud, scope)


def _list_servers(cloud: "Connection", scope: Scope) -> Iterator[InventoryItem]:
    """Soft-deleted servers are included: they can be restored, and count as used until they are reclaimed."""
    filters: dict[str, Any] = {"is_public": "None"} if scope.project_id is None else {}
    flavors = {flavor.name: flavor.id for flavor in cloud.compute.flavors(limit=_PAGE_SIZE, **filters)}
    for server in cloud.compute.servers(is_soft_deleted=True, limit=_PAGE_SIZE, **scope.all_projects):
        if server.status == "UNKNOWN":
            raise CloudUnreachable("the list of servers is incomplete: a cell of Nova does not respond")
        flavor = server.flavor
        token = tags.find_tag_token(server.tags or (), scope.installation_id)
        yield _to_item(
            "instance",
            server,
            token=token,
            state=_get_server_state(server, is_ours=bool(token)),
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


def _get_server_state(server: Any, *, is_ours: bool) -> str:
    """Return the VM state, or "" for a transition. That of ours is the one of the compute driver, as in the ledger."""
    if server.launched_at is None or server.vm_state == "building":
        return ""
    if not is_ours:
        return str(server.vm_state)
    native = Server(server.id, server.status, tags=list(server.tags or ()), task_state=server.task_state)
    return _STATES.get(native.state, "")


def _list_block_storage(cloud: "Connection", scope: Scope) -> Iterator[InventoryItem]:
    for volume in cloud.block_storage.volumes(limit=_PAGE_SIZE, **scope.all_projects):
        if _is_omitted(volume.metadata or {}, volume.status):
            continue
        yield _to_item(
            "volume",
            volume,
            token=scope.find_token(volume.metadata),
            state=_stable_volume_state(volume.status),
            size_gib=volume.size,
            volume_type=volume.volume_type_id,
            volume_type_name=volume.volume_type,
            availability_zone=volume.availability_zone,
        )
    for snapshot in cloud.block_storage.snapshots(limit=_PAGE_SIZE, **scope.all_projects):
        token = scope.find_token(snapshot.metadata)
        yield _to_item("snapshot", snapshot, token=token, size_gib=snapshot.size, volume_id=snapshot.volume_id)
    for backup in cloud.block_storage.backups(limit=_PAGE_SIZE, **scope.all_projects):
        yield _to_item("backup", backup, size_gib=backup.size, volume_id=backup.volume_id)


def _is_omitted(metadata: Mapping[str, str], status: str) -> bool:
    """Return True for retired volumes, and copies of snapshots in progress. A copy that remains is used."""
    return tags.RETIRED in metadata or (tags.COPY_FOR in metadata and status == "creating")


def _stable_volume_state(status: str) -> str:
    """Return the state, or "" for a transition (`creating`, `attaching`)."""
    if status.startswith("error"):
        return "error"
    return status if status in _STABLE_VOLUME_STATES else ""


def _list_images(cloud: "Connection", scope: Scope) -> Iterator[InventoryItem]:
    for image in cloud.image.images(limit=_PAGE_SIZE, **scope.filter_project("owner")):
        yield _to_item(
            "image",
            image,
            token=scope.find_token(image.properties),
            project_id=image.owner_id,
            size_bytes=image.size,
            disk_format=image.disk_format,
            visibility=image.visibility,
        )


def _list_network_resources(cloud: "Connection", scope: Scope) -> Iterator[InventoryItem]:
    for floating_ip in cloud.network.ips(limit=_PAGE_SIZE, **scope.filter_project()):
        yield _to_item(
            "floating_ip",
            floating_ip,
            token=scope.find_description_token(floating_ip),
            name=floating_ip.floating_ip_address,
            address=floating_ip.floating_ip_address,
            network_id=floating_ip.floating_network_id,
        )
    for router in cloud.network.routers(limit=_PAGE_SIZE, **scope.filter_project()):
        yield _to_item("router", router, token=scope.find_description_token(router))
    for port in cloud.network.ports(limit=_PAGE_SIZE, **scope.filter_project()):
        # Gateway and floating IP ports belong to no project.
        if port.project_id and not scope.find_description_token(port):
            yield _to_item("port", port, network_id=port.network_id, device_owner=port.device_owner)


def _list_load_balancers(cloud: "Connection", scope: Scope) -> Iterator[InventoryItem]:
    for balancer in cloud.load_balancer.load_balancers(limit=_PAGE_SIZE, **scope.filter_project()):
        yield _to_item("load_balancer", balancer, state=balancer.provisioning_status, flavor_id=balancer.flavor_id)


_OPTIONAL_SERVICES: dict[str, Callable[["Connection", Scope], Iterator[InventoryItem]]] = {
    "block-storage": _list_block_storage,
    "image": _list_images,
    "network": _list_network_resources,
    "load-balancer": _list_load_balancers,
}


def _to_item(
    resource_type: str,
    resource: Any,
    *,
    token: str = "",
    project_id: str | None = None,
    name: str | None = None,
    state: str | None = None,
    since_field: str = "created_at",
    **attributes: object,
) -> InventoryItem:
    """Convert a resource of the SDK: the fields that all services have, and the attributes that are set.

    With a token it is ours; the ledger has our flavor and type, so only the size is compared.
    """
    since = getattr(resource, since_field)
    if token:
        attributes = {key: value for key, value in attributes.items() if key == "size_gib"}
    return InventoryItem(
        resource_type=resource_type,
        id=token or resource.id,
        project_id="" if token else project_id or resource.project_id or "",
        name=name or resource.name or "",
        state=resource.status if state is None else state,
        since=_parse_time(since),
        attributes={key: value for key, value in attributes.items() if value is not None and value != ""},
    )


def _parse_time(text: str | None) -> Micros | None:
    return parse_iso(text) if text else None
