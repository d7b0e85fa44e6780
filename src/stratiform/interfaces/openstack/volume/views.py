"""Answers of the Volume API. Source: cinder/api/views and cinder/api/v3/views."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from stratiform.kit.clock import Micros, iso_naive
from stratiform.services.volume import events
from stratiform.services.volume.model import Attachment, Volume, VolumeType, visible_specs

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """For whom and at which microversion (3.`minor`) something is shown, and what stands beside it."""

    url: str
    path: str  # `/volume/v3`, with the project's id where the request had it
    minor: int
    admin: bool
    types: Mapping[str, str] = field(default_factory=dict)
    attachments: Mapping[str, Sequence[Attachment]] = field(default_factory=dict)


def volume_summary(volume: Volume, shown: Shown) -> Body:
    return {"id": volume.id, "name": volume.name, "links": _links(volume.id, shown)}


def volume_detail(volume: Volume, shown: Shown) -> Body:
    body: Body = {
        "id": volume.id,
        "status": volume.status,
        "size": volume.size_gib,
        "availability_zone": volume.zone,
        "created_at": iso_naive(volume.created_at),
        "updated_at": iso_naive(volume.updated_at),
        "attachments": [
            _attached(attachment)
            for attachment in shown.attachments.get(volume.id, ())
            if attachment.attached_at is not None
        ],
        "name": volume.name,
        "description": volume.description,
        "volume_type": shown.types.get(volume.type_id),
        "snapshot_id": None,
        "source_volid": None,
        "metadata": _metadata(volume),
        "links": _links(volume.id, shown),
        "user_id": volume.user_id,
        "bootable": str(volume.bootable).lower(),
        "encrypted": False,
        "replication_status": None,
        "consistencygroup_id": None,
        "multiattach": False,
        "os-vol-tenant-attr:tenant_id": volume.project_id,
    }
    if volume.image_metadata:
        body["volume_image_metadata"] = volume.image_metadata
    return body | _by_version(volume, shown)


def _by_version(volume: Volume, shown: Shown) -> Body:
    body: Body = {}
    if shown.admin:
        body |= {
            "migration_status": None,
            "os-vol-host-attr:host": events.host(volume),
            "os-vol-mig-status-attr:migstat": None,
            "os-vol-mig-status-attr:name_id": None,
        }
    if shown.minor >= 13:
        body["group_id"] = None
    if shown.minor >= 21 and shown.admin:
        body["provider_id"] = volume.native_id or None
    if shown.minor >= 48:
        body |= {"shared_targets": False, "service_uuid": None}
    return body


def _metadata(volume: Volume) -> dict[str, str]:
    if volume.read_only is None:
        return volume.metadata
    return {**volume.metadata, "readonly": str(volume.read_only)}


def _attached(attachment: Attachment) -> Body:
    return {
        "id": attachment.volume_id,
        "attachment_id": attachment.id,
        "volume_id": attachment.volume_id,
        "server_id": attachment.server_id,
        "host_name": None,
        "device": attachment.device,
        "attached_at": _moment(attachment.attached_at),
    }


def attachment_summary(attachment: Attachment) -> Body:
    return {
        "id": attachment.id,
        "status": attachment.state,
        "instance": attachment.server_id,
        "volume_id": attachment.volume_id,
    }


def attachment_detail(attachment: Attachment) -> Body:
    return attachment_summary(attachment) | {
        "attached_at": _moment(attachment.attached_at),
        "detached_at": None,
        "attach_mode": "rw",
        "connection_info": {},
    }


def volume_type(kind: VolumeType, shown: Shown) -> Body:
    body: Body = {
        "id": kind.id,
        "name": kind.name,
        "description": kind.description,
        "is_public": kind.is_public,
        "os-volume-type-access:is_public": kind.is_public,
        "extra_specs": visible_specs(kind, operator=shown.admin),
    }
    if shown.admin:
        body["qos_specs_id"] = None
    return body


def next_link(shown: Shown, place: str, query: Mapping[str, str], last_id: str) -> list[Body]:
    """The link to the page after `last_id`; `place` is `volumes/detail`."""
    text = urlencode({**query, "marker": last_id})
    return [{"rel": "next", "href": f"{shown.url}{shown.path}/{place}?{text}"}]


def _links(volume_id: str, shown: Shown) -> list[Body]:
    without_version = shown.path.replace("/v3", "", 1)
    return [
        {"rel": "self", "href": f"{shown.url}{shown.path}/volumes/{volume_id}"},
        {"rel": "bookmark", "href": f"{shown.url}{without_version}/volumes/{volume_id}"},
    ]


def _moment(us: Micros | None) -> str | None:
    return None if us is None else iso_naive(us)
