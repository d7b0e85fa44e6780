"""`/group_types` and their specs. Source: cinder/api/v3/group_types.py and group_specs.py."""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType

from stratiform.interfaces.endpoints import ADMIN_ONLY, ApiRequest
from stratiform.interfaces.endpoints.decoding import parse_bool
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.lists import ListQuery, build_next_links, paginate
from stratiform.interfaces.openstack.volume.schemas.common import Link
from stratiform.kit.errors import Invalid
from stratiform.services.volume import policy
from stratiform.services.volume.model.type_properties import GroupType

_PATH = "/group_types/{group_type_id}"
_SPECS_PATH = "/group_types/{group_type_id}/group_specs"
_SPEC_PATH = "/group_types/{group_type_id}/group_specs/{key}"


class GroupTypeCreate(Struct):
    name: str
    description: str | None = None
    is_public: bool = True
    group_specs: dict[str, str] | None = None


class GroupTypeCreateRequest(Struct):
    group_type: GroupTypeCreate


class GroupTypeUpdate(Struct):
    name: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    is_public: bool | UnsetType | None = UNSET


class GroupTypeUpdateRequest(Struct):
    group_type: GroupTypeUpdate


class GroupTypeListQuery(ListQuery, kw_only=True):
    is_public: str | None = None


class GroupTypeView(Struct):
    id: str
    name: str
    description: str | None
    is_public: bool
    group_specs: Annotated[dict[str, str], ADMIN_ONLY]


class GroupTypeResponse(Struct):
    group_type: GroupTypeView


class GroupTypesResponse(Struct):
    group_types: list[GroupTypeView]
    group_type_links: list[Link] | UnsetType = UNSET


class GroupSpecs(Struct):
    group_specs: dict[str, str]


@api.get("/group_types", policy.GROUP_TYPE_GET, since=11)
def list_group_types(request: ApiRequest, query: GroupTypeListQuery) -> GroupTypesResponse:
    types = request.services.volume.group_types.list(request.ctx, _is_public(query.is_public))
    page = paginate(types, query, lambda item: item.id)
    return GroupTypesResponse(
        [_view(item) for item in page], build_next_links(request, page, query, lambda item: item.id)
    )


@api.post("/group_types", policy.GROUP_TYPE_MANAGE, since=11, status=202)
def create_group_type(request: ApiRequest, body: GroupTypeCreateRequest) -> GroupTypeResponse:
    new = body.group_type
    group_type = request.services.volume.group_types.create(
        request.ctx, new.name, new.description, is_public=new.is_public, group_specs=new.group_specs or {}
    )
    return GroupTypeResponse(_view(group_type))


@api.get("/group_types/default", policy.GROUP_TYPE_GET, since=11)
def show_default_group_type(request: ApiRequest) -> GroupTypeResponse:
    return GroupTypeResponse(_view(request.services.volume.group_types.get_default(request.ctx)))


@api.get(_PATH, policy.GROUP_TYPE_GET, since=11)
def show_group_type(request: ApiRequest, group_type_id: str) -> GroupTypeResponse:
    return GroupTypeResponse(_view(request.services.volume.group_types.get(request.ctx, group_type_id)))


@api.put(_PATH, policy.GROUP_TYPE_MANAGE, since=11)
def update_group_type(request: ApiRequest, group_type_id: str, body: GroupTypeUpdateRequest) -> GroupTypeResponse:
    values = {name: getattr(body.group_type, name) for name in body.group_type.__struct_fields__}
    changes = {name: value for name, value in values.items() if value is not UNSET and value is not None}
    if not changes:
        raise Invalid("Group type name, description and is_public can not all be empty.")
    return GroupTypeResponse(_view(request.services.volume.group_types.update(request.ctx, group_type_id, **changes)))


@api.delete(_PATH, policy.GROUP_TYPE_MANAGE, since=11, status=202)
def delete_group_type(request: ApiRequest, group_type_id: str) -> None:
    request.services.volume.group_types.delete(request.ctx, group_type_id)


@api.get(_SPECS_PATH, policy.GROUP_TYPE_MANAGE, since=11)
def list_group_specs(request: ApiRequest, group_type_id: str) -> GroupSpecs:
    return GroupSpecs(request.services.volume.group_types.list_specs(request.ctx, group_type_id))


@api.post(_SPECS_PATH, policy.GROUP_TYPE_MANAGE, since=11, status=202)
def create_group_specs(request: ApiRequest, group_type_id: str, body: GroupSpecs) -> GroupSpecs:
    request.services.volume.group_types.update_specs(request.ctx, group_type_id, body.group_specs)
    return body


@api.get(_SPEC_PATH, policy.GROUP_TYPE_MANAGE, since=11)
def show_group_spec(request: ApiRequest, group_type_id: str, key: str) -> dict[str, str]:
    return {key: request.services.volume.group_types.get_spec(request.ctx, group_type_id, key)}


@api.put(_SPEC_PATH, policy.GROUP_TYPE_MANAGE, since=11)
def update_group_spec(request: ApiRequest, group_type_id: str, key: str, body: dict[str, str]) -> dict[str, str]:
    if list(body) != [key]:
        raise Invalid("Request body and URI mismatch" if len(body) == 1 else "Request body contains too many items")
    request.services.volume.group_types.update_specs(request.ctx, group_type_id, body)
    return body


@api.delete(_SPEC_PATH, policy.GROUP_TYPE_MANAGE, since=11, status=202)
def delete_group_spec(request: ApiRequest, group_type_id: str, key: str) -> None:
    request.services.volume.group_types.delete_spec(request.ctx, group_type_id, key)


def _view(group_type: GroupType) -> GroupTypeView:
    return GroupTypeView(
        group_type.id, group_type.name, group_type.description, group_type.is_public, group_type.group_specs
    )


def _is_public(text: str | None) -> bool | None:
    """Parse the filter: public types by default, all types for the text "None"."""
    if text is None:
        return True
    return None if text.lower() == "none" else parse_bool(text, "is_public", api.invalid_field)
