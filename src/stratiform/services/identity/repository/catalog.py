"""Queries on the services, endpoints and regions of the catalog."""

from stratiform.kit.database import Connection
from stratiform.services.identity import tables as t
from stratiform.services.identity.model import Endpoint, Service
from stratiform.services.identity.repository.gateways import endpoints, regions, services


def list_enabled_services(db: Connection) -> list[Service]:
    columns = t.services.c
    return services.list_all(db, columns.enabled.is_(True), order=(columns.type, columns.id))


def delete_service(db: Connection, service_id: str) -> None:
    """Delete a service with its endpoints."""
    endpoints.delete(db, t.endpoints.c.service_id == service_id)
    services.delete(db, t.services.c.id == service_id)


def list_enabled_endpoints(db: Connection) -> list[Endpoint]:
    return endpoints.list_all(db, t.endpoints.c.enabled.is_(True))


def list_region_endpoints(db: Connection, region_id: str) -> list[Endpoint]:
    return endpoints.list_all(db, t.endpoints.c.region_id == region_id)


def is_region_used(db: Connection, region_id: str) -> bool:
    """Return True if endpoints or regions belong to the region."""
    used_by_endpoint = endpoints.count(db, t.endpoints.c.region_id == region_id) > 0
    return used_by_endpoint or regions.count(db, t.regions.c.parent_region_id == region_id) > 0
