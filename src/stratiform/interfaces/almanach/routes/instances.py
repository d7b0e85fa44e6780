"""Machines: created, deleted, resized, rebuilt."""

from typing import Any

from litestar import Response

from stratiform.interfaces.almanach import schemas, updates
from stratiform.interfaces.almanach.errors import NoActiveEntity
from stratiform.interfaces.almanach.routes.calls import empty, telling
from stratiform.interfaces.services import Request, delete, post, put
from stratiform.kit.errors import NotFound

_KIND = "instance"


@post("/project/{project_id:str}/instance")
def create_instance(request: Request, project_id: str, body: bytes) -> Response[bytes]:
    with telling(request) as asked:
        new = schemas.new_instance(body)
        of = asked.place(_KIND, new.id)
        asked.services.ingest.resource_updates.create(asked.ctx, [updates.instance_created(of, project_id, new)])
    return empty(201)


@delete("/instance/{entity_id:str}", status_code=202)
def delete_instance(request: Request, entity_id: str, body: bytes) -> Response[bytes]:
    """The date is looked at only where there is such an instance."""
    with telling(request) as asked:
        date = schemas.date_value(body)
        try:
            of, _ = asked.active(_KIND, entity_id)
        except NoActiveEntity as error:
            raise NotFound(f"InstanceId: {entity_id} Not Found") from error
        asked.services.ingest.resource_updates.create(asked.ctx, [updates.ended(of, schemas.date_of(date))])
    return empty(202)


@put("/instance/{entity_id:str}/resize")
def resize_instance(request: Request, entity_id: str, body: bytes) -> Response[bytes]:
    with telling(request) as asked:
        at, flavor = schemas.new_flavor(body)
        of, history = asked.active(_KIND, entity_id)
        asked.services.ingest.resource_updates.create(asked.ctx, [updates.instance_resized(of, at, flavor, history)])
    return empty(200)


@put("/instance/{entity_id:str}/rebuild")
def rebuild_instance(request: Request, entity_id: str, body: bytes) -> Response[bytes]:
    with telling(request) as asked:
        at, system = schemas.new_system(body)
        of, history = asked.active(_KIND, entity_id)
        asked.services.ingest.resource_updates.create(asked.ctx, [updates.instance_rebuilt(of, at, system, history)])
    return empty(200)


handlers: list[Any] = [create_instance, delete_instance, resize_instance, rebuild_instance]
