"""`/network-ip-availabilities`."""

from dataclasses import replace

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network import views
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.list_queries import next_links, parse_list_query, select_fields
from stratiform.interfaces.openstack.network.schemas import ip_availabilities as schemas
from stratiform.interfaces.openstack.network.schemas.common import FieldsQuery
from stratiform.services.network import policy


@api.get("/network-ip-availabilities", policy.IP_AVAILABILITIES_GET)
def list_ip_availabilities(
    request: ApiRequest, query: schemas.IpAvailabilityListQuery
) -> schemas.IpAvailabilitiesResponse:
    list_query = parse_list_query(request, query)
    filters = {name: values for name, values in list_query.filters.items() if name != "ip_version"}
    page = request.services.network.ip_availabilities.list(
        request.ctx, replace(list_query, filters=filters), query.ip_version
    )
    items = [select_fields(views.ip_availability(availability), query.fields) for availability in page.items]
    return schemas.IpAvailabilitiesResponse(items, next_links(request, page))


@api.get("/network-ip-availabilities/{network_id}", policy.IP_AVAILABILITIES_GET)
def show_ip_availability(request: ApiRequest, network_id: str, query: FieldsQuery) -> schemas.IpAvailabilityResponse:
    availability = request.services.network.ip_availabilities.get(request.ctx, network_id)
    return schemas.IpAvailabilityResponse(select_fields(views.ip_availability(availability), query.fields))
