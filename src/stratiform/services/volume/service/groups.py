"""Groups of volumes. Source: cinder/api/v3/groups.py and cinder/group/api.py."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from stratiform.contract import registry
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.services.clouds.service import CloudsService
from stratiform.services.volume import events, policy
from stratiform.services.volume import repository as volume_repository
from stratiform.services.volume.errors import InvalidGroup, InvalidInput, InvalidVolume
from stratiform.services.volume.model import NewVolume, Volume, check_name
from stratiform.services.volume.model.groups import GROUP_STATUSES, Group, GroupChanges, NewGroup
from stratiform.services.volume.model.type_properties import GroupType
from stratiform.services.volume.repository import groups as repository
from stratiform.services.volume.service.group_access import get_group, get_group_snapshot
from stratiform.services.volume.service.group_types import GroupTypes
from stratiform.services.volume.service.quota_sets import QuotaSets
from stratiform.services.volume.service.volume_access import get_volume
from stratiform.services.volume.service.volume_types import VolumeTypes
from stratiform.services.volume.service.volumes import Volumes


@dataclass(frozen=True, slots=True)
class Groups:
    """Create, read, update and delete groups. A group is available at once, because clouds do not know it."""

    ids: Ids
    clouds: CloudsService
    volumes: Volumes
    volume_types: VolumeTypes
    group_types: GroupTypes
    quota_sets: QuotaSets

    def create(self, ctx: RequestContext, new: NewGroup, *, source_group_id: str = "", snapshot_id: str = "") -> Group:
        """Create an empty group. The last two arguments are what its volumes will be created from.

        Raises: GroupTypeNotFound, VolumeTypeNotFound, InvalidInput, QuotaExceeded.
        """
        project_id = ctx.caller.require_project_id()
        policy.GROUP_CREATE.require(ctx.caller, project_id)
        group_type = self.group_types.get_usable(ctx, new.group_type)
        type_ids = [self.volume_types.get_usable(ctx, name).id for name in new.volume_types]
        if not type_ids:
            raise InvalidInput("volume_types must be provided to create group.")
        binding = self.volumes.resolve_binding(ctx, project_id, new.availability_zone)
        self._require_consistency(ctx, group_type, binding.cloud_id)
        self.quota_sets.reserve(ctx.db, project_id, {"groups": 1})
        group = Group(
            id=self.ids.uuid(),
            project_id=project_id,
            user_id=ctx.caller.user_id,
            name=check_name(new.name),
            description=new.description,
            status="available",
            group_type_id=group_type.id,
            type_ids=list(dict.fromkeys(type_ids)),
            zone=binding.zone,
            cloud_id=binding.cloud_id,
            cloud_name=binding.cloud_name,
            group_snapshot_id=snapshot_id,
            source_group_id=source_group_id,
            created_at=ctx.now,
            updated_at=ctx.now,
        )
        repository.groups.insert(ctx.db, group)
        events.append_group_event(ctx.db, self.ids, events.GROUP_CREATED, group, ctx.now)
        return group

    def create_from_source(
        self,
        ctx: RequestContext,
        name: str,
        description: str | None,
        *,
        snapshot_id: str = "",
        source_group_id: str = "",
    ) -> Group:
        """Create a group with copies of the volumes of a group snapshot, or of another group.

        Raises: GroupNotFound, GroupSnapshotNotFound, InvalidInput unless exactly one source is named, InvalidGroup.
        """
        if bool(snapshot_id) == bool(source_group_id):
            raise InvalidInput("Either 'group_snapshot_id' or 'source_group_id' must be provided to create a group.")
        if snapshot_id:
            source, copies = self._list_snapshots_to_copy(ctx, snapshot_id)
        else:
            source = get_group(ctx, policy.GROUP_GET, source_group_id)
            copies = [_copy_volume(volume) for volume in repository.list_members(ctx.db, source.id)]
        if not copies:
            raise InvalidGroup("The source has no volumes.")
        new = NewGroup(source.group_type_id, tuple(source.type_ids), name, description, source.zone)
        group = self.create(ctx, new, source_group_id=source_group_id, snapshot_id=snapshot_id)
        for copy in copies:
            self.volumes.create(ctx, replace(copy, group_id=group.id, availability_zone=group.zone))
        return group

    def _list_snapshots_to_copy(self, ctx: RequestContext, snapshot_id: str) -> tuple[Group, list[NewVolume]]:
        """Return the group of a group snapshot, and the volumes to create from it."""
        group_snapshot = get_group_snapshot(ctx, policy.GROUP_GET, snapshot_id)
        source = repository.groups.find(ctx.db, group_snapshot.group_id)
        assert source is not None, "rows of groups are never deleted"
        copies = []
        for snapshot in repository.list_snapshots(ctx.db, snapshot_id):
            volume = volume_repository.volumes.find(ctx.db, snapshot.volume_id)
            name = "" if volume is None else volume.name
            copies.append(NewVolume(None, name=name, snapshot_id=snapshot.id, volume_type=snapshot.type_id))
        return source, copies

    def get(self, ctx: RequestContext, group_id: str) -> Group:
        """Raises GroupNotFound, also for another project's group."""
        return get_group(ctx, policy.GROUP_GET, group_id)

    def list(self, ctx: RequestContext, *, all_projects: bool = False) -> Sequence[Group]:
        """List the project's groups; `all_projects` has an effect for operators only."""
        policy.GROUP_GET_ALL.require(ctx.caller, ctx.caller.project_id)
        unscoped = all_projects and ctx.caller.is_admin
        return repository.list_groups(ctx.db, None if unscoped else ctx.caller.require_project_id())

    def list_members(self, ctx: RequestContext, group: Group) -> Sequence[Volume]:
        return repository.list_members(ctx.db, group.id)

    def update(self, ctx: RequestContext, group_id: str, changes: GroupChanges) -> Group:
        """Change the name, the description or the volumes. Raises GroupNotFound, InvalidVolume, InvalidGroup."""
        group = get_group(ctx, policy.GROUP_UPDATE, group_id)
        if group.status != "available":
            raise InvalidGroup(f"Cannot update group {group_id}, status must be available, is {group.status}.")
        for volume_id in changes.removed_volumes:
            volume = self._get_member_volume(ctx, group, volume_id)
            if volume.group_id != group.id:
                raise InvalidVolume(f"Cannot remove volume {volume_id} from group {group_id}: it is not in the group.")
            volume_repository.volumes.update(ctx.db, volume_id, group_id="")
        for volume_id in changes.added_volumes:
            self._add_volume(ctx, group, volume_id)
        values: dict[str, Any] = {"updated_at": ctx.now}
        if changes.name is not None:
            values["name"] = check_name(changes.name)
        if changes.description is not None:
            values["description"] = changes.description
        updated = repository.groups.save(ctx.db, replace(group, **values))
        events.append_group_event(ctx.db, self.ids, events.GROUP_UPDATED, updated, ctx.now)
        return updated

    def delete(self, ctx: RequestContext, group_id: str, *, delete_volumes: bool = False) -> None:
        """Delete a group. `delete_volumes`: also its volumes. Raises GroupNotFound, InvalidGroup, InvalidVolume."""
        group = get_group(ctx, policy.GROUP_DELETE, group_id)
        members = repository.list_members(ctx.db, group_id)
        if members and not delete_volumes:
            raise InvalidGroup(
                f"Group {group_id} still contains volumes. The delete-volumes flag is required to delete it."
            )
        if repository.list_group_snapshots(ctx.db, None, group_id):
            raise InvalidGroup(f"Cannot delete group {group_id}: it has dependent group snapshots.")
        for volume in members:
            volume_repository.volumes.update(ctx.db, volume.id, group_id="")
            self.volumes.delete(ctx, volume.id)
        deleted = replace(group, status="deleted", updated_at=ctx.now, deleted_at=ctx.now)
        repository.groups.save(ctx.db, deleted)
        events.append_group_event(ctx.db, self.ids, events.GROUP_DELETED, deleted, ctx.now)

    def reset_status(self, ctx: RequestContext, group_id: str, status: str) -> None:
        """Overwrite the status. Raises GroupNotFound, InvalidInput."""
        get_group(ctx, policy.GROUP_RESET_STATUS, group_id)
        if status not in GROUP_STATUSES:
            raise InvalidInput(f"Must specify a valid status, not '{status}'.")
        repository.groups.update(ctx.db, group_id, status=status, updated_at=ctx.now)

    def _add_volume(self, ctx: RequestContext, group: Group, volume_id: str) -> None:
        volume = self._get_member_volume(ctx, group, volume_id)
        prefix = f"Cannot add volume {volume_id} to group {group.id}"
        if volume.group_id:
            raise InvalidVolume(f"{prefix} because it is already in group {volume.group_id}.")
        if volume.type_id not in group.type_ids:
            raise InvalidVolume(f"{prefix} because volume type {volume.type_id} is not supported by the group.")
        if volume.cloud_id != group.cloud_id:
            raise InvalidVolume(f"{prefix} as they belong to different hosts.")
        if volume.status not in ("available", "in-use"):
            raise InvalidVolume(f"{prefix} because volume is in an invalid state: {volume.status}.")
        volume_repository.volumes.update(ctx.db, volume_id, group_id=group.id)

    def _get_member_volume(self, ctx: RequestContext, group: Group, volume_id: str) -> Volume:
        volume = get_volume(ctx, policy.VOLUME_UPDATE, volume_id)
        if volume.project_id != group.project_id:
            raise InvalidVolume(f"Volume {volume_id} belongs to another project than group {group.id}.")
        return volume

    def _require_consistency(self, ctx: RequestContext, group_type: GroupType, cloud_id: str) -> None:
        """Raises Invalid if the type demands snapshots of one instant, and the cloud cannot take them."""
        cloud = self.clouds.accounts.get_by_id(ctx.db, cloud_id)
        if group_type.is_consistent and not registry.has_consistent_snapshots(cloud.kind):
            raise Invalid(f"Cloud {cloud.name} cannot take snapshots of several volumes at one instant.")


def _copy_volume(volume: Volume) -> NewVolume:
    return NewVolume(None, name=volume.name, source_volume_id=volume.id, volume_type=volume.type_id)
