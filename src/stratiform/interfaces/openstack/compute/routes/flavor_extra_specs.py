"""`/flavors/{flavor_id}/os-extra_specs`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import flavors as schemas
from stratiform.kit.errors import Invalid
from stratiform.services.compute import policy

_PATH = "/flavors/{flavor_id}/os-extra_specs"
_ITEM_PATH = "/flavors/{flavor_id}/os-extra_specs/{key}"


@api.get(_PATH, policy.FLAVOR_EXTRA_SPECS_LIST)
def list_extra_specs(request: ApiRequest, flavor_id: str) -> schemas.ExtraSpecsResponse:
    extra_specs = request.services.compute.flavor_extra_specs.list(request.ctx, flavor_id)
    return schemas.ExtraSpecsResponse(dict(extra_specs))


@api.get(_ITEM_PATH, policy.FLAVOR_EXTRA_SPECS_SHOW)
def show_extra_spec(request: ApiRequest, flavor_id: str, key: str) -> dict[str, str]:
    return {key: request.services.compute.flavor_extra_specs.get(request.ctx, flavor_id, key)}


@api.post(_PATH, policy.FLAVOR_EXTRA_SPECS_CREATE)
def create_extra_specs(
    request: ApiRequest, flavor_id: str, body: schemas.ExtraSpecsRequest
) -> schemas.ExtraSpecsResponse:
    extra_specs = {key: str(value) for key, value in body.extra_specs.items()}
    request.services.compute.flavor_extra_specs.create(request.ctx, flavor_id, extra_specs)
    return schemas.ExtraSpecsResponse(extra_specs)


@api.put(_ITEM_PATH, policy.FLAVOR_EXTRA_SPECS_UPDATE)
def update_extra_spec(
    request: ApiRequest, flavor_id: str, key: str, body: dict[str, str | int | float]
) -> dict[str, str]:
    if list(body) != [key]:
        raise Invalid("Request body and URI mismatch")
    value = str(body[key])
    request.services.compute.flavor_extra_specs.update(request.ctx, flavor_id, key, value)
    return {key: value}


@api.delete(_ITEM_PATH, policy.FLAVOR_EXTRA_SPECS_DELETE, status=200)
def delete_extra_spec(request: ApiRequest, flavor_id: str, key: str) -> None:
    request.services.compute.flavor_extra_specs.delete(request.ctx, flavor_id, key)
