"""Group types and their specs. Source: cinder/api/v3/group_types.py and group_specs.py."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.database import IntegrityError
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.kit.ids import Ids
from stratiform.services.volume import policy
from stratiform.services.volume.errors import GroupSpecNotFound, GroupTypeNotFound, InvalidInput
from stratiform.services.volume.model import check_metadata, check_name
from stratiform.services.volume.model.type_properties import GroupType
from stratiform.services.volume.repository import groups, type_properties


@dataclass(frozen=True, slots=True)
class GroupTypes:
    """Create, read, update and delete group types and their specs."""

    ids: Ids

    def create(
        self, ctx: RequestContext, name: str, description: str | None, *, is_public: bool, group_specs: dict[str, str]
    ) -> GroupType:
        """Raises InvalidInput, Conflict if another one has the name."""
        policy.GROUP_TYPE_MANAGE.require(ctx.caller, None)
        specs = check_metadata(group_specs)
        group_type = GroupType(self.ids.uuid(), _check_name(name), description, is_public, ctx.now, specs)
        try:
            return type_properties.group_types.insert(ctx.db, group_type)
        except IntegrityError as error:
            raise Conflict(f"Group Type {name} already exists.") from error

    def list(self, ctx: RequestContext, is_public: bool | None = True) -> Sequence[GroupType]:
        """List public types; for operators `is_public` None means all types."""
        policy.GROUP_TYPE_GET.require(ctx.caller, None)
        types = type_properties.group_types.list_all(ctx.db)
        visible = is_public if ctx.caller.is_admin else True
        return [group_type for group_type in types if visible in (None, group_type.is_public)]

    def get(self, ctx: RequestContext, type_id: str) -> GroupType:
        """Raises GroupTypeNotFound, also for a private type unless the caller is an operator."""
        policy.GROUP_TYPE_GET.require(ctx.caller, None)
        group_type = type_properties.group_types.find(ctx.db, type_id)
        if group_type is None or not (group_type.is_public or ctx.caller.is_admin):
            raise GroupTypeNotFound(type_id)
        return group_type

    def get_usable(self, ctx: RequestContext, name_or_id: str) -> GroupType:
        """Return the type of a new group. Raises GroupTypeNotFound."""
        group_type = type_properties.find_group_type(ctx.db, name_or_id)
        if group_type is None:
            raise GroupTypeNotFound(name_or_id)
        return self.get(ctx, group_type.id)

    def get_default(self, ctx: RequestContext) -> GroupType:
        """Raises NotFound: as in Cinder without the option `default_group_type`, there is none."""
        policy.GROUP_TYPE_GET.require(ctx.caller, None)
        raise NotFound("Default group type can not be found.")

    def update(self, ctx: RequestContext, type_id: str, **changes: Any) -> GroupType:
        """Change `name`, `description` or `is_public`. Raises GroupTypeNotFound, Conflict, InvalidInput."""
        policy.GROUP_TYPE_MANAGE.require(ctx.caller, None)
        group_type = self.get(ctx, type_id)
        if "name" in changes:
            changes["name"] = _check_name(changes["name"])
            other = type_properties.find_group_type(ctx.db, changes["name"])
            if other is not None and other.id != type_id:
                raise Conflict(f"Group Type {changes['name']} already exists.")
        return type_properties.group_types.save(ctx.db, replace(group_type, **changes))

    def delete(self, ctx: RequestContext, type_id: str) -> None:
        """Raises GroupTypeNotFound; Invalid for a type in use."""
        policy.GROUP_TYPE_MANAGE.require(ctx.caller, None)
        self.get(ctx, type_id)
        if groups.is_group_type_in_use(ctx.db, type_id):
            raise Invalid("Target group type is still in use.")
        type_properties.group_types.delete(ctx.db, type_properties.group_types.key == type_id)

    def list_specs(self, ctx: RequestContext, type_id: str) -> dict[str, str]:
        policy.GROUP_TYPE_MANAGE.require(ctx.caller, None)
        return self.get(ctx, type_id).group_specs

    def get_spec(self, ctx: RequestContext, type_id: str, key: str) -> str:
        """Raises GroupTypeNotFound, GroupSpecNotFound."""
        specs = self.list_specs(ctx, type_id)
        if key not in specs:
            raise GroupSpecNotFound(type_id, key)
        return specs[key]

    def update_specs(self, ctx: RequestContext, type_id: str, items: dict[str, str]) -> None:
        """Add or change specs."""
        specs = self.list_specs(ctx, type_id)
        type_properties.group_types.update(ctx.db, type_id, group_specs={**specs, **check_metadata(items)})

    def delete_spec(self, ctx: RequestContext, type_id: str, key: str) -> None:
        """Raises GroupTypeNotFound, GroupSpecNotFound."""
        self.get_spec(ctx, type_id, key)
        remaining = {name: value for name, value in self.list_specs(ctx, type_id).items() if name != key}
        type_properties.group_types.update(ctx.db, type_id, group_specs=remaining)


def _check_name(name: str) -> str:
    name = check_name(name, "Group type name")
    if not name:
        raise InvalidInput("Group type name can not be empty.")
    return name
