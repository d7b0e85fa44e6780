"""From the bodies of `POST /servers`, `PUT /servers/{server_id}` and `rebuild` to requests to the compute service."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import UnsetType

from stratiform.interfaces.openstack.compute.block_device_requests import build_block_devices, parse_image_reference
from stratiform.interfaces.openstack.compute.parsing import (
    parse_disk_config,
    parse_ip_address,
    parse_name,
    parse_reference,
    parse_user_data,
    parse_uuid,
)
from stratiform.interfaces.openstack.compute.schemas.servers import (
    ServerCreate,
    ServerNetwork,
    ServerRebuild,
    ServerUpdate,
)
from stratiform.kit.errors import Invalid
from stratiform.services.clouds.model.placement import LABEL_PREFIX
from stratiform.services.compute.errors import InvalidField
from stratiform.services.compute.model import NewServer, RebuildChanges, ServerChanges
from stratiform.services.compute.model.validation import validate_hostname
from stratiform.services.network.model import NicRequest

#: Since 2.37, `networks` is required.
_NETWORKS_REQUIRED = 37

#: The first microversion in which servers can use multiattach volumes.
MULTIATTACH = 60

#: Before 2.19, the description of a new server was its name.
_HAS_DESCRIPTION = 19

#: The first microversion in which host names may have a domain.
_ALLOWS_FQDN = 94


def parse_scheduler_hints(hints: Mapping[str, object]) -> dict[str, str]:
    """Return the hints that have an effect. Raises InvalidField unless they are texts."""
    effective = {}
    for key, value in hints.items():
        if key == "group" or key.startswith(LABEL_PREFIX):
            if not isinstance(value, str):
                raise InvalidField(key, value, f"{value!r} is not of type 'string'")
            effective[key] = value
    return effective


def build_new_server(
    body: ServerCreate, microversion: int, hints: Mapping[str, str] = MappingProxyType({})
) -> NewServer:
    """`hints` are those of `parse_scheduler_hints`. Raises Invalid, InvalidField."""
    min_count = body.min_count if isinstance(body.min_count, int) else 1
    max_count = body.max_count if isinstance(body.max_count, int) else min_count
    default_description = None if microversion >= _HAS_DESCRIPTION else body.name
    image_id = parse_image_reference(body)
    _refuse_files(body.personality)
    return NewServer(
        name=parse_name(body.name),
        flavor_id=parse_reference(body.flavor_ref),
        image_id=image_id,
        networks=_networks(body.networks, microversion),
        key_name=body.key_name,
        user_data=parse_user_data(body.user_data),
        metadata=body.metadata,
        tags=tuple(body.tags) if isinstance(body.tags, list) else (),
        security_groups=tuple(dict.fromkeys(group.name for group in body.security_groups)),
        block_devices=build_block_devices(body),
        min_count=min_count,
        max_count=max_count,
        zone=(body.availability_zone or "").split(":")[0] or None,
        host=_host(body),
        group_id=hints.get("group", ""),
        config_drive=str(body.config_drive).lower() in ("true", "1", "yes", "on"),
        description=body.description if isinstance(body.description, str) else default_description,
        hostname=_hostname(body.hostname, max_count, microversion),
        disk_config=parse_disk_config(body.disk_config),
        access_ip_v4=parse_ip_address(body.access_ip_v4, 4, "accessIPv4"),
        access_ip_v6=parse_ip_address(body.access_ip_v6, 6, "accessIPv6"),
        allow_multiattach=microversion >= MULTIATTACH,
        hints={key: value for key, value in hints.items() if key != "group"},
    )


def build_server_changes(body: ServerUpdate, microversion: int) -> ServerChanges:
    """Return the fields that the body has. Raises InvalidField."""
    changes: ServerChanges = {}
    _set_server_changes(changes, body, microversion)
    return changes


def _set_server_changes(changes: ServerChanges, body: ServerUpdate, microversion: int) -> None:
    if not isinstance(body.name, UnsetType):
        changes["name"] = parse_name(body.name)
    if not isinstance(body.description, UnsetType):
        changes["description"] = body.description
    if not isinstance(body.hostname, UnsetType):
        validate_hostname(body.hostname, allow_fqdn=microversion >= _ALLOWS_FQDN)
        changes["hostname"] = body.hostname
    if not isinstance(body.disk_config, UnsetType):
        changes["disk_config"] = parse_disk_config(body.disk_config)
    if not isinstance(body.access_ip_v4, UnsetType):
        changes["access_ip_v4"] = parse_ip_address(body.access_ip_v4, 4, "accessIPv4")
    if not isinstance(body.access_ip_v6, UnsetType):
        changes["access_ip_v6"] = parse_ip_address(body.access_ip_v6, 6, "accessIPv6")


def build_rebuild_changes(body: ServerRebuild, microversion: int) -> RebuildChanges:
    """Return the fields that the body has, without the image. Raises InvalidField."""
    _refuse_files(body.personality)
    changes: RebuildChanges = {}
    _set_server_changes(changes, body, microversion)
    if not isinstance(body.metadata, UnsetType):
        changes["metadata"] = body.metadata
    if not isinstance(body.key_name, UnsetType):
        changes["key_name"] = body.key_name
    if not isinstance(body.user_data, UnsetType):
        changes["user_data"] = parse_user_data(body.user_data)
    return changes


def _refuse_files(personality: object) -> None:
    """Raises Invalid if there are files to inject, which would be lost."""
    if personality:
        raise Invalid("Injecting files (personality) is not supported; use user_data.")


def _networks(networks: str | list[ServerNetwork] | UnsetType, microversion: int) -> tuple[NicRequest, ...] | None:
    """Return the requested ports; None for no port, empty for a port in the project's own network."""
    if isinstance(networks, UnsetType):
        if microversion >= _NETWORKS_REQUIRED:
            raise InvalidField("server", "{...}", "'networks' is a required property")
        return ()
    if isinstance(networks, str):
        if microversion < _NETWORKS_REQUIRED or networks not in ("auto", "none"):
            raise InvalidField("networks", networks, f"{networks!r} is not one of ['auto', 'none']")
        return () if networks == "auto" else None
    return tuple(_nic_request(network) for network in networks)


def _nic_request(network: ServerNetwork) -> NicRequest:
    port_id = parse_uuid(network.port, "port") if isinstance(network.port, str) else None
    network_id = parse_uuid(network.uuid, "uuid") if isinstance(network.uuid, str) else None
    fixed_ip = network.fixed_ip if isinstance(network.fixed_ip, str) else None
    if port_id is None and network_id is None:
        raise InvalidField("networks", "{}", "A network requires a uuid or a port.")
    if fixed_ip is not None and port_id is not None:
        raise Invalid("Specified Fixed IP can't be used with a port: the port already has an address.")
    return NicRequest(network_id=None if port_id else network_id, port_id=port_id, fixed_ip=fixed_ip)


def _host(body: ServerCreate) -> str | None:
    return next((host for host in (body.host, body.hypervisor_hostname) if isinstance(host, str)), None)


def _hostname(hostname: str | UnsetType, count: int, microversion: int) -> str | None:
    if isinstance(hostname, UnsetType):
        return None
    validate_hostname(hostname, allow_fqdn=microversion >= _ALLOWS_FQDN)
    if count > 1:
        raise Invalid("hostname cannot be used for multiple servers.")
    return hostname
