"""Access to groups and group snapshots that are visible to the caller."""

from stratiform.kit.context import RequestContext
from stratiform.kit.policy import Rule
from stratiform.services.volume.errors import GroupNotFound, GroupSnapshotNotFound, InvalidInput, InvalidVolume
from stratiform.services.volume.model import VolumeType
from stratiform.services.volume.model.groups import Group, GroupSnapshot
from stratiform.services.volume.repository import groups as repository


def get_group(ctx: RequestContext, rule: Rule, group_id: str) -> Group:
    """Return a group that is not deleted. Raises GroupNotFound, Forbidden."""
    group = repository.find_group(ctx.db, group_id)
    if group is None:
        raise GroupNotFound(group_id)
    rule.require_visible(ctx.caller, group.project_id, GroupNotFound(group_id))
    return group


def get_group_snapshot(ctx: RequestContext, rule: Rule, snapshot_id: str) -> GroupSnapshot:
    """Return a group snapshot that is not deleted. Raises GroupSnapshotNotFound, Forbidden."""
    group_snapshot = repository.find_group_snapshot(ctx.db, snapshot_id)
    if group_snapshot is None:
        raise GroupSnapshotNotFound(snapshot_id)
    rule.require_visible(ctx.caller, group_snapshot.project_id, GroupSnapshotNotFound(snapshot_id))
    return group_snapshot


def check_new_member(ctx: RequestContext, rule: Rule, group_id: str, volume_type: VolumeType, cloud_id: str) -> None:
    """Raises GroupNotFound; Invalid unless the group accepts new volumes of this type in this cloud."""
    group = get_group(ctx, rule, group_id)
    if volume_type.id not in group.type_ids:
        raise InvalidInput(
            f"Invalid volume_type {volume_type.name} in request (requested type is not supported by this group)."
        )
    if group.cloud_id != cloud_id:
        raise InvalidVolume(f"Group {group_id} is in cloud {group.cloud_name}.")
