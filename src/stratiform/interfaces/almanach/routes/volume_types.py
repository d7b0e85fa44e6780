"""Volume types: ids and names."""

from typing import Any

import msgspec
from litestar import Response

from stratiform.interfaces.almanach import events, schemas
from stratiform.interfaces.almanach.routes.context import empty_response, reading, writing
from stratiform.interfaces.services import Request, delete, get, post
from stratiform.services.ledger.model import Resource
from stratiform.services.ledger.service import VolumeType

_RESOURCE_TYPE = "volume_type"


class VolumeTypeView(msgspec.Struct):
    """A volume type in a response."""

    volume_type_id: str
    volume_type_name: str


@get("/volume_types")
def list_volume_types(request: Request) -> list[VolumeTypeView]:
    """Return each id once, with the name in the first cloud that has it."""
    with reading(request) as context:
        by_id = {volume_type.id: volume_type for volume_type in reversed(context.list_volume_types())}
    return [_view(by_id[type_id]) for type_id in sorted(by_id)]


@get("/volume_type/{type_id:str}")
def show_volume_type(request: Request, type_id: str) -> VolumeTypeView:
    with reading(request) as context:
        volume_types = context.get_volume_types(type_id)
    return _view(min(volume_types, key=lambda volume_type: volume_type.cloud))


@post("/volume_type")
def create_volume_type(request: Request, body: bytes) -> Response[bytes]:
    with writing(request) as context:
        type_id, name = schemas.parse_volume_type(body)
        existing = next(iter(context.list_volume_types(type_id)), None)
        if existing is None or existing.name != name:
            cloud = context.settings.cloud if existing is None else existing.cloud
            resource = Resource(cloud, _RESOURCE_TYPE, type_id)
            context.record(events.build_volume_type_create(resource, context.now, name))
    return empty_response(201)


@delete("/volume_type/{type_id:str}", status_code=202)
def delete_volume_type(request: Request, type_id: str) -> Response[bytes]:
    """Delete the type in every cloud that has it."""
    with writing(request) as context:
        clouds = sorted(volume_type.cloud for volume_type in context.get_volume_types(type_id))
        resources = [Resource(cloud, _RESOURCE_TYPE, type_id) for cloud in clouds]
        context.record(*(events.build_delete(resource, context.now) for resource in resources))
    return empty_response(202)


handlers: list[Any] = [list_volume_types, show_volume_type, create_volume_type, delete_volume_type]


def _view(volume_type: VolumeType) -> VolumeTypeView:
    return VolumeTypeView(volume_type.id, volume_type.name)
