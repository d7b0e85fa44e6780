"""`/types` and their extra specs."""

from msgspec import UNSET

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.endpoints.decoding import parse_bool
from stratiform.interfaces.openstack.volume import views
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.lists import build_next_links
from stratiform.interfaces.openstack.volume.schemas import volume_types as schemas
from stratiform.kit.errors import Invalid
from stratiform.kit.pagination import paginate_list
from stratiform.services.volume import policy
from stratiform.services.volume.model import VolumeType

_PATH = "/types/{type_id}"
_SPECS_PATH = "/types/{type_id}/extra_specs"
_SPEC_PATH = "/types/{type_id}/extra_specs/{key}"


@api.get("/types", policy.TYPE_GET_ALL)
def list_types(request: ApiRequest, query: schemas.VolumeTypeListQuery) -> schemas.VolumeTypesResponse:
    types = request.services.volume.volume_types.list(request.ctx, _is_public(query.is_public))
    page = paginate_list(types, query.page(), lambda volume_type: volume_type.id).items
    items = [views.volume_type(volume_type, request.view) for volume_type in page]
    return schemas.VolumeTypesResponse(
        items, build_next_links(request, page, query, lambda volume_type: volume_type.id)
    )


@api.post("/types", policy.TYPE_CREATE)
def create_type(request: ApiRequest, body: schemas.VolumeTypeCreateRequest) -> schemas.VolumeTypeResponse:
    new = body.volume_type
    volume_type = request.services.volume.volume_types.create(
        request.ctx,
        new.name,
        description=new.description,
        is_public=new.is_public is not False,
        extra_specs=new.extra_specs,
    )
    return _changed_response(request, volume_type)


@api.get("/types/default", policy.TYPE_GET)
def show_default_type(request: ApiRequest) -> schemas.VolumeTypeResponse:
    return _response(request, request.services.volume.volume_types.get_default(request.ctx))


@api.get(_PATH, policy.TYPE_GET)
def show_type(request: ApiRequest, type_id: str) -> schemas.VolumeTypeResponse:
    return _response(request, request.services.volume.volume_types.get(request.ctx, type_id))


@api.put(_PATH, policy.TYPE_UPDATE)
def update_type(request: ApiRequest, type_id: str, body: schemas.VolumeTypeUpdateRequest) -> schemas.VolumeTypeResponse:
    changes = body.volume_type
    volume_type = request.services.volume.volume_types.update(
        request.ctx, type_id, name=changes.name, description=changes.description, is_public=changes.is_public
    )
    response = _changed_response(request, volume_type)
    response.volume_type.access_is_public = UNSET
    return response


@api.delete(_PATH, policy.TYPE_DELETE, status=202)
def delete_type(request: ApiRequest, type_id: str) -> None:
    request.services.volume.volume_types.delete(request.ctx, type_id)


@api.get(_SPECS_PATH, policy.EXTRA_SPECS_GET)
def list_extra_specs(request: ApiRequest, type_id: str) -> schemas.ExtraSpecs:
    return schemas.ExtraSpecs(request.services.volume.volume_types.list_extra_specs(request.ctx, type_id))


@api.post(_SPECS_PATH, policy.EXTRA_SPECS_CREATE)
def create_extra_specs(request: ApiRequest, type_id: str, body: schemas.ExtraSpecs) -> schemas.ExtraSpecs:
    request.services.volume.volume_types.update_extra_specs(request.ctx, type_id, body.extra_specs)
    return body


@api.get(_SPEC_PATH, policy.EXTRA_SPECS_GET)
def show_extra_spec(request: ApiRequest, type_id: str, key: str) -> dict[str, str]:
    return {key: request.services.volume.volume_types.get_extra_spec(request.ctx, type_id, key)}


@api.put(_SPEC_PATH, policy.EXTRA_SPECS_CREATE)
def update_extra_spec(request: ApiRequest, type_id: str, key: str, body: dict[str, str]) -> dict[str, str]:
    if list(body) != [key]:
        raise Invalid("Request body and URI mismatch")
    request.services.volume.volume_types.update_extra_specs(request.ctx, type_id, body)
    return body


@api.delete(_SPEC_PATH, policy.EXTRA_SPECS_DELETE, status=202)
def delete_extra_spec(request: ApiRequest, type_id: str, key: str) -> None:
    request.services.volume.volume_types.delete_extra_spec(request.ctx, type_id, key)


def _response(request: ApiRequest, volume_type: VolumeType) -> schemas.VolumeTypeResponse:
    return schemas.VolumeTypeResponse(views.volume_type(volume_type, request.view))


def _changed_response(request: ApiRequest, volume_type: VolumeType) -> schemas.VolumeTypeResponse:
    """The response of create and update lacks the field that Cinder's extension adds."""
    response = _response(request, volume_type)
    response.volume_type.qos_specs_id = UNSET
    return response


def _is_public(text: str | None) -> bool | None:
    """Parse the filter: public types by default, all types for the text "None"."""
    if text is None:
        return True
    return None if text.lower() == "none" else parse_bool(text, "is_public", api.invalid_field)
