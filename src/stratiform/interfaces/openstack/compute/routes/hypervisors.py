"""`/os-hypervisors`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import operations as schemas
from stratiform.kit.pagination import paginate
from stratiform.services.compute import policy


@api.get("/os-hypervisors", policy.HYPERVISORS_LIST)
@api.get("/os-hypervisors/detail", policy.HYPERVISORS_LIST)
def list_hypervisors(request: ApiRequest, query: schemas.HypervisorListQuery) -> schemas.HypervisorsResponse:
    hypervisors = request.services.compute.hypervisors.list(request.ctx)
    return schemas.HypervisorsResponse(paginate(hypervisors, query.page(), str).items)
