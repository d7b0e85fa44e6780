"""`/availability_zones`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.list_queries import parse_list_query, select_fields
from stratiform.interfaces.openstack.network.schemas import availability_zones as schemas
from stratiform.kit.pagination import paginate_list
from stratiform.services.network import policy


@api.get("/availability_zones", policy.AVAILABILITY_ZONES_GET)
def list_availability_zones(
    request: ApiRequest, query: schemas.AvailabilityZoneListQuery
) -> schemas.AvailabilityZonesResponse:
    list_query = parse_list_query(request, query)
    names = request.services.network.networks.list_availability_zones(
        request.ctx.db, request.ctx.caller.require_project_id()
    )
    zones = [schemas.AvailabilityZone(name) for name in names]
    matching = [
        zone for zone in zones if all(getattr(zone, name) in values for name, values in list_query.filters.items())
    ]
    page = paginate_list(matching, list_query.page, lambda zone: zone.name)
    return schemas.AvailabilityZonesResponse([select_fields(zone, query.fields) for zone in page.items])
