"""Snapshots of the Block Storage API."""

from collections.abc import Mapping

from stratiform.interfaces.ec2 import lists
from stratiform.interfaces.ec2.api import Ec2Request, Response, action
from stratiform.interfaces.ec2.views.tags import build_tag_set
from stratiform.interfaces.ec2.xml_format import Value
from stratiform.kit.clock import format_iso_seconds
from stratiform.services.compute.model.ec2_ids import encode_ec2_id
from stratiform.services.volume import policy
from stratiform.services.volume.model import CopyFilter, NewSnapshot, Snapshot

_STATUSES = {"creating": "pending", "available": "completed", "deleting": "completed"}

_FILTERS: Mapping[str, lists.GetValues[Snapshot]] = {
    "description": lambda snapshot: [snapshot.description or ""],
    "owner-id": lambda snapshot: [snapshot.project_id],
    "snapshot-id": lambda snapshot: [encode_ec2_id("snap", snapshot.id)],
    "status": lambda snapshot: [_get_status(snapshot)],
    "volume-id": lambda snapshot: [encode_ec2_id("vol", snapshot.volume_id)],
    "volume-size": lambda snapshot: [snapshot.size_gib],
}


@action("CreateSnapshot", policy.SNAPSHOT_CREATE)
def create_snapshot(request: Ec2Request) -> Response:
    """Create a snapshot; the volume may be attached."""
    tags = request.parameters.get_tags("snapshot")
    new = NewSnapshot(
        volume_id=request.parameters.require_id("vol", "VolumeId"),
        name=tags.get("Name", ""),
        description=request.parameters.get("Description"),
        metadata=tags,
        allow_in_use=True,
    )
    return _build(request.services.volume.snapshots.create(request.ctx, new))


@action("DescribeSnapshots", policy.SNAPSHOT_GET_ALL)
def describe_snapshots(request: Ec2Request) -> Response:
    """List the project's snapshots."""
    service = request.services.volume.snapshots
    snapshots = lists.read_all(lambda page: service.list(request.ctx, CopyFilter(), page), lambda item: item.id)
    owners = [request.project_id if owner == "self" else owner for owner in request.parameters.list_values("Owner")]
    requested = request.parameters.list_ids("snap", "SnapshotId")
    snapshots = lists.select_requested(
        snapshots, requested, lambda item: item.id, "InvalidSnapshot.NotFound", _describe_id
    )
    snapshots = [item for item in snapshots if not owners or item.project_id in owners]
    snapshots = lists.select_items(request.parameters, snapshots, _FILTERS, lambda item: item.metadata)
    page, next_token = lists.paginate(request.parameters, snapshots, lambda item: item.id)
    return {"snapshotSet": [_build(snapshot) for snapshot in page], "nextToken": next_token}


@action("DeleteSnapshot", policy.SNAPSHOT_DELETE)
def delete_snapshot(request: Ec2Request) -> Response:
    request.services.volume.snapshots.delete(request.ctx, request.parameters.require_id("snap", "SnapshotId"))
    return {"return": True}


def _get_status(snapshot: Snapshot) -> str:
    return _STATUSES.get(snapshot.status, "error")


def _build(snapshot: Snapshot) -> Mapping[str, Value]:
    return {
        "snapshotId": encode_ec2_id("snap", snapshot.id),
        "volumeId": encode_ec2_id("vol", snapshot.volume_id),
        "status": _get_status(snapshot),
        "startTime": format_iso_seconds(snapshot.created_at),
        "progress": "100%" if _get_status(snapshot) == "completed" else "",
        "ownerId": snapshot.project_id,
        "volumeSize": snapshot.size_gib,
        "description": snapshot.description or "",
        "encrypted": False,
        "tagSet": build_tag_set(snapshot.metadata),
    }


def _describe_id(snapshot_id: str) -> str:
    return encode_ec2_id("snap", snapshot_id)
