"""`/default-types`. Source: cinder/api/v3/default_types.py."""

from msgspec import Struct

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.volume.api import api
from stratiform.services.volume import policy
from stratiform.services.volume.model.type_properties import DefaultType

_PATH = "/default-types/{target_project_id}"


class DefaultTypeChoice(Struct):
    volume_type: str


class DefaultTypeRequest(Struct):
    default_type: DefaultTypeChoice


class DefaultTypeView(Struct):
    project_id: str
    volume_type_id: str


class DefaultTypeResponse(Struct):
    default_type: DefaultTypeView


class DefaultTypesResponse(Struct):
    default_types: list[DefaultTypeView]


@api.get("/default-types", policy.DEFAULT_TYPE_GET_ALL, since=62)
def list_default_types(request: ApiRequest) -> DefaultTypesResponse:
    return DefaultTypesResponse([_view(item) for item in request.services.volume.default_types.list(request.ctx)])


@api.get(_PATH, policy.DEFAULT_TYPE_GET, since=62)
def show_default_type_of_project(request: ApiRequest, target_project_id: str) -> DefaultTypeResponse:
    return DefaultTypeResponse(_view(request.services.volume.default_types.get(request.ctx, target_project_id)))


@api.put(_PATH, policy.DEFAULT_TYPE_SET, since=62)
def set_default_type_of_project(
    request: ApiRequest, target_project_id: str, body: DefaultTypeRequest
) -> DefaultTypeResponse:
    default_types, volume_type = request.services.volume.default_types, body.default_type.volume_type
    return DefaultTypeResponse(_view(default_types.set(request.ctx, target_project_id, volume_type)))


@api.delete(_PATH, policy.DEFAULT_TYPE_SET, since=62)
def delete_default_type_of_project(request: ApiRequest, target_project_id: str) -> None:
    request.services.volume.default_types.delete(request.ctx, target_project_id)


def _view(default: DefaultType) -> DefaultTypeView:
    return DefaultTypeView(default.project_id, default.type_id)
