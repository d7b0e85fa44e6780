"""Volumes: what a customer may ask of them. Each verb writes the wish; `tasks` carries it out."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from stratiform.contract import registry
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid, NotFound
from stratiform.kit.pagination import Page, Slice
from stratiform.kit.work import enqueue
from stratiform.services.clouds.errors import AvailabilityZoneNotFound
from stratiform.services.clouds.model import Binding, ResourceType
from stratiform.services.volume import events, repository
from stratiform.services.volume.errors import InvalidInput, InvalidVolume, MetadataNotFound, TypeNotFound
from stratiform.services.volume.model import (
    AT_REST,
    DELETABLE,
    STATUSES,
    NewVolume,
    Sort,
    Summary,
    Volume,
    VolumeFilter,
    VolumeType,
    checked_metadata,
    checked_name,
    checked_size,
)
from stratiform.services.volume.policy import policy
from stratiform.services.volume.service.parts import Parts, image_facts, seen

WORK = "volume.volume"


class Volumes(Parts):
    """The verbs on volumes."""

    __slots__ = ()

    def create(self, ctx: RequestContext, new: NewVolume) -> Volume:
        """A volume in status `creating`. Raises Invalid, NotFound (type, image, source), ProjectNotBound."""
        project_id = ctx.caller.project()
        policy.require(ctx.caller, "volume:create", project_id)
        self._refuse_copies(ctx, new)
        image = image_facts(self.images, ctx, new) if new.image_id else {}
        size = checked_size(new.size_gib)
        kind = self._type_for(ctx, new.type)
        place = self._place(ctx, project_id, new.zone)
        volume = Volume(
            id=self.ids.uuid(),
            project_id=project_id,
            user_id=ctx.caller.user_id,
            name=checked_name(new.name),
            description=new.description,
            size_gib=size,
            wanted_gib=size,
            status="creating",
            previous_status="",
            type_id=kind.id,
            zone=place.zone,
            native_zone=place.native_zone,
            cloud_id=place.cloud_id,
            cloud_name=place.cloud_name,
            native_id="",
            image_id=new.image_id,
            image_metadata=image,
            bootable=bool(new.image_id),
            read_only=None,
            metadata=checked_metadata(new.metadata),
            fault="",
            created_at=ctx.now,
            updated_at=ctx.now,
        )
        repository.volumes.insert(ctx.db, volume)
        enqueue(ctx.db, WORK, volume.id, ctx.now)
        return volume

    def volume(self, ctx: RequestContext, volume_id: str) -> Volume:
        """Raises VolumeNotFound, also to strangers."""
        return seen(ctx, volume_id, "volume:get")

    def volumes(
        self,
        ctx: RequestContext,
        wanted: VolumeFilter,
        page: Page,
        sorts: Sequence[Sort] = (),
        *,
        offset: int = 0,
        all_projects: bool = False,
    ) -> Slice[Volume]:
        """One page of the project's volumes, newest first unless sorted; everyone's for an operator who asks."""
        scoped = _scoped(ctx, wanted, all_projects)
        return repository.listed(ctx.db, scoped, page, sorts, offset)

    def count(self, ctx: RequestContext, wanted: VolumeFilter, *, all_projects: bool = False) -> int:
        """How many volumes the same list has on all its pages."""
        return repository.count(ctx.db, _scoped(ctx, wanted, all_projects))

    def summary(self, ctx: RequestContext, wanted: VolumeFilter, *, all_projects: bool = False) -> Summary:
        found = repository.everything(ctx.db, _scoped(ctx, wanted, all_projects))
        values: dict[str, set[str]] = {}
        for volume in found:
            for key, value in volume.metadata.items():
                values.setdefault(key, set()).add(value)
        metadata = {key: sorted(several) for key, several in sorted(values.items())}
        return Summary(len(found), sum(volume.size_gib for volume in found), metadata)

    def zones(self, ctx: RequestContext) -> list[str]:
        """The availability zones that the caller's project sees, the default one first."""
        policy.require(ctx.caller, "volume_extension:availability_zone_list", None)
        return list(self.clouds.bindings.list_zones(ctx.db, ctx.caller.project_id or ""))

    def used(self, ctx: RequestContext) -> tuple[int, int]:
        """How many volumes the caller's project has, and their GiB together."""
        policy.require(ctx.caller, "limits_extension:used_limits", ctx.caller.project_id)
        rows = repository.used(ctx.db, ctx.caller.project_id or "")
        return sum(number for _, number, _ in rows), sum(gib for _, _, gib in rows)

    def quota_use(self, ctx: RequestContext, project_id: str) -> tuple[dict[str, int], list[str]]:
        """What a project uses, by Cinder's names (`volumes`, `gigabytes_fast`), and the names of all types."""
        policy.require(ctx.caller, "volume_extension:quotas:show", project_id)
        names = {kind.id: kind.name for kind in repository.types.all(ctx.db)}
        use = {"volumes": 0, "gigabytes": 0}
        for type_id, number, gib in repository.used(ctx.db, project_id):
            use["volumes"] += number
            use["gigabytes"] += gib
            use |= {f"volumes_{names.get(type_id)}": number, f"gigabytes_{names.get(type_id)}": gib}
        return use, sorted(names.values())

    def require(self, ctx: RequestContext, rule: str) -> None:
        """For what this service has none of (snapshots, backups, pools): may the caller ask? Raises Forbidden."""
        policy.require(ctx.caller, rule, ctx.caller.project_id)

    def update(
        self,
        ctx: RequestContext,
        volume_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        metadata: dict[str, str] | None = None,
    ) -> Volume:
        """Change what is given; `metadata` replaces the old."""
        volume = seen(ctx, volume_id, "volume:update")
        changed: dict[str, Any] = {}
        if name is not None:
            changed["name"] = checked_name(name)
        if description is not None:
            changed["description"] = description
        if metadata is not None:
            changed["metadata"] = checked_metadata(metadata)
        return self._change(ctx, volume, **changed)

    def delete(self, ctx: RequestContext, volume_id: str, *, force: bool = False) -> None:
        """Ask for the end of a volume; its use ends now. Raises InvalidVolume where its status forbids it.

        `force` (operators) takes any status, but never a volume that is attached.
        """
        volume = seen(ctx, volume_id, "volume:force_delete" if force else "volume:delete")
        if volume.status == "deleting":
            enqueue(ctx.db, WORK, volume.id, ctx.now)
            return
        allowed = STATUSES - {"deleting"} if force else DELETABLE
        ended = volume.terminated_at or ctx.now
        new = {"status": "deleting", "previous_status": volume.status, "terminated_at": ended}
        attached = repository.attachments_of_volumes(ctx.db, [volume_id])
        if attached or not repository.move(ctx.db, volume, allowed, ctx.now, **new):
            raise InvalidVolume(
                f"Volume status must be {' or '.join(DELETABLE)} and must not be migrating, attached, "
                "belong to a group, have snapshots, awaiting a transfer, or be disassociated from "
                "snapshots after volume transfer."
            )
        enqueue(ctx.db, WORK, volume.id, ctx.now)

    def extend(self, ctx: RequestContext, volume_id: str, size_gib: int, *, attached_too: bool = False) -> None:
        """Ask for a larger disk. `attached_too`: also while it is in use (Cinder's microversion 3.42)."""
        volume = seen(ctx, volume_id, "volume:extend")
        if size_gib <= volume.size_gib:
            raise InvalidInput(
                "New size for extend must be greater than current size. "
                f"(current: {volume.size_gib}, extended: {size_gib})."
            )
        allowed = AT_REST if attached_too else ("available",)
        new = {"status": "extending", "previous_status": volume.status, "wanted_gib": size_gib}
        if not repository.move(ctx.db, volume, (volume.status,) if volume.status in allowed else (), ctx.now, **new):
            expected = "' or '".join(allowed)
            raise InvalidVolume(f"Volume {volume_id} status must be '{expected}' to extend, currently {volume.status}.")
        enqueue(ctx.db, WORK, volume.id, ctx.now)

    def retype(self, ctx: RequestContext, volume_id: str, new_type: str) -> None:
        """Give the volume another type, where the cloud makes both alike. Raises Invalid where it doesn't."""
        volume = seen(ctx, volume_id, "volume:retype")
        kind = self._type_for(ctx, new_type)
        if volume.status not in AT_REST:
            raise InvalidVolume(
                "Retype needs volume to be in available or in-use state, not be part of an active migration "
                "or a consistency group, requested type has to be different that the one from the volume, and "
                "for in-use volumes front-end qos specs cannot change."
            )
        if kind.id == volume.type_id:
            raise InvalidInput(f"New volume_type same as original: {kind.id}.")
        if self._native_type(ctx, volume, kind.id) != self._native_type(ctx, volume, volume.type_id):
            raise Invalid(
                f"Volume {volume_id} can not be retyped: type {kind.name} is another kind of disk in its cloud, "
                "and disks there keep their kind."
            )
        repository.volumes.change(ctx.db, volume.id, type_id=kind.id, updated_at=ctx.now)
        retyped = replace(volume, type_id=kind.id, updated_at=ctx.now)
        events.tell(ctx.db, self.ids, events.RETYPED, retyped, ctx.now)

    def reset_status(self, ctx: RequestContext, volume_id: str, status: str | None, *, detached: bool = False) -> None:
        """Write a status as an operator knows it to be. `detached` also forgets where the volume is attached."""
        volume = seen(ctx, volume_id, "volume_extension:volume_admin_actions:reset_status")
        if status is not None and status not in STATUSES:
            raise InvalidInput(f"Must specify a valid status, not '{status}'.")
        if detached:
            repository.attachments.delete(ctx.db, repository.attachments.table.c.volume_id == volume_id)
        if status is not None:
            ended = volume.terminated_at if status == "deleting" else None
            self._change(ctx, volume, status=status, terminated_at=ended)

    def set_bootable(self, ctx: RequestContext, volume_id: str, bootable: bool) -> None:
        volume = seen(ctx, volume_id, "volume_extension:volume_actions:set_bootable")
        self._change(ctx, volume, bootable=bootable)

    def set_read_only(self, ctx: RequestContext, volume_id: str, read_only: bool) -> None:
        """Raises InvalidVolume unless the volume is available."""
        volume = seen(ctx, volume_id, "volume:update_readonly_flag")
        if volume.status != "available":
            raise InvalidVolume(
                f"Volume {volume_id} status must be available to update readonly flag, but current status is: "
                f"{volume.status}."
            )
        self._change(ctx, volume, read_only=read_only)

    def set_image_metadata(self, ctx: RequestContext, volume_id: str, metadata: dict[str, str]) -> dict[str, str]:
        """Add to what the volume remembers of its image; all of it afterwards."""
        volume = seen(ctx, volume_id, "volume_extension:volume_image_metadata:set")
        together = volume.image_metadata | checked_metadata(metadata)
        return self._change(ctx, volume, image_metadata=together).image_metadata

    def delete_image_metadata(self, ctx: RequestContext, volume_id: str, key: str) -> None:
        """Raises VolumeNotFound, NotFound where there is no such key."""
        volume = seen(ctx, volume_id, "volume_extension:volume_image_metadata:remove")
        if key not in volume.image_metadata:
            raise NotFound(f"Metadata item was not found: {key}")
        left = {name: value for name, value in volume.image_metadata.items() if name != key}
        self._change(ctx, volume, image_metadata=left)

    def metadata(self, ctx: RequestContext, volume_id: str) -> dict[str, str]:
        return seen(ctx, volume_id, "volume:get_volume_metadata").metadata

    def metadata_value(self, ctx: RequestContext, volume_id: str, key: str) -> str:
        """Raises VolumeNotFound, MetadataNotFound."""
        metadata = self.metadata(ctx, volume_id)
        if key not in metadata:
            raise MetadataNotFound(volume_id, key)
        return metadata[key]

    def set_metadata(
        self, ctx: RequestContext, volume_id: str, metadata: dict[str, str], *, replace_all: bool = False
    ) -> dict[str, str]:
        """Add to the volume's metadata, or replace it; all of it afterwards."""
        rule = "volume:update_volume_metadata" if replace_all else "volume:create_volume_metadata"
        volume = seen(ctx, volume_id, rule)
        checked = checked_metadata(metadata)
        return self._change(ctx, volume, metadata=checked if replace_all else volume.metadata | checked).metadata

    def delete_metadata(self, ctx: RequestContext, volume_id: str, key: str) -> None:
        """Raises VolumeNotFound, MetadataNotFound."""
        volume = seen(ctx, volume_id, "volume:delete_volume_metadata")
        if key not in volume.metadata:
            raise MetadataNotFound(volume_id, key)
        self._change(ctx, volume, metadata={name: v for name, v in volume.metadata.items() if name != key})

    def _change(self, ctx: RequestContext, volume: Volume, **values: Any) -> Volume:
        changed = replace(volume, updated_at=ctx.now, **values)
        repository.volumes.change(ctx.db, volume.id, updated_at=ctx.now, **values)
        events.tell(ctx.db, self.ids, events.UPDATED, changed, ctx.now)
        return changed

    def _refuse_copies(self, ctx: RequestContext, new: NewVolume) -> None:
        if new.snapshot_id:
            raise NotFound(f"Snapshot {new.snapshot_id} could not be found.")
        if new.source_volume_id:
            seen(ctx, new.source_volume_id, "volume:get")
            raise Invalid("Volumes can be created empty or from an image; copying another volume is not supported.")

    def _type_for(self, ctx: RequestContext, name_or_id: str) -> VolumeType:
        found = repository.type_named(ctx.db, name_or_id) if name_or_id else repository.default_type(ctx.db)
        if found is None:
            raise TypeNotFound(name_or_id or "default")
        if not ctx.caller.is_admin and not repository.may_use_type(ctx.db, found, ctx.caller.project_id):
            raise TypeNotFound(name_or_id)
        return found

    def _native_type(self, ctx: RequestContext, volume: Volume, type_id: str) -> str | None:
        return self.clouds.native_resources.find_id(ctx.db, volume.cloud_id, ResourceType.VOLUME_TYPE, type_id)

    def _place(self, ctx: RequestContext, project_id: str, zone: str | None) -> Binding:
        try:
            place = self.clouds.bindings.resolve(ctx.db, project_id, zone or None)
        except AvailabilityZoneNotFound as error:
            raise InvalidInput(f"Availability zone '{zone}' is invalid.") from error
        if not registry.has_capability(self.clouds.accounts.get_by_id(ctx.db, place.cloud_id).kind, "volume"):
            raise Invalid(
                f"The cloud {place.cloud_name} has no block storage.", hint="use a zone of a cloud that has it"
            )
        return place


def _scoped(ctx: RequestContext, wanted: VolumeFilter, all_projects: bool) -> VolumeFilter:
    policy.require(ctx.caller, "volume:get_all", ctx.caller.project_id)
    if all_projects and ctx.caller.is_admin:
        return wanted
    return replace(wanted, project_id=ctx.caller.project())
