"""Services, endpoints and regions."""

from typing import Any

from stratiform.interfaces.openstack.identity import schemas, views
from stratiform.interfaces.openstack.identity.schemas import EndpointFields, RegionFields, ServiceFields
from stratiform.interfaces.services import Request, delete, get, patch, post, reading, services_of, writing
from stratiform.services.identity.model import Endpoint, Region, Service

Body = dict[str, Any]


@get("/services", operation_id="listServices")
def list_services(request: Request) -> Body:
    query = views.query_of(request, "name", "type")
    with reading(request) as ctx:
        found = services_of(request).identity.services.list(ctx, query)
    return views.collection(request, "services", found, views.service)


@post("/services", operation_id="createService")
def create_service(request: Request, body: bytes) -> Body:
    document = schemas.resource(body, "service")
    values = _filled(schemas.given(schemas.fields(document, ServiceFields, "type")), name="")
    new = Service("", **values, extra=schemas.unknown(document, ServiceFields))
    with writing(request) as ctx:
        made = services_of(request).identity.services.create(ctx, new)
    return {"service": views.service(views.base(request), made)}


@get("/services/{service_id:str}", operation_id="showService")
def show_service(request: Request, service_id: str) -> Body:
    with reading(request) as ctx:
        found = services_of(request).identity.services.get(ctx, service_id)
    return {"service": views.service(views.base(request), found)}


@patch("/services/{service_id:str}", operation_id="updateService")
def update_service(request: Request, service_id: str, body: bytes) -> Body:
    document = schemas.resource(body, "service")
    changes = _filled(schemas.given(schemas.fields(document, ServiceFields)), name="")
    extra = schemas.unknown(document, ServiceFields)
    with writing(request) as ctx:
        made = services_of(request).identity.services.update(ctx, service_id, changes, extra)
    return {"service": views.service(views.base(request), made)}


@delete("/services/{service_id:str}", operation_id="deleteService")
def delete_service(request: Request, service_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).identity.services.delete(ctx, service_id)


@get("/endpoints", operation_id="listEndpoints")
def list_endpoints(request: Request) -> Body:
    query = views.query_of(request, "interface", "service_id", "region_id")
    with reading(request) as ctx:
        found = services_of(request).identity.endpoints.list(ctx, query)
    return views.collection(request, "endpoints", found, views.endpoint)


@post("/endpoints", operation_id="createEndpoint")
def create_endpoint(request: Request, body: bytes) -> Body:
    document = schemas.resource(body, "endpoint")
    values = _placed(schemas.given(schemas.fields(document, EndpointFields, "service_id", "interface", "url")))
    new = Endpoint("", **values, extra=schemas.unknown(document, EndpointFields))
    with writing(request) as ctx:
        made = services_of(request).identity.endpoints.create(ctx, new)
    return {"endpoint": views.endpoint(views.base(request), made)}


@get("/endpoints/{endpoint_id:str}", operation_id="showEndpoint")
def show_endpoint(request: Request, endpoint_id: str) -> Body:
    with reading(request) as ctx:
        found = services_of(request).identity.endpoints.get(ctx, endpoint_id)
    return {"endpoint": views.endpoint(views.base(request), found)}


@patch("/endpoints/{endpoint_id:str}", operation_id="updateEndpoint")
def update_endpoint(request: Request, endpoint_id: str, body: bytes) -> Body:
    document = schemas.resource(body, "endpoint")
    changes = _placed(schemas.given(schemas.fields(document, EndpointFields)))
    extra = schemas.unknown(document, EndpointFields)
    with writing(request) as ctx:
        made = services_of(request).identity.endpoints.update(ctx, endpoint_id, changes, extra)
    return {"endpoint": views.endpoint(views.base(request), made)}


@delete("/endpoints/{endpoint_id:str}", operation_id="deleteEndpoint")
def delete_endpoint(request: Request, endpoint_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).identity.endpoints.delete(ctx, endpoint_id)


@get("/regions", operation_id="listRegions")
def list_regions(request: Request) -> Body:
    query = views.query_of(request, "parent_region_id")
    with reading(request) as ctx:
        found = services_of(request).identity.regions.list(ctx, query)
    return views.collection(request, "regions", found, views.region)


@post("/regions", operation_id="createRegion")
def create_region(request: Request, body: bytes) -> Body:
    document = schemas.resource(body, "region")
    values = {"id": ""} | _filled(schemas.given(schemas.fields(document, RegionFields)), description="")
    new = Region(**values, extra=schemas.unknown(document, RegionFields))
    with writing(request) as ctx:
        made = services_of(request).identity.regions.create(ctx, new)
    return {"region": views.region(views.base(request), made)}


@get("/regions/{region_id:str}", operation_id="showRegion")
def show_region(request: Request, region_id: str) -> Body:
    with reading(request) as ctx:
        found = services_of(request).identity.regions.get(ctx, region_id)
    return {"region": views.region(views.base(request), found)}


@patch("/regions/{region_id:str}", operation_id="updateRegion")
def update_region(request: Request, region_id: str, body: bytes) -> Body:
    document = schemas.resource(body, "region")
    changes = _filled(schemas.given(schemas.fields(document, RegionFields)), description="")
    changes.pop("id", None)
    with writing(request) as ctx:
        regions = services_of(request).identity.regions
        made = regions.update(ctx, region_id, changes, schemas.unknown(document, RegionFields))
    return {"region": views.region(views.base(request), made)}


@delete("/regions/{region_id:str}", operation_id="deleteRegion")
def delete_region(request: Request, region_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).identity.regions.delete(ctx, region_id)


def _filled(values: Body, **empty: str) -> Body:
    """With texts where null was given for what is never null."""
    return values | {name: text for name, text in empty.items() if name in values and values[name] is None}


def _placed(values: Body) -> Body:
    """`region` is the old word for `region_id`."""
    old = values.pop("region", None)
    if old is not None and values.get("region_id") is None:
        values["region_id"] = old
    return values


handlers: list[Any] = [
    list_services,
    create_service,
    show_service,
    update_service,
    delete_service,
    list_endpoints,
    create_endpoint,
    show_endpoint,
    update_endpoint,
    delete_endpoint,
    list_regions,
    create_region,
    show_region,
    update_region,
    delete_region,
]
