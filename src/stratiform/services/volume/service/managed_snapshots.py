"""Snapshots that exist in a cloud: start to manage them, and stop. Source: cinder/api/contrib/snapshot_manage.py."""

from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.services.volume import policy
from stratiform.services.volume.model import NewSnapshot, Snapshot
from stratiform.services.volume.model.managed_resources import NewManagedSnapshot, check_reference
from stratiform.services.volume.service.managed_volumes import require_adoption
from stratiform.services.volume.service.snapshots import Snapshots, get_snapshot
from stratiform.services.volume.service.volume_access import get_volume


@dataclass(frozen=True, slots=True)
class ManagedSnapshots:
    """Manage and unmanage snapshots."""

    snapshots: Snapshots

    def manage(self, ctx: RequestContext, new: NewManagedSnapshot) -> Snapshot:
        """Start to manage a snapshot of a volume, in status `creating`; the task checks the reference.

        Raises: VolumeNotFound, InvalidVolume, UnsupportedOperation, QuotaExceeded.
        """
        policy.SNAPSHOT_MANAGE.require(ctx.caller, None)
        volume = get_volume(ctx, policy.VOLUME_GET, new.volume_id)
        self._require_adoption(ctx, volume.cloud_id, "Manage existing snapshot not implemented.")
        check_reference("snapshot", new.reference)
        snapshot = NewSnapshot(new.volume_id, new.name, new.description, new.metadata, allow_in_use=True)
        return self.snapshots.create(ctx, snapshot, reference=new.reference)

    def unmanage(self, ctx: RequestContext, snapshot_id: str) -> None:
        """Start to release a snapshot, which stays in its cloud. Raises InvalidSnapshot, UnsupportedOperation."""
        snapshot = get_snapshot(ctx, policy.SNAPSHOT_UNMANAGE, snapshot_id)
        self._require_adoption(ctx, snapshot.cloud_id, "Unmanage snapshot not implemented.")
        self.snapshots.start_removal(ctx, snapshot, ("available", "error"), "unmanaging")

    def _require_adoption(self, ctx: RequestContext, cloud_id: str, reason: str) -> None:
        require_adoption(self.snapshots.clouds.accounts.get_by_id(ctx.db, cloud_id).kind, reason)
