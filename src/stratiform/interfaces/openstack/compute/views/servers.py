"""Servers."""

from typing import TypeVar

from msgspec import UNSET, Raw, UnsetType

from stratiform.interfaces.endpoints import ViewContext
from stratiform.interfaces.endpoints.encoded_items import EncodedItems
from stratiform.interfaces.openstack.compute.schemas import servers as schemas
from stratiform.interfaces.openstack.compute.views.links import bookmark_link, resource_links
from stratiform.interfaces.openstack.compute.views.times import format_naive_time
from stratiform.kit.clock import format_iso_seconds
from stratiform.services.compute.model import Server, ServerDetail

_S = TypeVar("_S", bound=schemas.ServerDetail)

#: The progress of servers by status. Source: nova/api/openstack/compute/views/servers.py.
_PROGRESS = dict.fromkeys(("BUILD", "REBUILD", "RESIZE", "REVERT_RESIZE"), 0) | dict.fromkeys(
    ("ACTIVE", "VERIFY_RESIZE", "PAUSED"), 100
)
_encoded_details = EncodedItems()
_STATUSES_WITH_FAULT = ("ERROR", "DELETED")


def server_summary(server: Server, view: ViewContext) -> schemas.ServerSummary:
    return schemas.ServerSummary(server.id, server.name, resource_links(view, "servers", server.id))


def created_server(server: Server, view: ViewContext, admin_pass: str | UnsetType) -> schemas.CreatedServer:
    return schemas.CreatedServer(
        admin_pass=admin_pass,
        id=server.id,
        links=resource_links(view, "servers", server.id),
        disk_config=server.disk_config,
        security_groups=_security_groups(server),
    )


def rebuilt_server(detail: ServerDetail, view: ViewContext, admin_pass: str | UnsetType) -> schemas.RebuiltServer:
    response = server_in_single_response(schemas.RebuiltServer, detail, view)
    response.user_data = detail.server.user_data or None
    response.ext_user_data = UNSET  # as in Nova, `user_data` is instead of it
    response.admin_pass = admin_pass
    return response


def server_in_single_response(schema: type[_S], detail: ServerDetail, view: ViewContext) -> _S:
    """Return a server as in responses with one server."""
    response = server_detail(schema, detail, view)
    response.server_groups = [detail.server.group_id] if detail.server.group_id else []
    return response


def encode_server_detail(detail: ServerDetail, view: ViewContext) -> Raw:
    """Return a server of `GET /servers/detail` as JSON. `detail` consists of shared records."""
    ports = [(name, *map(id, ports)) for name, ports in detail.ports.items()]
    others = repr((detail.attachments, detail.floating_ips)) if detail.attachments or detail.floating_ips else ""
    key = (id(detail.server), *ports, others)
    return _encoded_details.encode(key, detail, lambda: server_detail(schemas.ServerDetail, detail, view), view)


def server_detail(schema: type[_S], detail: ServerDetail, view: ViewContext) -> _S:
    server = detail.server
    is_updated = issubclass(schema, schemas.UpdatedServer)
    address_type = schemas.UpdatedServerAddress if is_updated else schemas.ServerAddress
    has_hostname = view.is_admin or view.microversion >= 90
    return schema(
        id=server.id,
        name=server.name,
        status=server.status,
        tenant_id=server.project_id,
        user_id=server.user_id,
        metadata=server.metadata,
        host_id=server.host_id,
        image=_image(server, view),
        flavor=_flavor(server, view),
        created=format_iso_seconds(server.created_at),
        updated=format_iso_seconds(server.updated_at),
        addresses=_addresses(detail, address_type),
        access_ip_v4=server.access_ip_v4,
        access_ip_v6=server.access_ip_v6,
        links=resource_links(view, "servers", server.id),
        progress=_PROGRESS.get(server.status, UNSET),
        fault=server.fault if server.fault is not None and server.status in _STATUSES_WITH_FAULT else UNSET,
        disk_config=server.disk_config,
        config_drive="True" if server.config_drive else "",
        key_name=server.key_name,
        security_groups=_security_groups(server),
        availability_zone=server.zone,
        launched_at=format_naive_time(server.launched_at),
        terminated_at=format_naive_time(server.terminated_at),
        task_state=server.task_state or None,
        vm_state=server.vm_state,
        power_state=server.power_state,
        volumes_attached=[
            schemas.AttachedVolume(attachment.volume_id, attachment.delete_on_termination)
            for attachment in detail.attachments
        ],
        locked=server.locked,
        description=server.description,
        tags=server.tags,
        locked_reason=server.locked_reason,
        pinned_availability_zone=server.pinned_zone,
        hostname=server.hostname if has_hostname else UNSET,
        host=server.cloud_name,
        hypervisor_hostname=server.cloud_name,
        instance_name=server.native_id,
        reservation_id=server.reservation_id,
        launch_index=server.launch_index,
        ext_user_data=server.user_data or None,
        host_status="UP" if server.native_id else "",
    )


def _image(server: Server, view: ViewContext) -> schemas.ImageReference | str:
    """Return the image; "" for a server whose root disk is a volume."""
    if server.is_volume_backed:
        return ""
    return schemas.ImageReference(server.image_id, [bookmark_link(view, "images", server.image_id)])


def _flavor(server: Server, view: ViewContext) -> schemas.FlavorReference | schemas.EmbeddedFlavor:
    flavor = server.flavor
    if view.microversion < 47:
        return schemas.FlavorReference(flavor["id"], [bookmark_link(view, "flavors", flavor["id"])])
    return schemas.EmbeddedFlavor(
        original_name=flavor["name"],
        vcpus=flavor["vcpus"],
        ram=flavor["ram"],
        disk=flavor["disk"],
        ephemeral=flavor["ephemeral"],
        swap=flavor["swap"],
        extra_specs=flavor["extra_specs"],
    )


def _addresses(detail: ServerDetail, schema: type[schemas.ServerAddress]) -> dict[str, list[schemas.ServerAddress]]:
    """Return the addresses by the name of their network; networks without addresses are omitted.

    As in Nova, each floating IP follows its fixed IP.
    """
    addresses: dict[str, list[schemas.ServerAddress]] = {}
    for network_name, ports in detail.ports.items():
        for port in ports:
            for fixed_ip in port.fixed_ips:
                address = fixed_ip["ip_address"]
                entries = addresses.setdefault(network_name, [])
                entries.append(schema(get_ip_version(address), address, "fixed", port.mac_address))
                for floating_ip in detail.floating_ips.get(port.id, {}).get(address, ()):
                    entries.append(schema(get_ip_version(floating_ip), floating_ip, "floating", port.mac_address))
    return addresses


def _security_groups(server: Server) -> list[schemas.SecurityGroupName]:
    return [schemas.SecurityGroupName(name) for name in server.security_groups]


def get_ip_version(address: str) -> int:
    return 6 if ":" in address else 4
