"""`/availability_zones`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.list_queries import parse_list_query, select_fields
from stratiform.interfaces.openstack.network.schemas import availability_zones as schemas
from stratiform.services.network import policy


@api.get("/availability_zones", policy.AVAILABILITY_ZONES_GET)
def list_availability_zones(
    request: ApiRequest, query: schemas.AvailabilityZoneListQuery
) -> schemas.AvailabilityZonesResponse:
    filters = parse_list_query(request, query).filters
    names = request.services.network.networks.list_availability_zones(
        request.ctx.db, request.ctx.caller.require_project_id()
    )
    zones = [schemas.AvailabilityZone(name) for name in names]
    matching = [zone for zone in zones if all(getattr(zone, name) in values for name, values in filters.items())]
    return schemas.AvailabilityZonesResponse([select_fields(zone, query.fields) for zone in matching])
