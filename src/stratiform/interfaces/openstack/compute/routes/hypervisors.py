"""`/os-hypervisors`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import infrastructure as schemas
from stratiform.kit.pagination import paginate_list
from stratiform.services.compute import policy


@api.get("/os-hypervisors", policy.HYPERVISORS_LIST)
@api.get("/os-hypervisors/detail", policy.HYPERVISORS_LIST)
def list_hypervisors(request: ApiRequest, query: schemas.HypervisorListQuery) -> schemas.HypervisorsResponse:
    hypervisors = request.services.compute.hypervisors.list(request.ctx)
    return schemas.HypervisorsResponse(paginate_list(hypervisors, query.page(), str).items)
