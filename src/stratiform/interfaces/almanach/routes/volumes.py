"""Volumes: create, delete, resize, attach, detach."""

from typing import Any

from litestar import Response

from stratiform.interfaces.almanach import events, schemas
from stratiform.interfaces.almanach.routes.context import AlmanachContext, empty_response, writing
from stratiform.interfaces.services import Request, delete, post, put
from stratiform.services.ledger.model import Resource
from stratiform.services.ledger.service import VolumeType

_RESOURCE_TYPE = "volume"


@post("/project/{project_id:str}/volume")
def create_volume(request: Request, project_id: str, body: bytes) -> Response[bytes]:
    with writing(request) as context:
        new = schemas.parse_volume(body)
        resource = context.locate(_RESOURCE_TYPE, new.id)
        volume_type = None if new.type_id is None else _get_volume_type(context, resource, new.type_id)
        context.record(events.build_volume_create(resource, project_id, new, volume_type))
    return empty_response(201)


@delete("/volume/{entity_id:str}", status_code=202)
def delete_volume(request: Request, entity_id: str, body: bytes) -> Response[bytes]:
    with writing(request) as context:
        at = schemas.parse_date(schemas.get_date(body))
        resource, _ = context.get_active(_RESOURCE_TYPE, entity_id)
        context.record(events.build_delete(resource, at))
    return empty_response(202)


@put("/volume/{entity_id:str}/resize")
def resize_volume(request: Request, entity_id: str, body: bytes) -> Response[bytes]:
    with writing(request) as context:
        at, size_gib = schemas.parse_volume_resize(body)
        resource, _ = context.get_active(_RESOURCE_TYPE, entity_id)
        context.record(events.build_volume_resize(resource, at, size_gib))
    return empty_response(200)


@put("/volume/{entity_id:str}/attach")
def attach_volume(request: Request, entity_id: str, body: bytes) -> Response[bytes]:
    """`attachments` in the body are all instances that have the volume afterwards."""
    return _change_attachments(request, entity_id, body, "attach")


@put("/volume/{entity_id:str}/detach")
def detach_volume(request: Request, entity_id: str, body: bytes) -> Response[bytes]:
    """`attachments` in the body are the instances that keep the volume."""
    return _change_attachments(request, entity_id, body, "detach")


handlers: list[Any] = [create_volume, delete_volume, resize_volume, attach_volume, detach_volume]


def _change_attachments(request: Request, entity_id: str, body: bytes, action: str) -> Response[bytes]:
    with writing(request) as context:
        at, instance_ids = schemas.parse_attachments(body)
        resource, _ = context.get_active(_RESOURCE_TYPE, entity_id)
        context.record(events.build_volume_attachment(resource, at, instance_ids, action))
    return empty_response(200)


def _get_volume_type(context: AlmanachContext, resource: Resource, type_id: str) -> VolumeType:
    """Return the type, preferably of the volume's cloud. Raises VolumeTypeNotFound."""
    volume_types = context.get_volume_types(type_id)
    return min(volume_types, key=lambda volume_type: volume_type.cloud != resource.cloud)
