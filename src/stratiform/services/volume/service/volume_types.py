"""Volume types: what customers choose, price plans refer to, and each cloud maps to a native type."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stratiform.kit import outbox
from stratiform.kit.context import RequestContext
from stratiform.kit.database import IntegrityError
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.services.volume import policy, repository
from stratiform.services.volume.errors import (
    ExtraSpecNotFound,
    InvalidInput,
    VolumeTypeExists,
    VolumeTypeNotFound,
)
from stratiform.services.volume.model import VolumeType, check_metadata, check_name, select_visible_extra_specs

#: The types of a new installation; the first is the default.
_INITIAL_TYPES = (("standard", "General purpose."), ("fast", "Databases and other I/O-intensive workloads."))


@dataclass(frozen=True, slots=True)
class VolumeTypes:
    """Create, read, update and delete volume types and their extra specs."""

    ids: Ids

    def ensure_initial_types(self, ctx: RequestContext) -> None:
        """Create the initial types if they do not exist; keep existing ones."""
        policy.TYPE_CREATE.require(ctx.caller, None)
        for name, description in _INITIAL_TYPES:
            if repository.find_type(ctx.db, name) is None:
                is_default = repository.find_default_type(ctx.db) is None
                volume_type = VolumeType(self.ids.uuid(), name, description, True, is_default, {}, ctx.now)
                _insert(ctx, volume_type)

    def get(self, ctx: RequestContext, type_id: str) -> VolumeType:
        """Raises VolumeTypeNotFound, also for a private type without access."""
        policy.TYPE_GET.require(ctx.caller, None)
        return _accessible(ctx, repository.volume_types.find(ctx.db, type_id), type_id)

    def get_default(self, ctx: RequestContext) -> VolumeType:
        """Return the type of volumes that name none. Raises VolumeTypeNotFound if the operator removed it."""
        policy.TYPE_GET.require(ctx.caller, None)
        volume_type = repository.find_default_type(ctx.db, ctx.caller.project_id)
        if volume_type is None:
            raise VolumeTypeNotFound("default")
        return volume_type

    def get_usable(self, ctx: RequestContext, name_or_id: str) -> VolumeType:
        """Return the type for a new volume; "" is the default type. Raises VolumeTypeNotFound."""
        if not name_or_id:
            return _accessible(ctx, repository.find_default_type(ctx.db, ctx.caller.project_id), "default")
        return _accessible(ctx, repository.find_type(ctx.db, name_or_id), name_or_id)

    def list(self, ctx: RequestContext, is_public: bool | None = True) -> Sequence[VolumeType]:
        """List public types and those the project has access to; for operators `is_public` None means all types."""
        policy.TYPE_GET_ALL.require(ctx.caller, None)
        if ctx.caller.is_admin:
            return repository.list_types(ctx.db, None, is_public)
        return repository.list_types(ctx.db, ctx.caller.project_id or "", None)

    def list_names(self, ctx: RequestContext, type_ids: Collection[str]) -> dict[str, str]:
        """Return the names of types by id."""
        types = repository.volume_types.list_all(ctx.db)
        return {volume_type.id: volume_type.name for volume_type in types if volume_type.id in type_ids}

    def create(
        self,
        ctx: RequestContext,
        name: str,
        *,
        description: str | None = None,
        is_public: bool = True,
        extra_specs: dict[str, str] | None = None,
    ) -> VolumeType:
        """Raises VolumeTypeExists, InvalidInput."""
        policy.TYPE_CREATE.require(ctx.caller, None)
        name = _check_type_name(name)
        if repository.find_type(ctx.db, name) is not None:
            raise VolumeTypeExists(name)
        extra_specs = check_metadata(extra_specs or {})
        volume_type = VolumeType(self.ids.uuid(), name, description, is_public, False, extra_specs, ctx.now)
        try:
            return _insert(ctx, volume_type)
        except IntegrityError as error:
            raise VolumeTypeExists(name) from error

    def update(
        self, ctx: RequestContext, type_id: str, *, name: str | None, description: str | None, is_public: bool | None
    ) -> VolumeType:
        """Update the values that are not None. Raises VolumeTypeNotFound, VolumeTypeExists, Invalid without a value."""
        policy.TYPE_UPDATE.require(ctx.caller, None)
        volume_type = self.get(ctx, type_id)
        if name is None and description is None and is_public is None:
            raise Invalid("Specify volume type name, description, is_public or a combination thereof.")
        if name is not None:
            name = _check_type_name(name)
            other = repository.find_type(ctx.db, name)
            if other is not None and other.id != volume_type.id:
                raise VolumeTypeExists(name)
        values: dict[str, Any] = {"name": name, "description": description, "is_public": is_public}
        changes = {key: value for key, value in values.items() if value is not None}
        updated = replace(volume_type, updated_at=ctx.now, **changes)
        if updated.name != volume_type.name:
            outbox.append_name(ctx.db, "volume_type", updated.id, updated.name, ctx.now)
        return repository.volume_types.save(ctx.db, updated)

    def delete(self, ctx: RequestContext, type_id: str) -> None:
        """Raises VolumeTypeNotFound; Invalid for the default type and for a type in use."""
        policy.TYPE_DELETE.require(ctx.caller, None)
        volume_type = self.get(ctx, type_id)
        if volume_type.is_default:
            raise Invalid(f"The volume type {type_id} is the default volume type and cannot be deleted.")
        if repository.is_type_in_use(ctx.db, type_id):
            raise Invalid("Target volume type is still in use.")
        repository.delete_type(ctx.db, type_id)

    def list_extra_specs(self, ctx: RequestContext, type_id: str) -> dict[str, str]:
        """Return the extra specs that the caller may see."""
        policy.EXTRA_SPECS_GET.require(ctx.caller, None)
        return select_visible_extra_specs(self.get(ctx, type_id), is_admin=ctx.caller.is_admin)

    def get_extra_spec(self, ctx: RequestContext, type_id: str, key: str) -> str:
        """Raises VolumeTypeNotFound, ExtraSpecNotFound."""
        extra_specs = self.list_extra_specs(ctx, type_id)
        if key not in extra_specs:
            raise ExtraSpecNotFound(type_id, key)
        return extra_specs[key]

    def update_extra_specs(self, ctx: RequestContext, type_id: str, items: dict[str, str]) -> dict[str, str]:
        """Add or change extra specs. Return all of them afterwards."""
        policy.EXTRA_SPECS_CREATE.require(ctx.caller, None)
        volume_type = self.get(ctx, type_id)
        extra_specs = volume_type.extra_specs | check_metadata(items)
        updated = replace(volume_type, extra_specs=extra_specs, updated_at=ctx.now)
        return repository.volume_types.save(ctx.db, updated).extra_specs

    def delete_extra_spec(self, ctx: RequestContext, type_id: str, key: str) -> None:
        """Raises VolumeTypeNotFound, ExtraSpecNotFound."""
        policy.EXTRA_SPECS_DELETE.require(ctx.caller, None)
        volume_type = self.get(ctx, type_id)
        if key not in volume_type.extra_specs:
            raise ExtraSpecNotFound(type_id, key)
        remaining = {name: value for name, value in volume_type.extra_specs.items() if name != key}
        repository.volume_types.save(ctx.db, replace(volume_type, extra_specs=remaining, updated_at=ctx.now))


def _insert(ctx: RequestContext, volume_type: VolumeType) -> VolumeType:
    """Insert a new type, and report its name, to which prices may refer."""
    inserted = repository.volume_types.insert(ctx.db, volume_type)
    outbox.append_name(ctx.db, "volume_type", volume_type.id, volume_type.name, ctx.now)
    return inserted


def _accessible(ctx: RequestContext, volume_type: VolumeType | None, name_or_id: str) -> VolumeType:
    if volume_type is None:
        raise VolumeTypeNotFound(name_or_id)
    if not ctx.caller.is_admin and not repository.has_type_access(ctx.db, volume_type, ctx.caller.project_id):
        raise VolumeTypeNotFound(name_or_id)
    return volume_type


def _check_type_name(name: str) -> str:
    name = check_name(name, "Type name")
    if not name:
        raise InvalidInput("Volume type name can not be empty.")
    return name
