"""`/regions`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.identity.api import api
from stratiform.interfaces.openstack.identity.schemas import regions as schemas
from stratiform.interfaces.openstack.identity.views import catalog
from stratiform.interfaces.openstack.identity.views.links import page_links, truncated
from stratiform.kit.errors import Invalid
from stratiform.services.identity import policy
from stratiform.services.identity.errors import RegionConflict
from stratiform.services.identity.model import Region


@api.get("/regions", policy.LIST_REGIONS)
def list_regions(request: ApiRequest, query: schemas.RegionListQuery) -> schemas.RegionsResponse:
    regions = request.services.identity.regions.list(request.ctx, query.build_list_query())
    items = [catalog.region(region, request.view) for region in regions.items]
    return schemas.RegionsResponse(items, page_links(request, regions), truncated(regions))


@api.post("/regions", policy.CREATE_REGION, status=201, errors=(RegionConflict,))
def create_region(request: ApiRequest, body: schemas.RegionRequest) -> schemas.RegionResponse:
    return _create(request, body, "")


@api.put("/regions/{region_id}", policy.CREATE_REGION, status=201, errors=(RegionConflict,))
def create_region_with_id(request: ApiRequest, region_id: str, body: schemas.RegionRequest) -> schemas.RegionResponse:
    requested = body.region.get_declared_attributes().get("id")
    if requested not in (None, region_id):
        raise Invalid("Conflicting region IDs specified")
    return _create(request, body, region_id)


def _create(request: ApiRequest, body: schemas.RegionRequest, region_id: str) -> schemas.RegionResponse:
    attributes = {"id": region_id} | body.region.get_declared_attributes(not_null=("description",))
    new = Region(**attributes, extra=body.region.get_extra_attributes())
    return _response(request, request.services.identity.regions.create(request.ctx, new))


@api.get("/regions/{region_id}", policy.GET_REGION)
def show_region(request: ApiRequest, region_id: str) -> schemas.RegionResponse:
    return _response(request, request.services.identity.regions.get(request.ctx, region_id))


@api.patch("/regions/{region_id}", policy.UPDATE_REGION, errors=(RegionConflict,))
def update_region(request: ApiRequest, region_id: str, body: schemas.RegionRequest) -> schemas.RegionResponse:
    changes, extra = body.region.get_declared_attributes(not_null=("description",)), body.region.get_extra_attributes()
    changes.pop("id", None)
    return _response(request, request.services.identity.regions.update(request.ctx, region_id, changes, extra))


@api.delete("/regions/{region_id}", policy.DELETE_REGION)
def delete_region(request: ApiRequest, region_id: str) -> None:
    request.services.identity.regions.delete(request.ctx, region_id)


def _response(request: ApiRequest, region: Region) -> schemas.RegionResponse:
    return schemas.RegionResponse(catalog.region(region, request.view))
