"""Volumes of the Block Storage API."""

from collections.abc import Mapping, Sequence

from stratiform.interfaces.ec2 import lists
from stratiform.interfaces.ec2.api import Ec2Request, Response, action
from stratiform.interfaces.ec2.errors import Ec2Error
from stratiform.interfaces.ec2.idempotency import create_once
from stratiform.interfaces.ec2.parameters import parse_id
from stratiform.interfaces.ec2.views.tags import build_tag_set
from stratiform.interfaces.ec2.xml_format import Value
from stratiform.kit.clock import format_iso_seconds
from stratiform.services.compute import policy as compute_policy
from stratiform.services.compute.model.ec2_ids import encode_ec2_id
from stratiform.services.volume import policy
from stratiform.services.volume.model import Attachment, AttachmentOptions, NewVolume, Volume, VolumeFilter

_NOT_FOUND = "InvalidVolume.NotFound"

#: EC2's names of volume types; without a type of this name, the default type is used.
_EC2_TYPES = ("standard", "gp2", "gp3", "io1", "io2", "st1", "sc1")

_STATUSES = {"available": "available", "in-use": "in-use", "creating": "creating", "deleting": "deleting"}
_IN_USE = ("attaching", "detaching", "reserved", "in-use")

_FILTERS: Mapping[str, lists.GetValues[tuple[Volume, Sequence[Attachment]]]] = {
    "attachment.device": lambda item: [attachment.device for attachment in item[1]],
    "attachment.instance-id": lambda item: [encode_ec2_id("i", attachment.server_id) for attachment in item[1]],
    "attachment.status": lambda item: [attachment.state for attachment in item[1]],
    "availability-zone": lambda item: [item[0].zone],
    "size": lambda item: [item[0].size_gib],
    "snapshot-id": lambda item: [encode_ec2_id("snap", item[0].snapshot_id)],
    "status": lambda item: [get_status(item[0])],
    "volume-id": lambda item: [encode_ec2_id("vol", item[0].id)],
}


@action("CreateVolume", policy.VOLUME_CREATE)
def create_volume(request: Ec2Request) -> Response:
    parameters = request.parameters
    tags = parameters.get_tags("volume")
    snapshot_id = parse_id("snap", parameters.get("SnapshotId")) if parameters.get("SnapshotId") else ""
    if not snapshot_id:
        parameters.require("Size")
    new = NewVolume(
        size_gib=parameters.get_number("Size", 0) or None,
        name=tags.get("Name", ""),
        volume_type=_find_type(request),
        availability_zone=parameters.require("AvailabilityZone"),
        snapshot_id=snapshot_id,
        metadata=tags,
    )
    volumes = request.services.volume.volumes
    volume_id = create_once(request, lambda: volumes.create(request.ctx, new).id)
    return _build(request, volumes.get(request.ctx, volume_id), ())


@action("DescribeVolumes", policy.VOLUME_GET_ALL)
def describe_volumes(request: Ec2Request) -> Response:
    service = request.services.volume
    volumes = lists.read_all(
        lambda page: service.volumes.list(request.ctx, VolumeFilter(), page), lambda volume: volume.id
    )
    requested = request.parameters.list_ids("vol", "VolumeId")
    volumes = lists.select_requested(volumes, requested, lambda volume: volume.id, _NOT_FOUND, _describe_id)
    attachments = service.attachments.group_by_volume(request.ctx.db, [volume.id for volume in volumes])
    pairs = [(volume, attachments[volume.id]) for volume in volumes]
    pairs = lists.select_items(request.parameters, pairs, _FILTERS, lambda item: item[0].metadata)
    page, next_token = lists.paginate(request.parameters, pairs, lambda item: item[0].id)
    return {"volumeSet": [_build(request, *pair) for pair in page], "nextToken": next_token}


@action("DeleteVolume", policy.VOLUME_DELETE)
def delete_volume(request: Ec2Request) -> Response:
    volume_id = request.parameters.require_id("vol", "VolumeId")
    volume = request.services.volume.volumes.get(request.ctx, volume_id)
    if volume.status in _IN_USE:
        raise Ec2Error("VolumeInUse", f"{_describe_id(volume_id)} is currently attached")
    request.services.volume.volumes.delete(request.ctx, volume_id)
    return {"return": True}


@action("AttachVolume", compute_policy.VOLUME_ATTACHMENTS_CREATE)
def attach_volume(request: Ec2Request) -> Response:
    parameters = request.parameters
    volume_id, server_id = parameters.require_id("vol", "VolumeId"), parameters.require_id("i", "InstanceId")
    volume = request.services.volume.volumes.get(request.ctx, volume_id)
    if volume.status in _IN_USE:
        raise Ec2Error("VolumeInUse", f"{_describe_id(volume_id)} is already attached to an instance")
    options = AttachmentOptions(parameters.get("Device") or None)
    attachments = request.services.compute.volume_attachments
    return _build_attachment(attachments.attach(request.ctx, server_id, volume_id, options))


@action("DetachVolume", compute_policy.VOLUME_ATTACHMENTS_DELETE)
def detach_volume(request: Ec2Request) -> Response:
    volume_id = request.parameters.require_id("vol", "VolumeId")
    request.services.volume.volumes.get(request.ctx, volume_id)
    attachments = request.services.volume.attachments.group_by_volume(request.ctx.db, [volume_id])[volume_id]
    instance_id = request.parameters.get("InstanceId")
    for attachment in attachments:
        if not instance_id or parse_id("i", instance_id) == attachment.server_id:
            request.services.compute.volume_attachments.detach(request.ctx, attachment.server_id, volume_id)
            return {**_build_attachment(attachment), "status": "detaching"}
    raise Ec2Error("IncorrectState", f"Volume '{_describe_id(volume_id)}' is in the 'available' state.")


def get_status(volume: Volume) -> str:
    """Return EC2's status of a volume."""
    if volume.status in _IN_USE:
        return "in-use"
    return _STATUSES.get(volume.status, "error" if volume.status.startswith("error") else "available")


def _find_type(request: Ec2Request) -> str:
    """Return the name of a volume type; "" for the default type."""
    name = request.parameters.get("VolumeType")
    types = request.services.volume.volume_types.list(request.ctx, is_public=None)
    if name in [volume_type.name for volume_type in types]:
        return name
    return "" if name in _EC2_TYPES else name


def _build(request: Ec2Request, volume: Volume, attachments: Sequence[Attachment]) -> Mapping[str, Value]:
    names = request.services.volume.volume_types.list_names(request.ctx, [volume.type_id])
    return {
        "volumeId": encode_ec2_id("vol", volume.id),
        "size": volume.size_gib,
        "snapshotId": encode_ec2_id("snap", volume.snapshot_id),
        "availabilityZone": volume.zone,
        "status": get_status(volume),
        "createTime": format_iso_seconds(volume.created_at),
        "volumeType": names.get(volume.type_id, ""),
        "encrypted": False,
        "multiAttachEnabled": False,
        "attachmentSet": [_build_attachment(attachment) for attachment in attachments],
        "tagSet": build_tag_set(volume.metadata),
    }


def _build_attachment(attachment: Attachment) -> Mapping[str, Value]:
    return {
        "volumeId": encode_ec2_id("vol", attachment.volume_id),
        "instanceId": encode_ec2_id("i", attachment.server_id),
        "device": attachment.device,
        "status": attachment.state,
        "attachTime": format_iso_seconds(attachment.attached_at or attachment.created_at),
        "deleteOnTermination": False,
    }


def _describe_id(volume_id: str) -> str:
    return encode_ec2_id("vol", volume_id)
