"""Services, endpoints and regions."""

from msgspec import UNSET

from stratiform.interfaces.endpoints import ViewContext
from stratiform.interfaces.openstack.identity.schemas import endpoints as endpoint_schemas
from stratiform.interfaces.openstack.identity.schemas import regions as region_schemas
from stratiform.interfaces.openstack.identity.schemas import services as service_schemas
from stratiform.interfaces.openstack.identity.views.links import self_link
from stratiform.services.identity.model import Endpoint, Region, Service


def service(record: Service, view: ViewContext) -> service_schemas.Service:
    return service_schemas.Service(
        extra=record.extra,
        id=record.id,
        type=record.type,
        enabled=record.enabled,
        name=record.name,
        links=self_link(view, "services", record.id),
        description=UNSET if record.description is None else record.description,
    )


def endpoint(record: Endpoint, view: ViewContext) -> endpoint_schemas.Endpoint:
    return endpoint_schemas.Endpoint(
        extra=record.extra,
        id=record.id,
        interface=record.interface,
        region_id=record.region_id,
        region=record.region_id,
        service_id=record.service_id,
        url=record.url,
        enabled=record.enabled,
        links=self_link(view, "endpoints", record.id),
    )


def region(record: Region, view: ViewContext) -> region_schemas.Region:
    return region_schemas.Region(
        extra=record.extra,
        id=record.id,
        description=record.description,
        parent_region_id=record.parent_region_id,
        links=self_link(view, "regions", record.id),
    )
