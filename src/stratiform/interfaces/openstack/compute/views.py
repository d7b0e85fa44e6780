"""Answers of the Compute API, per microversion. Source: the Compute API reference's response tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stratiform.kit.clock import Micros, iso_naive, iso_seconds
from stratiform.services.compute.model import Flavor, InstanceAction, KeyPair, Server, ServerDetail
from stratiform.services.network.model import Port
from stratiform.services.volume.model import Attachment

Body = dict[str, Any]

#: Statuses in which a server says how far it is.
_IN_PROGRESS = {"ACTIVE": 100, "BUILD": 0, "REBUILD": 0, "RESIZE": 0, "VERIFY_RESIZE": 100, "REVERT_RESIZE": 0}


@dataclass(frozen=True, slots=True)
class Shown:
    """For whom and at which microversion (2.`minor`) something is shown."""

    url: str
    minor: int
    admin: bool = False


def links(shown: Shown, kind: str, name: str) -> list[Body]:
    return [
        {"rel": "self", "href": f"{shown.url}/compute/v2.1/{kind}/{name}"},
        {"rel": "bookmark", "href": f"{shown.url}/compute/{kind}/{name}"},
    ]


def bookmark(shown: Shown, kind: str, name: str) -> list[Body]:
    return [{"rel": "bookmark", "href": f"{shown.url}/compute/{kind}/{name}"}]


def flavor(found: Flavor, shown: Shown) -> Body:
    body: Body = {
        "id": found.id,
        "name": found.name,
        "ram": found.ram,
        "disk": found.disk,
        "vcpus": found.vcpus,
        "swap": found.swap or ("" if shown.minor < 75 else 0),
        "OS-FLV-EXT-DATA:ephemeral": found.ephemeral,
        "OS-FLV-DISABLED:disabled": False,
        "os-flavor-access:is_public": found.is_public,
        "rxtx_factor": float(found.rxtx_factor),
        "links": links(shown, "flavors", found.id),
    }
    if shown.minor >= 55:
        body["description"] = found.description
    if shown.minor >= 61:
        body["extra_specs"] = found.extra_specs
    return body


def flavor_summary(found: Flavor, shown: Shown) -> Body:
    body: Body = {"id": found.id, "name": found.name, "links": links(shown, "flavors", found.id)}
    if shown.minor >= 55:
        body["description"] = found.description
    return body


def keypair(pair: KeyPair, shown: Shown, *, full: bool, private_key: str = "") -> Body:
    body: Body = {"name": pair.name, "public_key": pair.public_key, "fingerprint": pair.fingerprint}
    if shown.minor >= 2:
        body["type"] = pair.type
    if full:
        body["user_id"] = pair.user_id
    if full and not private_key:
        body |= {
            "id": int(pair.id[-7:].replace("-", ""), 16),
            "created_at": iso_naive(pair.created_at),
            "updated_at": None,
            "deleted": False,
            "deleted_at": None,
        }
    if private_key:
        body["private_key"] = private_key
    return body


def server_summary(server: Server, shown: Shown) -> Body:
    return {"id": server.id, "name": server.name, "links": links(shown, "servers", server.id)}


def server(detail: ServerDetail, shown: Shown, *, full: bool = False) -> Body:
    """A server in detail; `full` adds what only show, update and rebuild answer."""
    row = detail.server
    body: Body = {
        "id": row.id,
        "name": row.name,
        "status": row.status,
        "tenant_id": row.project_id,
        "user_id": row.user_id,
        "metadata": row.metadata,
        "hostId": row.host_id,
        "image": {"id": row.image_id, "links": bookmark(shown, "images", row.image_id)},
        "flavor": _flavor_of(row, shown),
        "created": iso_seconds(row.created_at),
        "updated": iso_seconds(row.updated_at),
        "addresses": addresses(detail.ports),
        "accessIPv4": row.access_ip_v4,
        "accessIPv6": row.access_ip_v6,
        "links": links(shown, "servers", row.id),
        "OS-DCF:diskConfig": row.disk_config,
        "OS-EXT-AZ:availability_zone": row.zone,
        "config_drive": "True" if row.config_drive else "",
        "key_name": row.key_name,
        "OS-SRV-USG:launched_at": _time(row.launched_at),
        "OS-SRV-USG:terminated_at": _time(row.terminated_at),
        "security_groups": [{"name": name} for name in row.security_groups],
        "OS-EXT-STS:task_state": row.task_state or None,
        "OS-EXT-STS:vm_state": row.vm_state,
        "OS-EXT-STS:power_state": row.power_state,
        "os-extended-volumes:volumes_attached": _volumes_of(detail.attachments, shown),
    }
    if row.status in _IN_PROGRESS:
        body["progress"] = _IN_PROGRESS[row.status]
    if row.fault is not None and row.status in ("ERROR", "DELETED"):
        body["fault"] = row.fault
    return body | _newer(row, shown, full=full) | (_for_admin(row, shown) if shown.admin else {})


def _newer(row: Server, shown: Shown, *, full: bool) -> Body:
    """What microversions have added for everybody."""
    added: dict[int, Body] = {
        9: {"locked": row.locked},
        19: {"description": row.description},
        26: {"tags": row.tags},
        63: {"trusted_image_certificates": None},
        73: {"locked_reason": row.locked_reason},
        90: {"OS-EXT-SRV-ATTR:hostname": row.hostname},
    }
    if full:
        added[71] = {"server_groups": []}
    together: Body = {}
    for since, fields in added.items():
        if shown.minor >= since:
            together |= fields
    return together


def _for_admin(row: Server, shown: Shown) -> Body:
    body: Body = {
        "OS-EXT-SRV-ATTR:host": row.cloud_name,
        "OS-EXT-SRV-ATTR:hypervisor_hostname": row.cloud_name,
        "OS-EXT-SRV-ATTR:instance_name": row.native_id,
    }
    if shown.minor >= 3:
        body |= {
            "OS-EXT-SRV-ATTR:reservation_id": row.reservation_id,
            "OS-EXT-SRV-ATTR:launch_index": row.launch_index,
            "OS-EXT-SRV-ATTR:hostname": row.hostname,
            "OS-EXT-SRV-ATTR:kernel_id": "",
            "OS-EXT-SRV-ATTR:ramdisk_id": "",
            "OS-EXT-SRV-ATTR:root_device_name": "/dev/vda",
            "OS-EXT-SRV-ATTR:user_data": row.user_data or None,
        }
    if shown.minor >= 16:
        body["host_status"] = "UP" if row.native_id else ""
    return body


def _flavor_of(row: Server, shown: Shown) -> Body:
    flavor = row.flavor
    if shown.minor < 47:
        return {"id": flavor["id"], "links": bookmark(shown, "flavors", flavor["id"])}
    return {
        "original_name": flavor["name"],
        "vcpus": flavor["vcpus"],
        "ram": flavor["ram"],
        "disk": flavor["disk"],
        "ephemeral": flavor["ephemeral"],
        "swap": flavor["swap"],
        "extra_specs": flavor["extra_specs"],
    }


def _volumes_of(attachments: Sequence[Attachment], shown: Shown) -> list[Body]:
    more = {"delete_on_termination": False} if shown.minor >= 3 else {}
    return [{"id": attachment.volume_id, **more} for attachment in attachments]


def addresses(ports: Mapping[str, Sequence[Port]], *, short: bool = False) -> Body:
    """By the name of the network; `short` as `/servers/{id}/ips` has them."""
    body: Body = {}
    for network, own in ports.items():
        for port in own:
            for fixed in port.fixed_ips:
                address = fixed["ip_address"]
                entry: Body = {"version": 6 if ":" in address else 4, "addr": address}
                if not short:
                    entry |= {"OS-EXT-IPS:type": "fixed", "OS-EXT-IPS-MAC:mac_addr": port.mac_address}
                body.setdefault(network, []).append(entry)
    return body


def attachment(found: Attachment, shown: Shown) -> Body:
    body: Body = {"volumeId": found.volume_id, "serverId": found.server_id, "device": found.device}
    if shown.minor < 89:
        body["id"] = found.volume_id
    else:
        body |= {"attachment_id": found.id, "bdm_uuid": found.id}
    if shown.minor >= 70:
        body["tag"] = None
    if shown.minor >= 79:
        body["delete_on_termination"] = False
    return body


def interface(port: Port, shown: Shown) -> Body:
    body: Body = {
        "net_id": port.network_id,
        "port_id": port.id,
        "mac_addr": port.mac_address,
        "port_state": port.status,
        "fixed_ips": [{"subnet_id": ip["subnet_id"], "ip_address": ip["ip_address"]} for ip in port.fixed_ips],
    }
    if shown.minor >= 70:
        body["tag"] = None
    return body


def action(found: InstanceAction, shown: Shown, *, full: bool = False) -> Body:
    body: Body = {
        "action": found.action,
        "instance_uuid": found.server_id,
        "request_id": found.request_id,
        "user_id": found.user_id,
        "project_id": found.project_id,
        "start_time": iso_naive(found.started_at),
        "message": found.message,
    }
    if shown.minor >= 58:
        body["updated_at"] = iso_naive(found.finished_at or found.started_at)
    if full and (shown.admin or shown.minor >= 51):
        event: Body = {
            "event": f"stratiform_{found.action}",
            "start_time": iso_naive(found.started_at),
            "finish_time": _time(found.finished_at),
            "result": None if found.finished_at is None else found.message or "Success",
        }
        if shown.admin:
            event["traceback"] = None
        if shown.minor >= 62:
            event |= {"hostId": ""} | ({"host": None} if shown.admin else {})
        if shown.minor >= 84:
            event["details"] = None
        body["events"] = [event]
    return body


def _time(us: Micros | None) -> str | None:
    return None if us is None else iso_naive(us)
