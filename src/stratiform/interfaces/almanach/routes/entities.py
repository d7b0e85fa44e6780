"""Entities: of a project in a period, of one id, and updates of a machine's."""

from collections.abc import Sequence
from typing import Any

from litestar import MediaType, Response

from stratiform.interfaces.almanach import schemas, views
from stratiform.interfaces.almanach.auth import Almanach
from stratiform.interfaces.almanach.errors import HTML, BadFields, NoActiveEntity
from stratiform.interfaces.almanach.routes.calls import Asked, reading, telling
from stratiform.interfaces.almanach.updates import Correcting
from stratiform.interfaces.almanach.views import Entity, TypeNames
from stratiform.interfaces.services import Request, get, head, put
from stratiform.kit.clock import Micros
from stratiform.kit.errors import Invalid, NotFound
from stratiform.services.ledger.model import Resource

_KINDS = ("instance", "volume")


@get("/project/{project_id:str}/instances")
def list_instances(request: Request, project_id: str) -> Response[bytes]:
    return _listed(request, project_id, ("instance",))


@get("/project/{project_id:str}/volumes")
def list_volumes(request: Request, project_id: str) -> Response[bytes]:
    return _listed(request, project_id, ("volume",))


@get("/project/{project_id:str}/entities")
def list_entities(request: Request, project_id: str) -> Response[bytes]:
    return _listed(request, project_id, _KINDS)


@head("/entity/{entity_id:str}", media_type=HTML)
def entity_exists(request: Request, entity_id: str) -> None:
    with reading(request) as asked:
        if not asked.services.ledger.histories.list_by_id(asked.ctx, entity_id, _KINDS):
            raise NotFound("Entity not found")


@get("/entity/{entity_id:str}")
def show_entity(request: Request, entity_id: str) -> Response[bytes]:
    with reading(request) as asked:
        found, types = asked.entities(asked.services.ledger.histories.list_by_id(asked.ctx, entity_id, _KINDS))
    if not found:
        raise NotFound("Entity not found")
    return _answer(found, asked.almanach, types)


@put("/entity/instance/{entity_id:str}")
def update_instance(request: Request, entity_id: str, body: bytes) -> views.InstanceView | views.VolumeView:
    """The one that is in use; with `start` in the query, the one closed that lies between `start` and `end`."""
    closed = "start" in request.query_params
    with telling(request) as asked:
        chosen = schemas.period(request, asked.ctx.now) if closed else None
        update = schemas.update(body, exact=not closed)
        entities, place = _chosen(asked, entity_id, chosen)
        first = entities[place].first
        of = Resource(first.cloud, first.resource_type, entity_id)
        known = asked.services.ingest.resource_updates.last_message_at(asked.ctx, of)
        author = asked.ctx.caller.user_name or asked.ctx.caller.user_id
        correcting = Correcting(entities, place, known, author, asked.ctx.now)
        start, _ = correcting.bounds(update)
        asked.services.ingest.resource_updates.create(asked.ctx, correcting.told(update))
        return _found_again(asked, of, start)


handlers: list[Any] = [list_instances, list_volumes, list_entities, entity_exists, show_entity, update_instance]


def _listed(request: Request, project_id: str, kinds: Sequence[str]) -> Response[bytes]:
    """All that was in use at some time in the period, both of its ends included; none is cut to it."""
    with reading(request) as asked:
        first, last = schemas.period(request, asked.ctx.now)
        noted = asked.services.ledger.histories.list(asked.ctx, project_id, kinds, first, last)
        found, types = asked.entities(noted)
    inside = [one for one in found if one.end is None or one.end >= first]
    return _answer(inside, asked.almanach, types)


def _answer(entities: Sequence[Entity], almanach: Almanach, types: TypeNames) -> Response[bytes]:
    return Response(views.encoded(entities, almanach, types), media_type=MediaType.JSON)


def _chosen(asked: Asked, entity_id: str, chosen: tuple[Micros, Micros] | None) -> tuple[list[Entity], int]:
    """All entities of a machine, and the place of the one that is meant."""
    entities, _ = asked.entities(asked.history("instance", entity_id))
    if chosen is None:
        places = [place for place, one in enumerate(entities) if one.end is None][:1]
        if not places:
            raise NoActiveEntity(entity_id)
    else:
        since, until = chosen
        places = [
            place
            for place, one in enumerate(entities)
            if one.first.start >= since and one.end is not None and one.end <= until
        ]
        if not places:
            raise NotFound(f"InstanceId: {entity_id} Not Found with start")
        if len(places) > 1:
            raise Invalid("Multiple entities found while updating a closed entity")
    cloud = entities[places[0]].first.cloud
    before = sum(one.first.cloud != cloud for one in entities[: places[0]])
    return [one for one in entities if one.first.cloud == cloud], places[0] - before


def _found_again(asked: Asked, of: Resource, start: Micros) -> views.InstanceView | views.VolumeView:
    """The entity as it is now. Raises BadFields where nothing is left of it; then nothing is written."""
    entities, types = asked.entities(
        [one for one in asked.history("instance", of.resource_id) if one.cloud == of.cloud]
    )
    for one in entities:
        if one.first.start <= start and (one.end is None or one.end > start):
            return views.entity_view(one, asked.almanach, types)
    raise BadFields({"start_date": "nothing of the entity would be left"})
