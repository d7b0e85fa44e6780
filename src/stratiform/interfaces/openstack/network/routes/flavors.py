"""`/flavors` of network services, `/service_profiles`, and `/service-providers`."""

from msgspec import Struct

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.resource_routes import declare_resource
from stratiform.services.network import policy
from stratiform.services.network.errors.flavors import FlavorServiceProfileBindingExists
from stratiform.services.network.model.declared_types.flavors import (
    DRIVER,
    NETWORK_FLAVOR,
    ROUTER_SERVICE,
    SERVICE_PROFILE,
)


class ServiceProfileReference(Struct, forbid_unknown_fields=True):
    id: str


class ServiceProfileAssociation(Struct):
    service_profile: ServiceProfileReference


class NextProvider(Struct):
    provider: str
    driver: str


class NextProvidersResponse(Struct):
    next_providers: list[NextProvider]


class ServiceProvider(Struct):
    service_type: str
    name: str
    default: bool


class ServiceProvidersResponse(Struct):
    service_providers: list[ServiceProvider]


declare_resource(NETWORK_FLAVOR)
declare_resource(SERVICE_PROFILE)


@api.post(
    "/flavors/{network_flavor_id}/service_profiles",
    policy.FLAVORS_ASSOCIATE,
    status=201,
    errors=(FlavorServiceProfileBindingExists,),
)
def associate_service_profile(
    request: ApiRequest, network_flavor_id: str, body: ServiceProfileAssociation
) -> ServiceProfileAssociation:
    request.services.network.flavors.associate(request.ctx, network_flavor_id, body.service_profile.id)
    return body


@api.delete("/flavors/{network_flavor_id}/service_profiles/{service_profile_id}", policy.FLAVORS_DISASSOCIATE)
def disassociate_service_profile(request: ApiRequest, network_flavor_id: str, service_profile_id: str) -> None:
    request.services.network.flavors.disassociate(request.ctx, network_flavor_id, service_profile_id)


@api.get("/flavors/{network_flavor_id}/next_providers", policy.FLAVORS.get)
def list_next_providers(request: ApiRequest, network_flavor_id: str) -> NextProvidersResponse:
    """The provider of a new router with this flavor."""
    driver = request.services.network.flavors.get_driver(request.ctx, network_flavor_id)
    return NextProvidersResponse([NextProvider(DRIVER, driver)])


@api.get("/service-providers", policy.SERVICE_PROVIDERS_GET)
def list_service_providers(_request: ApiRequest) -> ServiceProvidersResponse:
    """The provider of all network services: the clouds of a project."""
    return ServiceProvidersResponse([ServiceProvider(ROUTER_SERVICE, DRIVER, default=True)])
