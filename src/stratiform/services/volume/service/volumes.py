"""Volumes. A change writes the desired state and enqueues the reconcile; `tasks` applies it to the cloud."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from stratiform.contract import registry
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Page, Slice
from stratiform.kit.work_queue import enqueue
from stratiform.services.clouds.errors import AvailabilityZoneNotFound
from stratiform.services.clouds.model import Binding
from stratiform.services.clouds.service import CloudsService
from stratiform.services.image.service import ImageService
from stratiform.services.volume import policy, repository
from stratiform.services.volume.errors import InvalidInput, InvalidVolume
from stratiform.services.volume.model import (
    DELETABLE_COPY_STATUSES,
    DELETABLE_STATUSES,
    MANAGEMENT_STATUSES,
    REIMAGING,
    STATUSES,
    NewVolume,
    Sort,
    Volume,
    VolumeFilter,
    VolumeSummary,
    check_metadata,
    check_name,
    check_size,
)
from stratiform.services.volume.repository import type_properties
from stratiform.services.volume.repository.snapshots import list_of_volume
from stratiform.services.volume.repository.snapshots import snapshots as snapshot_rows
from stratiform.services.volume.repository.snapshots import update_in_status as update_copy_in_status
from stratiform.services.volume.service.group_access import check_new_member
from stratiform.services.volume.service.image_metadata import describe_image, get_image_for_volume
from stratiform.services.volume.service.quota_sets import QuotaSets
from stratiform.services.volume.service.volume_access import get_volume, update_volume
from stratiform.services.volume.service.volume_sources import VolumeSources, check_source_size, find_image_id
from stratiform.services.volume.service.volume_types import VolumeTypes

#: The kind of work that reconciles one volume; its key is the volume's id.
RECONCILE = "volume.volume"


@dataclass(frozen=True, slots=True)
class Volumes:
    """Create, read, update and delete volumes."""

    ids: Ids
    clouds: CloudsService
    images: ImageService
    volume_types: VolumeTypes
    volume_sources: VolumeSources
    quota_sets: QuotaSets

    def create(self, ctx: RequestContext, new: NewVolume) -> Volume:
        """Create a volume in status `creating`.

        Raises Invalid, NotFound (image, snapshot, source volume), TypeNotFound, ProjectNotBound, QuotaExceeded.
        """
        project_id = ctx.caller.require_project_id()
        policy.VOLUME_CREATE.require(ctx.caller, project_id)
        if new.image_id:
            new = replace(new, image_id=find_image_id(self.images, ctx, new.image_id))
        source = self.volume_sources.get(ctx, new)
        image_metadata = (
            self._image_metadata(ctx, new.image_id, new.size_gib) if new.image_id else source.image_metadata
        )
        size_gib = check_size(source.size_gib if new.size_gib is None and source.kind else new.size_gib)
        check_source_size(source, size_gib)
        volume_type = self.volume_types.get_usable(ctx, new.volume_type or source.type_id)
        zone = new.availability_zone or source.zone or None
        binding = self.resolve_binding(ctx, project_id, zone, source.cloud_id or new.cloud_id)
        source.check_cloud(binding)
        encrypted = type_properties.encryptions.find(ctx.db, volume_type.id) is not None
        if volume_type.is_multiattach:
            self._check_multiattach(ctx, project_id, binding, encrypted=encrypted)
        if new.group_id:
            check_new_member(ctx, policy.GROUP_GET, new.group_id, volume_type, binding.cloud_id)
        self.quota_sets.reserve_volume(ctx.db, project_id, volume_type.name, size_gib)
        volume = Volume(
            id=self.ids.uuid(),
            project_id=project_id,
            user_id=ctx.caller.user_id,
            name=check_name(new.name),
            description=new.description,
            size_gib=size_gib,
            wanted_gib=size_gib,
            status="creating",
            previous_status="",
            type_id=volume_type.id,
            zone=binding.zone,
            native_zone=binding.native_zone,
            cloud_id=binding.cloud_id,
            cloud_name=binding.cloud_name,
            native_id="",
            image_id=new.image_id or source.image_id,
            image_metadata=image_metadata,
            bootable=bool(new.image_id) or source.bootable,
            read_only=None,
            metadata=check_metadata(new.metadata),
            fault="",
            snapshot_id=new.snapshot_id,
            source_volume_id=new.source_volume_id,
            backup_id=new.backup_id,
            group_id=new.group_id,
            target_id="",
            encrypted=encrypted,
            multiattach=volume_type.is_multiattach,
            created_at=ctx.now,
            updated_at=ctx.now,
        )
        repository.volumes.insert(ctx.db, volume)
        enqueue(ctx.db, RECONCILE, volume.id, ctx.now)
        return volume

    def get(self, ctx: RequestContext, volume_id: str) -> Volume:
        """Raises VolumeNotFound, also for another project's volume."""
        return get_volume(ctx, policy.VOLUME_GET, volume_id)

    def list_existing_ids(self, db: Connection, ids: Sequence[str]) -> Collection[str]:
        """Return those of `ids` that belong to a volume, also a deleted one, without a policy check."""
        return repository.get_volumes(db, ids)

    def list(
        self,
        ctx: RequestContext,
        filters: VolumeFilter,
        page: Page,
        sort: Sequence[Sort] = (),
        *,
        offset: int = 0,
        all_projects: bool = False,
    ) -> Slice[Volume]:
        """List the project's volumes, newest first by default; `all_projects` has an effect for operators only."""
        return repository.list_volumes(ctx.db, _in_scope(ctx, filters, all_projects), page, sort, offset)

    def count(self, ctx: RequestContext, filters: VolumeFilter, *, all_projects: bool = False) -> int:
        """Count the volumes on all pages of the same list."""
        return repository.count_volumes(ctx.db, _in_scope(ctx, filters, all_projects))

    def summarize(self, ctx: RequestContext, filters: VolumeFilter, *, all_projects: bool = False) -> VolumeSummary:
        """Return the number of volumes, their total size, and every value of their metadata by key."""
        volumes = repository.list_all_volumes(ctx.db, _in_scope(ctx, filters, all_projects))
        values: dict[str, set[str]] = {}
        for volume in volumes:
            for key, value in volume.metadata.items():
                values.setdefault(key, set()).add(value)
        metadata = {key: sorted(unique) for key, unique in sorted(values.items())}
        return VolumeSummary(len(volumes), sum(volume.size_gib for volume in volumes), metadata)

    def list_availability_zones(self, ctx: RequestContext) -> Sequence[str]:
        """List the availability zones of the caller's project, the default first."""
        policy.AVAILABILITY_ZONE_LIST.require(ctx.caller, None)
        return self.clouds.bindings.list_zones(ctx.db, ctx.caller.project_id or "")

    def update(
        self,
        ctx: RequestContext,
        volume_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        metadata: dict[str, str] | None = None,
    ) -> Volume:
        """Update the values that are not None; `metadata` replaces all items."""
        volume = get_volume(ctx, policy.VOLUME_UPDATE, volume_id)
        changes: dict[str, object] = {}
        if name is not None:
            changes["name"] = check_name(name)
        if description is not None:
            changes["description"] = description
        if metadata is not None:
            changes["metadata"] = check_metadata(metadata)
        return update_volume(ctx, self.ids, volume, **changes)

    def delete(self, ctx: RequestContext, volume_id: str, *, force: bool = False, cascade: bool = False) -> None:
        """Start to delete a volume; its usage ends now.

        `force` (operators) accepts any status, but no attached volume. `cascade`: also delete its snapshots.
        Raises InvalidVolume for a wrong status, and for a volume with snapshots.
        """
        rule = policy.VOLUME_FORCE_DELETE if force else policy.VOLUME_DELETE
        volume = get_volume(ctx, rule, volume_id)
        if volume.status in ("deleting", "error_managing_deleting"):
            enqueue(ctx.db, RECONCILE, volume.id, ctx.now)
            return
        all_statuses = STATUSES | MANAGEMENT_STATUSES | {REIMAGING}
        statuses = all_statuses - {"deleting"} if force else DELETABLE_STATUSES
        if cascade:
            self._delete_snapshots(ctx, volume)
        start_removal(ctx, volume, statuses, "deleting", cascade=cascade)

    def _delete_snapshots(self, ctx: RequestContext, volume: Volume) -> None:
        """Start to delete all snapshots of a volume. Raises InvalidVolume if one of them cannot be deleted."""
        for snapshot in list_of_volume(snapshot_rows, ctx.db, volume.id):
            if snapshot.group_snapshot_id or not update_copy_in_status(
                snapshot_rows, ctx.db, snapshot, (*DELETABLE_COPY_STATUSES, "deleting"), ctx.now, status="deleting"
            ):
                raise InvalidVolume(f"Snapshot {snapshot.id} was found in state {snapshot.status}.")
            enqueue(ctx.db, "volume.snapshot", snapshot.id, ctx.now)

    def record_image(self, ctx: RequestContext, volume_id: str, image_id: str) -> Volume:
        """Record that an image is written to a volume. Raises VolumeNotFound, NotFound, Invalid."""
        volume = get_volume(ctx, policy.VOLUME_REIMAGE, volume_id)
        metadata = self._image_metadata(ctx, image_id, volume.size_gib)
        return update_volume(ctx, self.ids, volume, image_id=image_id, image_metadata=metadata, bootable=True)

    def _image_metadata(self, ctx: RequestContext, image_id: str, size_gib: int | None) -> dict[str, str]:
        """Raises: as `get_image_for_volume`."""
        return describe_image(get_image_for_volume(self.images, ctx, image_id, size_gib))

    def _check_multiattach(self, ctx: RequestContext, project_id: str, binding: Binding, *, encrypted: bool) -> None:
        """Raises Forbidden, InvalidVolume for an encrypted type, Invalid if the cloud lacks multiattach."""
        if encrypted:
            raise InvalidVolume("Multiattach cannot be used with encrypted volumes.")
        policy.VOLUME_MULTIATTACH.require(ctx.caller, project_id)
        require_multiattach(ctx, self.clouds, binding.cloud_id)

    def resolve_binding(
        self, ctx: RequestContext, project_id: str, availability_zone: str | None, cloud_id: str = ""
    ) -> Binding:
        """Return the cloud that serves the project in this zone: `cloud_id`, or the oldest one with block storage.

        Raises InvalidInput, Invalid.
        """
        try:
            bindings = self.clouds.bindings.list_in_zone(ctx.db, project_id, availability_zone)
        except AvailabilityZoneNotFound as error:
            raise InvalidInput(f"Availability zone '{availability_zone}' is invalid.") from error
        oldest = bindings[0]
        eligible = [binding for binding in bindings if binding.zone == oldest.zone and self._has_volumes(ctx, binding)]
        chosen = next((binding for binding in bindings if binding.cloud_id == cloud_id), None)
        if chosen is None and not eligible:
            raise Invalid(
                f"Cloud {oldest.cloud_name} does not support block storage.",
                hint="use an availability zone of a cloud that supports it",
            )
        return chosen or eligible[0]

    def _has_volumes(self, ctx: RequestContext, binding: Binding) -> bool:
        return registry.has_capability(self.clouds.accounts.get_by_id(ctx.db, binding.cloud_id).kind, "volume")


def require_multiattach(ctx: RequestContext, clouds: CloudsService, cloud_id: str) -> None:
    """Raises Invalid if the cloud cannot attach a volume to several servers."""
    cloud = clouds.accounts.get_by_id(ctx.db, cloud_id)
    if not registry.has_multiattach(cloud.kind):
        raise Invalid(f"Cloud {cloud.name} cannot attach a volume to several servers (multiattach).")


def start_removal(
    ctx: RequestContext, volume: Volume, statuses: Collection[str], status: str, *, cascade: bool = False
) -> None:
    """Start to delete or release a volume that is in one of `statuses`; its usage ends now.

    One that failed to become managed is never deleted in its cloud. Raises InvalidVolume.
    """
    values = {
        "status": "error_managing_deleting" if volume.status in ("error_managing", "managing") else status,
        "previous_status": volume.status,
        "terminated_at": volume.terminated_at or ctx.now,
    }
    is_attached = bool(repository.list_attachments_of_volumes(ctx.db, [volume.id]))
    is_needed = not cascade and bool(list_of_volume(snapshot_rows, ctx.db, volume.id))
    allowed = (volume.status,) if volume.status in statuses else ()
    if (
        is_attached
        or is_needed
        or volume.group_id
        or not repository.update_in_status(ctx.db, volume, allowed, ctx.now, **values)
    ):
        raise InvalidVolume(
            f"Volume status must be {' or '.join(DELETABLE_STATUSES)} and must not be migrating, attached, "
            "belong to a group, have snapshots, awaiting a transfer, or be disassociated from "
            "snapshots after volume transfer."
        )
    enqueue(ctx.db, RECONCILE, volume.id, ctx.now)


def _in_scope(ctx: RequestContext, filters: VolumeFilter, all_projects: bool) -> VolumeFilter:
    policy.VOLUME_GET_ALL.require(ctx.caller, ctx.caller.project_id)
    if all_projects and ctx.caller.is_admin:
        return filters
    return replace(filters, project_id=ctx.caller.require_project_id())
