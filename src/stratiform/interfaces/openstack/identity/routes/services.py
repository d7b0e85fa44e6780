"""`/services`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.identity.api import api
from stratiform.interfaces.openstack.identity.schemas import services as schemas
from stratiform.interfaces.openstack.identity.views import catalog
from stratiform.interfaces.openstack.identity.views.links import page_links, truncated
from stratiform.services.identity import policy
from stratiform.services.identity.model import Service


@api.get("/services", policy.LIST_SERVICES)
def list_services(request: ApiRequest, query: schemas.ServiceListQuery) -> schemas.ServicesResponse:
    services = request.services.identity.services.list(request.ctx, query.build_list_query())
    items = [catalog.service(service, request.view) for service in services.items]
    return schemas.ServicesResponse(items, page_links(request, services), truncated(services))


@api.post("/services", policy.CREATE_SERVICE, status=201)
def create_service(request: ApiRequest, body: schemas.ServiceCreateRequest) -> schemas.ServiceResponse:
    new = Service(
        id="", **body.service.get_declared_attributes(not_null=("name",)), extra=body.service.get_extra_attributes()
    )
    return _response(request, request.services.identity.services.create(request.ctx, new))


@api.get("/services/{service_id}", policy.GET_SERVICE)
def show_service(request: ApiRequest, service_id: str) -> schemas.ServiceResponse:
    return _response(request, request.services.identity.services.get(request.ctx, service_id))


@api.patch("/services/{service_id}", policy.UPDATE_SERVICE)
def update_service(request: ApiRequest, service_id: str, body: schemas.ServiceUpdateRequest) -> schemas.ServiceResponse:
    changes, extra = body.service.get_declared_attributes(not_null=("name",)), body.service.get_extra_attributes()
    return _response(request, request.services.identity.services.update(request.ctx, service_id, changes, extra))


@api.delete("/services/{service_id}", policy.DELETE_SERVICE)
def delete_service(request: ApiRequest, service_id: str) -> None:
    request.services.identity.services.delete(request.ctx, service_id)


def _response(request: ApiRequest, service: Service) -> schemas.ServiceResponse:
    return schemas.ServiceResponse(catalog.service(service, request.view))
