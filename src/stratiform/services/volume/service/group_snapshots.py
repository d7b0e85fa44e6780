"""Snapshots of groups. Source: cinder/api/v3/group_snapshots.py and cinder/group/api.py."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.ids import Ids
from stratiform.kit.work_queue import enqueue
from stratiform.services.volume import policy
from stratiform.services.volume.errors import (
    InvalidGroup,
    InvalidGroupSnapshot,
    InvalidInput,
)
from stratiform.services.volume.model import NewSnapshot, check_name
from stratiform.services.volume.model.groups import GROUP_SNAPSHOT_STATUSES, GroupSnapshot
from stratiform.services.volume.repository import groups as repository
from stratiform.services.volume.repository import type_properties
from stratiform.services.volume.repository.snapshots import snapshots as snapshot_rows
from stratiform.services.volume.service.group_access import get_group, get_group_snapshot
from stratiform.services.volume.service.snapshots import RECONCILE_SNAPSHOT, Snapshots

#: The kind of work that reconciles one group snapshot; its key is the id.
RECONCILE_GROUP_SNAPSHOT = "volume.group_snapshot"


@dataclass(frozen=True, slots=True)
class GroupSnapshots:
    """Create, read and delete group snapshots."""

    ids: Ids
    snapshots: Snapshots

    def create(self, ctx: RequestContext, group_id: str, name: str, description: str | None) -> GroupSnapshot:
        """Start to take a snapshot of each volume. Raises GroupNotFound, InvalidGroup, InvalidVolume, QuotaExceeded."""
        group = get_group(ctx, policy.GROUP_SNAPSHOT_CREATE, group_id)
        if group.status != "available":
            raise InvalidGroup(f"Cannot create group_snapshot: the status of group {group_id} is {group.status}.")
        members = repository.list_members(ctx.db, group_id)
        if not members:
            raise InvalidGroup("Group is empty. No group snapshot will be created.")
        group_type = type_properties.group_types.find(ctx.db, group.group_type_id)
        group_snapshot = GroupSnapshot(
            id=self.ids.uuid(),
            project_id=group.project_id,
            user_id=ctx.caller.user_id,
            name=check_name(name),
            description=description,
            status="creating",
            group_id=group_id,
            group_type_id=group.group_type_id,
            cloud_id=group.cloud_id,
            cloud_name=group.cloud_name,
            is_consistent=group_type is not None and group_type.is_consistent,
            created_at=ctx.now,
            updated_at=ctx.now,
        )
        for volume in members:
            new = NewSnapshot(volume.id, name=group_snapshot.name, description=description, allow_in_use=True)
            self.snapshots.create(ctx, new, group_snapshot_id=group_snapshot.id)
        repository.group_snapshots.insert(ctx.db, group_snapshot)
        enqueue(ctx.db, RECONCILE_GROUP_SNAPSHOT, group_snapshot.id, ctx.now)
        return group_snapshot

    def get(self, ctx: RequestContext, snapshot_id: str) -> GroupSnapshot:
        """Raises GroupSnapshotNotFound, also for another project's one."""
        return get_group_snapshot(ctx, policy.GROUP_SNAPSHOT_GET, snapshot_id)

    def list(self, ctx: RequestContext, *, all_projects: bool = False) -> Sequence[GroupSnapshot]:
        """List the project's group snapshots; `all_projects` has an effect for operators only."""
        policy.GROUP_SNAPSHOT_GET_ALL.require(ctx.caller, ctx.caller.project_id)
        unscoped = all_projects and ctx.caller.is_admin
        return repository.list_group_snapshots(ctx.db, None if unscoped else ctx.caller.require_project_id())

    def delete(self, ctx: RequestContext, snapshot_id: str) -> None:
        """Start to delete the snapshots of all volumes. Raises GroupSnapshotNotFound, InvalidGroupSnapshot."""
        group_snapshot = get_group_snapshot(ctx, policy.GROUP_SNAPSHOT_DELETE, snapshot_id)
        if group_snapshot.status not in ("available", "error"):
            raise InvalidGroupSnapshot(
                f"Status must be available or error to delete, but current status is: {group_snapshot.status}"
            )
        repository.group_snapshots.update(ctx.db, snapshot_id, status="deleting", updated_at=ctx.now)
        for snapshot in repository.list_snapshots(ctx.db, snapshot_id):
            snapshot_rows.update(ctx.db, snapshot.id, status="deleting", updated_at=ctx.now)
            enqueue(ctx.db, RECONCILE_SNAPSHOT, snapshot.id, ctx.now)
        enqueue(ctx.db, RECONCILE_GROUP_SNAPSHOT, snapshot_id, ctx.now)

    def reset_status(self, ctx: RequestContext, snapshot_id: str, status: str) -> None:
        """Overwrite the status. Raises GroupSnapshotNotFound, InvalidInput."""
        get_group_snapshot(ctx, policy.GROUP_SNAPSHOT_RESET_STATUS, snapshot_id)
        if status not in GROUP_SNAPSHOT_STATUSES:
            raise InvalidInput(f"Must specify a valid status, not '{status}'.")
        repository.group_snapshots.update(ctx.db, snapshot_id, status=status, updated_at=ctx.now)
