"""`/os-availability-zone`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import infrastructure as schemas
from stratiform.services.compute import policy


@api.get("/os-availability-zone", policy.AVAILABILITY_ZONES_LIST)
def list_availability_zones(request: ApiRequest) -> schemas.AvailabilityZonesResponse:
    names = request.services.compute.availability_zones.list(request.ctx)
    return schemas.AvailabilityZonesResponse([schemas.AvailabilityZone(name) for name in names])


@api.get("/os-availability-zone/detail", policy.AVAILABILITY_ZONES_DETAIL)
def list_availability_zones_detail(request: ApiRequest) -> schemas.AvailabilityZonesResponse:
    names = request.services.compute.availability_zones.list_details(request.ctx)
    return schemas.AvailabilityZonesResponse([schemas.AvailabilityZone(name, hosts={}) for name in names])
