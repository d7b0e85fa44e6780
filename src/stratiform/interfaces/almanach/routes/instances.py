"""Instances: create, delete, resize, rebuild."""

from stratiform.interfaces.almanach import resource_updates, schemas
from stratiform.interfaces.almanach.api import api
from stratiform.interfaces.almanach.context import AlmanachContext
from stratiform.interfaces.almanach.errors import ActiveEntityNotFound, InstanceNotFound
from stratiform.interfaces.endpoints import ApiRequest
from stratiform.services.ingest import policy as ingest_policy

_RESOURCE_TYPE = "instance"


@api.post("/project/{project_id}/instance", ingest_policy.RESOURCE_UPDATES_CREATE, status=201)
def create_instance(request: ApiRequest, project_id: str, body: bytes) -> None:
    context = AlmanachContext.from_request(request)
    new = schemas.parse_instance(body)
    resource = context.locate_resource(_RESOURCE_TYPE, new.id)
    context.append_updates(resource_updates.build_instance_create(resource, project_id, new))


@api.delete("/instance/{entity_id}", ingest_policy.RESOURCE_UPDATES_CREATE, status=202)
def delete_instance(request: ApiRequest, entity_id: str, body: bytes) -> None:
    """Delete an instance; as in Almanach, the date is validated only if the instance exists."""
    context = AlmanachContext.from_request(request)
    date = schemas.get_date(body)
    try:
        resource, _ = context.get_active_resource(_RESOURCE_TYPE, entity_id)
    except ActiveEntityNotFound as error:
        raise InstanceNotFound(entity_id) from error
    context.append_updates(resource_updates.build_delete(resource, schemas.parse_date(date)))


@api.put("/instance/{entity_id}/resize", ingest_policy.RESOURCE_UPDATES_CREATE)
def resize_instance(request: ApiRequest, entity_id: str, body: bytes) -> None:
    context = AlmanachContext.from_request(request)
    at, flavor = schemas.parse_instance_resize(body)
    resource, segments = context.get_active_resource(_RESOURCE_TYPE, entity_id)
    context.append_updates(resource_updates.build_instance_resize(resource, at, flavor, segments))


@api.put("/instance/{entity_id}/rebuild", ingest_policy.RESOURCE_UPDATES_CREATE)
def rebuild_instance(request: ApiRequest, entity_id: str, body: bytes) -> None:
    context = AlmanachContext.from_request(request)
    at, os_attributes = schemas.parse_instance_rebuild(body)
    resource, segments = context.get_active_resource(_RESOURCE_TYPE, entity_id)
    context.append_updates(resource_updates.build_instance_rebuild(resource, at, os_attributes, segments))
