"""Volumes: created, deleted, resized, attached, detached."""

from typing import Any

from litestar import Response

from stratiform.interfaces.almanach import schemas, updates
from stratiform.interfaces.almanach.errors import NoVolumeType
from stratiform.interfaces.almanach.routes.calls import Asked, empty, telling
from stratiform.interfaces.services import Request, delete, post, put
from stratiform.services.ledger.model import Resource
from stratiform.services.ledger.service import VolumeType

_KIND = "volume"


@post("/project/{project_id:str}/volume")
def create_volume(request: Request, project_id: str, body: bytes) -> Response[bytes]:
    with telling(request) as asked:
        new = schemas.new_volume(body)
        of = asked.place(_KIND, new.id)
        kind = None if new.type_id is None else _type(asked, of, new.type_id)
        asked.services.ingest.resource_updates.create(asked.ctx, [updates.volume_created(of, project_id, new, kind)])
    return empty(201)


@delete("/volume/{entity_id:str}", status_code=202)
def delete_volume(request: Request, entity_id: str, body: bytes) -> Response[bytes]:
    with telling(request) as asked:
        at = schemas.date_of(schemas.date_value(body))
        of, _ = asked.active(_KIND, entity_id)
        asked.services.ingest.resource_updates.create(asked.ctx, [updates.ended(of, at)])
    return empty(202)


@put("/volume/{entity_id:str}/resize")
def resize_volume(request: Request, entity_id: str, body: bytes) -> Response[bytes]:
    with telling(request) as asked:
        at, size = schemas.new_size(body)
        of, _ = asked.active(_KIND, entity_id)
        asked.services.ingest.resource_updates.create(asked.ctx, [updates.volume_resized(of, at, size)])
    return empty(200)


@put("/volume/{entity_id:str}/attach")
def attach_volume(request: Request, entity_id: str, body: bytes) -> Response[bytes]:
    """`attachments` are all machines that have it then."""
    return _at_machines(request, entity_id, body, "attach")


@put("/volume/{entity_id:str}/detach")
def detach_volume(request: Request, entity_id: str, body: bytes) -> Response[bytes]:
    """`attachments` are the machines that keep it."""
    return _at_machines(request, entity_id, body, "detach")


handlers: list[Any] = [create_volume, delete_volume, resize_volume, attach_volume, detach_volume]


def _at_machines(request: Request, entity_id: str, body: bytes, verb: str) -> Response[bytes]:
    with telling(request) as asked:
        at, machines = schemas.new_attachments(body)
        of, _ = asked.active(_KIND, entity_id)
        asked.services.ingest.resource_updates.create(asked.ctx, [updates.volume_at(of, at, machines, verb)])
    return empty(200)


def _type(asked: Asked, of: Resource, type_id: str) -> VolumeType:
    """The type, rather of the volume's own cloud. Raises NoVolumeType."""
    known = [kind for kind in asked.services.ledger.volume_types.list(asked.ctx, [type_id]) if not kind.is_deleted]
    if not known:
        raise NoVolumeType(type_id)
    return min(known, key=lambda kind: kind.cloud != of.cloud)
