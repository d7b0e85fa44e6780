"""Volumes: create, delete, resize, attach, detach."""

from stratiform.interfaces.almanach import resource_updates, schemas
from stratiform.interfaces.almanach.api import api
from stratiform.interfaces.almanach.context import AlmanachContext
from stratiform.interfaces.endpoints import ApiRequest
from stratiform.services.ingest import policy as ingest_policy
from stratiform.services.ledger.model import Resource
from stratiform.services.ledger.service import VolumeType

_RESOURCE_TYPE = "volume"


@api.post("/project/{project_id}/volume", ingest_policy.RESOURCE_UPDATES_CREATE, status=201)
def create_volume(request: ApiRequest, project_id: str, body: bytes) -> None:
    context = AlmanachContext.from_request(request)
    new = schemas.parse_volume(body)
    resource = context.locate_resource(_RESOURCE_TYPE, new.id)
    volume_type = None if new.type_id is None else _get_volume_type(context, resource, new.type_id)
    context.append_updates(resource_updates.build_volume_create(resource, project_id, new, volume_type))


@api.delete("/volume/{entity_id}", ingest_policy.RESOURCE_UPDATES_CREATE, status=202)
def delete_volume(request: ApiRequest, entity_id: str, body: bytes) -> None:
    context = AlmanachContext.from_request(request)
    at = schemas.parse_date(schemas.get_date(body))
    resource, _ = context.get_active_resource(_RESOURCE_TYPE, entity_id)
    context.append_updates(resource_updates.build_delete(resource, at))


@api.put("/volume/{entity_id}/resize", ingest_policy.RESOURCE_UPDATES_CREATE)
def resize_volume(request: ApiRequest, entity_id: str, body: bytes) -> None:
    context = AlmanachContext.from_request(request)
    at, size = schemas.parse_volume_resize(body)
    resource, _ = context.get_active_resource(_RESOURCE_TYPE, entity_id)
    context.append_updates(resource_updates.build_volume_resize(resource, at, size))


@api.put("/volume/{entity_id}/attach", ingest_policy.RESOURCE_UPDATES_CREATE)
def attach_volume(request: ApiRequest, entity_id: str, body: bytes) -> None:
    """`attachments` in the body are all instances that have the volume afterwards."""
    return _change_attachments(request, entity_id, body, "attach")


@api.put("/volume/{entity_id}/detach", ingest_policy.RESOURCE_UPDATES_CREATE)
def detach_volume(request: ApiRequest, entity_id: str, body: bytes) -> None:
    """`attachments` in the body are the instances that keep the volume."""
    return _change_attachments(request, entity_id, body, "detach")


def _change_attachments(request: ApiRequest, entity_id: str, body: bytes, action: str) -> None:
    context = AlmanachContext.from_request(request)
    at, instance_ids = schemas.parse_attachments(body)
    resource, _ = context.get_active_resource(_RESOURCE_TYPE, entity_id)
    context.append_updates(resource_updates.build_volume_attachment(resource, at, instance_ids, action))


def _get_volume_type(context: AlmanachContext, resource: Resource, type_id: str) -> VolumeType:
    """Return the type, preferably of the volume's cloud. Raises VolumeTypeNotFound."""
    volume_types = context.get_volume_types(type_id)
    return min(volume_types, key=lambda volume_type: volume_type.cloud != resource.cloud)
