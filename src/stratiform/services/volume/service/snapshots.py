"""Snapshots of volumes. A change writes the desired state and enqueues the reconcile; `tasks` applies it."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stratiform.contract import registry
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid, UnsupportedOperation
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Page, Slice
from stratiform.kit.policy import Rule
from stratiform.kit.work_queue import enqueue
from stratiform.services.clouds.service import CloudsService
from stratiform.services.volume import events, policy, repository
from stratiform.services.volume.errors import InvalidInput, InvalidSnapshot, InvalidVolume, SnapshotNotFound
from stratiform.services.volume.model import (
    DELETABLE_COPY_STATUSES,
    REPORTABLE_STATUSES,
    SNAPSHOT_STATUSES,
    CopyFilter,
    NewSnapshot,
    Snapshot,
    Sort,
    Volume,
    check_metadata,
    check_name,
)
from stratiform.services.volume.repository import snapshots
from stratiform.services.volume.repository.references import save_reference
from stratiform.services.volume.repository.snapshots import snapshots as snapshot_rows
from stratiform.services.volume.service.quota_sets import QuotaSets
from stratiform.services.volume.service.volume_access import get_volume

#: The kind of work that reconciles one snapshot; its key is the snapshot's id.
RECONCILE_SNAPSHOT = "volume.snapshot"

_PROGRESS = re.compile(r"(100|[0-9]{1,2})%")


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Create, read, update and delete snapshots, and revert volumes to them."""

    ids: Ids
    clouds: CloudsService
    quota_sets: QuotaSets

    def create(
        self,
        ctx: RequestContext,
        new: NewSnapshot,
        *,
        group_snapshot_id: str = "",
        reference: Mapping[str, str] | None = None,
    ) -> Snapshot:
        """Create a snapshot in status `creating`. `reference`: of a native snapshot that exists already.

        Raises: VolumeNotFound, InvalidVolume for a wrong status, QuotaExceeded, UnsupportedOperation.
        """
        volume = get_volume(ctx, policy.SNAPSHOT_CREATE, new.volume_id)
        _check_status(volume, allow_in_use=new.allow_in_use)
        require_snapshots(ctx, self.clouds, volume)
        volume_type = repository.volume_types.find(ctx.db, volume.type_id)
        type_name = volume_type.name if volume_type else ""
        self.quota_sets.reserve_snapshot(ctx.db, volume.project_id, type_name, volume.size_gib)
        snapshot = Snapshot(
            id=self.ids.uuid(),
            project_id=volume.project_id,
            user_id=ctx.caller.user_id,
            name=check_name(new.name),
            description=new.description,
            volume_id=volume.id,
            type_id=volume.type_id,
            size_gib=volume.size_gib,
            status="creating",
            zone=volume.zone,
            cloud_id=volume.cloud_id,
            cloud_name=volume.cloud_name,
            native_id="",
            metadata=check_metadata(new.metadata),
            fault="",
            group_snapshot_id=group_snapshot_id,
            created_at=ctx.now,
            updated_at=ctx.now,
        )
        snapshot_rows.insert(ctx.db, snapshot)
        if reference:
            save_reference(ctx.db, snapshot.id, reference)
        enqueue(ctx.db, RECONCILE_SNAPSHOT, snapshot.id, ctx.now)
        return snapshot

    def get(self, ctx: RequestContext, snapshot_id: str) -> Snapshot:
        """Raises SnapshotNotFound, also for another project's snapshot."""
        return get_snapshot(ctx, policy.SNAPSHOT_GET, snapshot_id)

    def get_origin(self, ctx: RequestContext, snapshot_id: str) -> Volume:
        """Return the volume that a snapshot was taken of, which may be deleted. Raises SnapshotNotFound."""
        snapshot = get_snapshot(ctx, policy.SNAPSHOT_GET, snapshot_id)
        volume = repository.volumes.find(ctx.db, snapshot.volume_id)
        assert volume is not None, "rows of volumes are never deleted"
        return volume

    def list(
        self,
        ctx: RequestContext,
        filters: CopyFilter,
        page: Page,
        sort: Sequence[Sort] = (),
        *,
        offset: int = 0,
        all_projects: bool = False,
    ) -> Slice[Snapshot]:
        """List the project's snapshots, newest first by default; `all_projects` has an effect for operators only.

        Raises: SnapshotNotFound for an unknown marker, as in Cinder.
        """
        if page.marker is not None and snapshots.find(snapshot_rows, ctx.db, page.marker) is None:
            raise SnapshotNotFound(page.marker)
        filters = restrict_to_project(ctx, policy.SNAPSHOT_GET_ALL, filters, all_projects)
        return snapshots.list_page(snapshot_rows, ctx.db, filters, page, sort, offset)

    def count(self, ctx: RequestContext, filters: CopyFilter, *, all_projects: bool = False) -> int:
        """Count the snapshots on all pages of the same list."""
        filters = restrict_to_project(ctx, policy.SNAPSHOT_GET_ALL, filters, all_projects)
        return snapshots.count(snapshot_rows, ctx.db, filters)

    def update(self, ctx: RequestContext, snapshot_id: str, **changes: str | None) -> Snapshot:
        """Set `name` or `description`."""
        snapshot = get_snapshot(ctx, policy.SNAPSHOT_UPDATE, snapshot_id)
        values: dict[str, Any] = dict(changes)
        if "name" in values:
            values["name"] = check_name(values["name"])
        return self._update(ctx, snapshot, **values)

    def update_metadata(self, ctx: RequestContext, snapshot_id: str, items: dict[str, str]) -> dict[str, str]:
        """Replace all metadata items."""
        snapshot = get_snapshot(ctx, policy.SNAPSHOT_METADATA_UPDATE, snapshot_id)
        return self._update(ctx, snapshot, metadata=check_metadata(items)).metadata

    def get_metadata(self, ctx: RequestContext, snapshot_id: str) -> dict[str, str]:
        return get_snapshot(ctx, policy.SNAPSHOT_METADATA_GET, snapshot_id).metadata

    def delete_metadata(self, ctx: RequestContext, snapshot_id: str, items: dict[str, str]) -> None:
        """Replace all metadata items by the ones that remain."""
        self._update(ctx, get_snapshot(ctx, policy.SNAPSHOT_METADATA_DELETE, snapshot_id), metadata=items)

    def delete(self, ctx: RequestContext, snapshot_id: str, *, force: bool = False) -> None:
        """Start to delete a snapshot. `force` (operators) accepts any status. Raises InvalidSnapshot."""
        rule = policy.SNAPSHOT_FORCE_DELETE if force else policy.SNAPSHOT_DELETE
        snapshot = get_snapshot(ctx, rule, snapshot_id)
        statuses = SNAPSHOT_STATUSES if force else DELETABLE_COPY_STATUSES
        self.start_removal(ctx, snapshot, statuses, "deleting")

    def start_removal(self, ctx: RequestContext, snapshot: Snapshot, statuses: Collection[str], status: str) -> None:
        """Start to delete or release a snapshot that is in one of `statuses`. Raises InvalidSnapshot."""
        if snapshot.group_snapshot_id or not snapshots.update_in_status(
            snapshot_rows, ctx.db, snapshot, statuses, ctx.now, status=status
        ):
            raise InvalidSnapshot("Snapshot status must be available or error and must not be part of a group.")
        enqueue(ctx.db, RECONCILE_SNAPSHOT, snapshot.id, ctx.now)

    def report_status(self, ctx: RequestContext, snapshot_id: str, status: str, progress: str | None) -> None:
        """Set the status of a snapshot that a client creates or deletes, and its progress. Raises Invalid."""
        snapshot = get_snapshot(ctx, policy.SNAPSHOT_UPDATE_STATUS, snapshot_id)
        if snapshot.status not in REPORTABLE_STATUSES:
            raise Invalid(f"Snapshot status {snapshot.status} not allowed for update_snapshot_status")
        if status not in REPORTABLE_STATUSES[snapshot.status]:
            raise Invalid(f"Provided snapshot status {status} not allowed for snapshot with status {snapshot.status}.")
        if progress is not None and not _PROGRESS.fullmatch(progress):
            raise InvalidInput("progress must be an integer percentage")
        self._update(ctx, snapshot, status=status, progress=progress or snapshot.progress)

    def reset_status(self, ctx: RequestContext, snapshot_id: str, status: str) -> None:
        """Overwrite the status. Raises InvalidInput for one that does not exist."""
        snapshot = get_snapshot(ctx, policy.SNAPSHOT_RESET_STATUS, snapshot_id)
        if status not in SNAPSHOT_STATUSES:
            raise InvalidInput(f"Must specify a valid status, not '{status}'.")
        self._update(ctx, snapshot, status=status)

    def revert(self, ctx: RequestContext, volume_id: str, snapshot_id: str) -> None:
        """Start to replace the data of a volume by that of its latest snapshot. Raises InvalidVolume, InvalidInput."""
        volume = get_volume(ctx, policy.VOLUME_REVERT, volume_id)
        snapshot = get_snapshot(ctx, policy.VOLUME_REVERT, snapshot_id)
        of_volume = snapshots.list_of_volume(snapshot_rows, ctx.db, volume_id)
        if not of_volume:
            raise InvalidInput(f"Volume {volume_id} doesn't have any snapshots.")
        if of_volume[-1].id != snapshot.id:
            raise InvalidInput(f"Specified snapshot {snapshot_id} isn't the latest one of volume {volume_id}.")
        if volume.size_gib != snapshot.size_gib:
            raise InvalidInput(
                f"Can't revert volume {volume_id} to its latest snapshot {snapshot_id}: it was extended."
            )
        prefix = f"Can't revert volume {volume_id} to its latest snapshot {snapshot_id}."
        values = {"status": "reverting", "previous_status": "available", "target_id": snapshot_id}
        if not repository.update_in_status(ctx.db, volume, ("available",), ctx.now, **values):
            raise InvalidVolume(f"{prefix} Volume's status must be 'available'.")
        if not snapshots.update_in_status(snapshot_rows, ctx.db, snapshot, ("available",), ctx.now, status="restoring"):
            raise InvalidSnapshot(f"{prefix} Snapshot's status must be 'available'.")
        enqueue(ctx.db, "volume.volume", volume.id, ctx.now)

    def _update(self, ctx: RequestContext, snapshot: Snapshot, **values: Any) -> Snapshot:
        updated = replace(snapshot, updated_at=ctx.now, **values)
        snapshot_rows.update(ctx.db, snapshot.id, updated_at=ctx.now, **values)
        events.append_snapshot_event(ctx.db, self.ids, events.SNAPSHOT_UPDATED, updated, ctx.now)
        return updated


def get_snapshot(ctx: RequestContext, rule: Rule, snapshot_id: str) -> Snapshot:
    """Return a snapshot that is not deleted. Raises SnapshotNotFound, Forbidden."""
    snapshot = snapshots.find(snapshot_rows, ctx.db, snapshot_id)
    if snapshot is None:
        raise SnapshotNotFound(snapshot_id)
    rule.require_visible(ctx.caller, snapshot.project_id, SnapshotNotFound(snapshot_id))
    return snapshot


def restrict_to_project(ctx: RequestContext, rule: Rule, filters: CopyFilter, all_projects: bool) -> CopyFilter:
    """Return the filters for the caller's project, or for operators those of all projects. Raises Forbidden."""
    rule.require(ctx.caller, ctx.caller.project_id)
    if all_projects and ctx.caller.is_admin:
        return filters
    return replace(filters, project_id=ctx.caller.require_project_id())


def require_snapshots(ctx: RequestContext, clouds: CloudsService, volume: Volume) -> None:
    """Raises UnsupportedOperation if the volume's kind of cloud has no snapshots."""
    if not registry.has_capability(clouds.accounts.get_by_id(ctx.db, volume.cloud_id).kind, "snapshot"):
        raise UnsupportedOperation(f"Cloud {volume.cloud_name} does not support copies of volumes.")


def _check_status(volume: Volume, *, allow_in_use: bool) -> None:
    if volume.status == "error":
        raise InvalidVolume("The snapshot cannot be created when the volume is in error status.")
    if volume.status == "maintenance":
        raise InvalidVolume("The snapshot cannot be created when the volume is in maintenance mode.")
    allowed = ("available", "in-use") if allow_in_use else ("available",)
    if volume.status not in allowed:
        raise InvalidVolume(
            f"Volume {volume.id} status must be {', '.join(allowed)}, but current status is: {volume.status}."
        )
