"""`/os-services`: one entry for all workers."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import infrastructure as schemas
from stratiform.kit.clock import format_iso_naive
from stratiform.services.compute import policy

_BINARY, _HOST = "stratiform-worker", "stratiform"

#: The id of the entry, before 2.53 and since.
_NUMBER, _UUID = 1, "00000000-0000-4000-8000-000000000001"


@api.get("/os-services", policy.SERVICES_LIST)
def list_services(request: ApiRequest, query: schemas.ComputeServiceQuery) -> schemas.ComputeServicesResponse:
    is_up = request.services.compute.services.is_worker_up(request.ctx)
    if query.binary not in (None, _BINARY) or query.host not in (None, _HOST):
        return schemas.ComputeServicesResponse([])
    service = schemas.ComputeService(
        id=_NUMBER if request.microversion < 53 else _UUID,
        binary=_BINARY,
        host=_HOST,
        state="up" if is_up else "down",
        updated_at=format_iso_naive(request.ctx.now),
    )
    return schemas.ComputeServicesResponse([service])
