"""Volume types by their ids and names."""

from typing import Any

from litestar import Response

from stratiform.interfaces.almanach import schemas, updates
from stratiform.interfaces.almanach.errors import NoVolumeType
from stratiform.interfaces.almanach.routes.calls import Asked, empty, reading, telling
from stratiform.interfaces.services import Request, delete, get, post
from stratiform.services.ledger.model import Resource
from stratiform.services.ledger.service import VolumeType


@get("/volume_types")
def list_volume_types(request: Request) -> list[dict[str, str]]:
    """Each id once: of one that two clouds have, the first."""
    with reading(request) as asked:
        known = {
            kind.id: kind
            for kind in reversed(asked.services.ledger.volume_types.list(asked.ctx))
            if not kind.is_deleted
        }
    return [_view(known[type_id]) for type_id in sorted(known)]


@get("/volume_type/{type_id:str}")
def show_volume_type(request: Request, type_id: str) -> dict[str, str]:
    with reading(request) as asked:
        return _view(_known(asked, type_id)[0])


@post("/volume_type")
def create_volume_type(request: Request, body: bytes) -> Response[bytes]:
    with telling(request) as asked:
        type_id, name = schemas.new_volume_type(body)
        there = [kind for kind in asked.services.ledger.volume_types.list(asked.ctx, [type_id]) if not kind.is_deleted]
        of = Resource(there[0].cloud if there else asked.almanach.cloud, "volume_type", type_id)
        if not there or there[0].name != name:
            asked.services.ingest.resource_updates.create(
                asked.ctx, [updates.type_told(of, asked.ctx.now, "create", name)]
            )
    return empty(201)


@delete("/volume_type/{type_id:str}", status_code=202)
def delete_volume_type(request: Request, type_id: str) -> Response[bytes]:
    with telling(request) as asked:
        there = [Resource(kind.cloud, "volume_type", type_id) for kind in _known(asked, type_id)]
        asked.services.ingest.resource_updates.create(
            asked.ctx, [updates.type_told(of, asked.ctx.now, "delete") for of in there]
        )
    return empty(202)


handlers: list[Any] = [list_volume_types, show_volume_type, create_volume_type, delete_volume_type]


def _known(asked: Asked, type_id: str) -> list[VolumeType]:
    """Those with this id, of every cloud. Raises NoVolumeType."""
    found = [kind for kind in asked.services.ledger.volume_types.list(asked.ctx, [type_id]) if not kind.is_deleted]
    if not found:
        raise NoVolumeType(type_id)
    return sorted(found, key=lambda kind: kind.cloud)


def _view(kind: VolumeType) -> dict[str, str]:
    return {"volume_type_id": kind.id, "volume_type_name": kind.name}
