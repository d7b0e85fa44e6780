"""Volume types: what a customer chooses, what a price plan names, and what each cloud maps to a kind of its own."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.db import IntegrityError
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.services.volume import repository
from stratiform.services.volume.errors import ExtraSpecNotFound, InvalidInput, TypeExists, TypeNotFound
from stratiform.services.volume.model import TypeAccess, VolumeType, checked_metadata, checked_name, visible_specs
from stratiform.services.volume.policy import policy
from stratiform.services.volume.service.parts import Parts

#: What a new installation offers; the first is what a volume gets that names no type.
_FIRST_TYPES = (("standard", "For most volumes."), ("fast", "For databases and the like."))


class Types(Parts):
    """The verbs on volume types."""

    __slots__ = ()

    def ensure_types(self, ctx: RequestContext) -> list[VolumeType]:
        """Make the types `standard` (the default) and `fast` where they aren't there; keeps what is."""
        policy.require(ctx.caller, "volume_extension:type_create", None)
        made = []
        for name, description in _FIRST_TYPES:
            found = repository.type_named(ctx.db, name)
            first = repository.default_type(ctx.db) is None
            new = VolumeType(self.ids.uuid(), name, description, True, first, {}, ctx.now)
            made.append(found or repository.types.insert(ctx.db, new))
        return made

    def type(self, ctx: RequestContext, type_id: str) -> VolumeType:
        """By id. Raises TypeNotFound, also for a private one that the project wasn't given."""
        policy.require(ctx.caller, "volume_extension:type_get", None)
        return self._visible(ctx, repository.types.get(ctx.db, type_id), type_id)

    def default_type(self, ctx: RequestContext) -> VolumeType:
        """What a volume gets that names no type. Raises TypeNotFound where the operator removed it."""
        policy.require(ctx.caller, "volume_extension:type_get", None)
        found = repository.default_type(ctx.db)
        if found is None:
            raise TypeNotFound("default")
        return found

    def types(self, ctx: RequestContext, is_public: bool | None = True) -> list[VolumeType]:
        """Public ones and those the project was given; an operator may ask for private ones (False) or all (None)."""
        policy.require(ctx.caller, "volume_extension:type_get_all", None)
        if ctx.caller.is_admin:
            return repository.types_for(ctx.db, None, is_public)
        return repository.types_for(ctx.db, ctx.caller.project_id or "", None)

    def type_names(self, ctx: RequestContext, type_ids: Collection[str]) -> dict[str, str]:
        """Names by id, for volumes that are shown."""
        return {kind.id: kind.name for kind in repository.types.all(ctx.db) if kind.id in type_ids}

    def create_type(
        self,
        ctx: RequestContext,
        name: str,
        *,
        description: str | None = None,
        is_public: bool = True,
        extra_specs: dict[str, str] | None = None,
    ) -> VolumeType:
        """Raises TypeExists, InvalidInput."""
        policy.require(ctx.caller, "volume_extension:type_create", None)
        name = _type_name(name)
        if repository.type_named(ctx.db, name) is not None:
            raise TypeExists(name)
        specs = checked_metadata(extra_specs or {})
        new = VolumeType(self.ids.uuid(), name, description, is_public, False, specs, ctx.now)
        try:
            return repository.types.insert(ctx.db, new)
        except IntegrityError as error:
            raise TypeExists(name) from error

    def update_type(
        self, ctx: RequestContext, type_id: str, *, name: str | None, description: str | None, is_public: bool | None
    ) -> VolumeType:
        """Change what is given. Raises TypeNotFound, TypeExists, Invalid where nothing is given."""
        policy.require(ctx.caller, "volume_extension:type_update", None)
        old = self.type(ctx, type_id)
        if name is None and description is None and is_public is None:
            raise Invalid("Specify volume type name, description, is_public or a combination thereof.")
        changed: dict[str, Any] = {"description": description, "is_public": is_public}
        if name is not None:
            changed["name"] = _type_name(name)
            other = repository.type_named(ctx.db, changed["name"])
            if other is not None and other.id != old.id:
                raise TypeExists(name)
        given = {key: value for key, value in changed.items() if value is not None}
        return repository.types.save(ctx.db, replace(old, updated_at=ctx.now, **given))

    def delete_type(self, ctx: RequestContext, type_id: str) -> None:
        """Raises TypeNotFound, Invalid while volumes have it or where it is the default."""
        policy.require(ctx.caller, "volume_extension:type_delete", None)
        kind = self.type(ctx, type_id)
        if kind.is_default:
            raise Invalid(f"The volume type {type_id} is the default volume type and cannot be deleted.")
        if repository.type_in_use(ctx.db, type_id):
            raise Invalid("Target volume type is still in use.")
        repository.accesses.delete(ctx.db, repository.accesses.key == type_id)
        repository.types.delete(ctx.db, repository.types.key == type_id)

    def extra_specs(self, ctx: RequestContext, type_id: str) -> dict[str, str]:
        """Those that the caller may see."""
        policy.require(ctx.caller, "volume_extension:types_extra_specs:index", None)
        return visible_specs(self.type(ctx, type_id), operator=ctx.caller.is_admin)

    def extra_spec(self, ctx: RequestContext, type_id: str, key: str) -> str:
        """Raises TypeNotFound, ExtraSpecNotFound."""
        specs = self.extra_specs(ctx, type_id)
        if key not in specs:
            raise ExtraSpecNotFound(type_id, key)
        return specs[key]

    def set_extra_specs(self, ctx: RequestContext, type_id: str, specs: dict[str, str]) -> dict[str, str]:
        """Add or change some; all of them afterwards."""
        policy.require(ctx.caller, "volume_extension:types_extra_specs:create", None)
        old = self.type(ctx, type_id)
        together = old.extra_specs | checked_metadata(specs)
        return repository.types.save(ctx.db, replace(old, extra_specs=together, updated_at=ctx.now)).extra_specs

    def delete_extra_spec(self, ctx: RequestContext, type_id: str, key: str) -> None:
        """Raises TypeNotFound, ExtraSpecNotFound."""
        policy.require(ctx.caller, "volume_extension:types_extra_specs:delete", None)
        old = self.type(ctx, type_id)
        if key not in old.extra_specs:
            raise ExtraSpecNotFound(type_id, key)
        left = {name: value for name, value in old.extra_specs.items() if name != key}
        repository.types.save(ctx.db, replace(old, extra_specs=left, updated_at=ctx.now))

    def type_access(self, ctx: RequestContext, type_id: str) -> list[TypeAccess]:
        """Who was given a private type. Raises NotFound for a public one, as Cinder."""
        policy.require(ctx.caller, "volume_extension:volume_type_access:get_all_for_type", None)
        if self.type(ctx, type_id).is_public:
            raise NotFound("Access list not available for public volume types.")
        return repository.accesses.all(ctx.db, repository.accesses.key == type_id)

    def give_type(self, ctx: RequestContext, type_id: str, project_id: str) -> None:
        """Raises TypeNotFound, Conflict where the type is public or the project has it."""
        policy.require(ctx.caller, "volume_extension:volume_type_access:addProjectAccess", None)
        kind = self.type(ctx, type_id)
        if kind.is_public:
            raise Conflict("Type access modification is not applicable to public volume type.")
        if repository.may_use_type(ctx.db, kind, project_id):
            raise Conflict(f"Volume type access for {type_id} / {project_id} combination already exists.")
        repository.accesses.insert(ctx.db, TypeAccess(type_id, project_id))

    def take_type(self, ctx: RequestContext, type_id: str, project_id: str) -> None:
        """Raises TypeNotFound, NotFound where the project doesn't have it, Conflict where the type is public."""
        policy.require(ctx.caller, "volume_extension:volume_type_access:removeProjectAccess", None)
        if self.type(ctx, type_id).is_public:
            raise Conflict("Type access modification is not applicable to public volume type.")
        if not repository.take_access(ctx.db, type_id, project_id):
            raise NotFound(f"Volume type access not found for {type_id} / {project_id} combination.")

    def _visible(self, ctx: RequestContext, kind: VolumeType | None, asked: str) -> VolumeType:
        if kind is None:
            raise TypeNotFound(asked)
        if not ctx.caller.is_admin and not repository.may_use_type(ctx.db, kind, ctx.caller.project_id):
            raise TypeNotFound(asked)
        return kind


def _type_name(name: str) -> str:
    checked = checked_name(name, "Type name")
    if not checked:
        raise InvalidInput("Volume type name can not be empty.")
    return checked
