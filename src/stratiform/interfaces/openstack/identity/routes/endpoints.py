"""`/endpoints`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.identity.api import api
from stratiform.interfaces.openstack.identity.schemas import endpoints as schemas
from stratiform.interfaces.openstack.identity.views import catalog
from stratiform.interfaces.openstack.identity.views.links import page_links, truncated
from stratiform.services.identity import policy
from stratiform.services.identity.model import Endpoint, JsonObject


@api.get("/endpoints", policy.LIST_ENDPOINTS)
def list_endpoints(request: ApiRequest, query: schemas.EndpointListQuery) -> schemas.EndpointsResponse:
    endpoints = request.services.identity.endpoints.list(request.ctx, query.build_list_query())
    items = [catalog.endpoint(endpoint, request.view) for endpoint in endpoints.items]
    return schemas.EndpointsResponse(items, page_links(request, endpoints), truncated(endpoints))


@api.post("/endpoints", policy.CREATE_ENDPOINT, status=201)
def create_endpoint(request: ApiRequest, body: schemas.EndpointCreateRequest) -> schemas.EndpointResponse:
    new = Endpoint(id="", **_attributes(body.endpoint), extra=body.endpoint.get_extra_attributes())
    endpoints = request.services.identity.endpoints
    return _response(request, endpoints.create(request.ctx, new, create_region=_names_region(body.endpoint)))


@api.get("/endpoints/{endpoint_id}", policy.GET_ENDPOINT)
def show_endpoint(request: ApiRequest, endpoint_id: str) -> schemas.EndpointResponse:
    return _response(request, request.services.identity.endpoints.get(request.ctx, endpoint_id))


@api.patch("/endpoints/{endpoint_id}", policy.UPDATE_ENDPOINT)
def update_endpoint(
    request: ApiRequest, endpoint_id: str, body: schemas.EndpointUpdateRequest
) -> schemas.EndpointResponse:
    changes, extra = _attributes(body.endpoint), body.endpoint.get_extra_attributes()
    endpoints, create_region = request.services.identity.endpoints, _names_region(body.endpoint)
    updated = endpoints.update(request.ctx, endpoint_id, changes, extra, create_region=create_region)
    return _response(request, updated)


@api.delete("/endpoints/{endpoint_id}", policy.DELETE_ENDPOINT)
def delete_endpoint(request: ApiRequest, endpoint_id: str) -> None:
    request.services.identity.endpoints.delete(request.ctx, endpoint_id)


def _response(request: ApiRequest, endpoint: Endpoint) -> schemas.EndpointResponse:
    return schemas.EndpointResponse(catalog.endpoint(endpoint, request.view))


def _names_region(body: schemas.EndpointUpdate) -> bool:
    """Return True for a request with the deprecated `region`, which need not exist."""
    attributes = body.get_declared_attributes()
    return attributes.get("region") is not None and attributes.get("region_id") is None


def _attributes(body: schemas.EndpointUpdate) -> JsonObject:
    """Return the attributes of the request, with `region` as the deprecated name of `region_id`."""
    attributes = body.get_declared_attributes()
    region = attributes.pop("region", None)
    if region is not None and attributes.get("region_id") is None:
        attributes["region_id"] = region
    return attributes
