"""Instances: create, delete, resize, rebuild."""

from typing import Any

from litestar import Response

from stratiform.interfaces.almanach import events, schemas
from stratiform.interfaces.almanach.errors import ActiveEntityNotFound, InstanceNotFound
from stratiform.interfaces.almanach.routes.context import empty_response, writing
from stratiform.interfaces.services import Request, delete, post, put

_RESOURCE_TYPE = "instance"


@post("/project/{project_id:str}/instance")
def create_instance(request: Request, project_id: str, body: bytes) -> Response[bytes]:
    with writing(request) as context:
        new = schemas.parse_instance(body)
        resource = context.locate(_RESOURCE_TYPE, new.id)
        context.record(events.build_instance_create(resource, project_id, new))
    return empty_response(201)


@delete("/instance/{entity_id:str}", status_code=202)
def delete_instance(request: Request, entity_id: str, body: bytes) -> Response[bytes]:
    """As in Almanach, the date is validated only if the instance exists."""
    with writing(request) as context:
        date = schemas.get_date(body)
        try:
            resource, _ = context.get_active(_RESOURCE_TYPE, entity_id)
        except ActiveEntityNotFound as error:
            raise InstanceNotFound(entity_id) from error
        context.record(events.build_delete(resource, schemas.parse_date(date)))
    return empty_response(202)


@put("/instance/{entity_id:str}/resize")
def resize_instance(request: Request, entity_id: str, body: bytes) -> Response[bytes]:
    with writing(request) as context:
        at, flavor = schemas.parse_instance_resize(body)
        resource, segments = context.get_active(_RESOURCE_TYPE, entity_id)
        context.record(events.build_instance_resize(resource, at, flavor, segments))
    return empty_response(200)


@put("/instance/{entity_id:str}/rebuild")
def rebuild_instance(request: Request, entity_id: str, body: bytes) -> Response[bytes]:
    with writing(request) as context:
        at, os_attributes = schemas.parse_instance_rebuild(body)
        resource, segments = context.get_active(_RESOURCE_TYPE, entity_id)
        context.record(events.build_instance_rebuild(resource, at, os_attributes, segments))
    return empty_response(200)


handlers: list[Any] = [create_instance, delete_instance, resize_instance, rebuild_instance]
