"""Entities: of a project in a period, by id, and updates of an instance's entity."""

from collections.abc import Sequence
from typing import Any

from litestar import MediaType, Response

from stratiform.interfaces.almanach import schemas, views
from stratiform.interfaces.almanach.corrections import InstanceCorrection
from stratiform.interfaces.almanach.errors import (
    HTML,
    ActiveEntityNotFound,
    ClosedEntityNotFound,
    EntityNotFound,
    InvalidFields,
    MultipleEntities,
)
from stratiform.interfaces.almanach.routes.context import AlmanachContext, reading, writing
from stratiform.interfaces.almanach.views import Entity, InstanceView, TypeNames, VolumeView
from stratiform.interfaces.services import Request, get, head, put
from stratiform.kit.clock import Micros
from stratiform.services.ledger.model import Resource


@get("/project/{project_id:str}/instances")
def list_instances(request: Request, project_id: str) -> Response[bytes]:
    return _list_project_entities(request, project_id, ("instance",))


@get("/project/{project_id:str}/volumes")
def list_volumes(request: Request, project_id: str) -> Response[bytes]:
    return _list_project_entities(request, project_id, ("volume",))


@get("/project/{project_id:str}/entities")
def list_entities(request: Request, project_id: str) -> Response[bytes]:
    return _list_project_entities(request, project_id, ("instance", "volume"))


@head("/entity/{entity_id:str}", media_type=HTML)
def check_entity(request: Request, entity_id: str) -> None:
    with reading(request) as context:
        if not context.list_visible_segments(entity_id):
            raise EntityNotFound


@get("/entity/{entity_id:str}")
def show_entity(request: Request, entity_id: str) -> Response[bytes]:
    with reading(request) as context:
        entities, type_names = context.build_entities(context.list_visible_segments(entity_id))
    if not entities:
        raise EntityNotFound
    return _respond(context, entities, type_names)


@put("/entity/instance/{entity_id:str}")
def update_instance(request: Request, entity_id: str, body: bytes) -> InstanceView | VolumeView:
    """Update the active entity, or with `start` in the query the closed one between `start` and `end`."""
    is_closed = "start" in request.query_params
    with writing(request) as context:
        period = schemas.parse_period(request, context.now) if is_closed else None
        update = schemas.parse_instance_update(body, strict=not is_closed)
        entities, index = _select_entity(context, entity_id, period)
        first = entities[index].first
        resource = Resource(first.cloud, first.resource_type, entity_id)
        correction = InstanceCorrection(
            entities=entities,
            index=index,
            last_event_at=context.get_last_event_time(resource),
            author=context.ctx.caller.user_name or context.ctx.caller.user_id,
            now=context.now,
        )
        start, _ = correction.get_bounds(update)
        context.record(*correction.build_events(update))
        return _get_updated(context, resource, start)


handlers: list[Any] = [list_instances, list_volumes, list_entities, check_entity, show_entity, update_instance]


def _list_project_entities(request: Request, project_id: str, resource_types: Sequence[str]) -> Response[bytes]:
    """Return the entities that were in use in the period, both ends included, without cutting them to it."""
    with reading(request) as context:
        start, end = schemas.parse_period(request, context.now)
        segments = context.list_project_segments(project_id, resource_types, start, end)
        entities, type_names = context.build_entities(segments)
    in_period = [entity for entity in entities if entity.end is None or entity.end >= start]
    return _respond(context, in_period, type_names)


def _respond(context: AlmanachContext, entities: Sequence[Entity], type_names: TypeNames) -> Response[bytes]:
    return Response(views.encode_entities(entities, context.settings, type_names), media_type=MediaType.JSON)


def _select_entity(
    context: AlmanachContext, entity_id: str, period: tuple[Micros, Micros] | None
) -> tuple[Sequence[Entity], int]:
    """Return the entities of an instance in one cloud, and the index of the one to update.

    Without a period it is the active one, otherwise the closed one within the period.
    """
    entities, _ = context.build_entities(context.list_segments("instance", entity_id))
    if period is None:
        matches = [entity for entity in entities if entity.end is None][:1]
        if not matches:
            raise ActiveEntityNotFound(entity_id)
    else:
        start, end = period
        matches = [
            entity
            for entity in entities
            if entity.first.start >= start and entity.end is not None and entity.end <= end
        ]
        if not matches:
            raise ClosedEntityNotFound(entity_id)
        if len(matches) > 1:
            raise MultipleEntities
    in_cloud = [entity for entity in entities if entity.first.cloud == matches[0].first.cloud]
    return in_cloud, next(index for index, entity in enumerate(in_cloud) if entity is matches[0])


def _get_updated(context: AlmanachContext, resource: Resource, start: Micros) -> InstanceView | VolumeView:
    """Return the entity as it is after the update.

    Raises: InvalidFields if nothing is left of it, which rolls the update back.
    """
    segments = context.list_segments("instance", resource.resource_id)
    entities, type_names = context.build_entities([segment for segment in segments if segment.cloud == resource.cloud])
    for entity in entities:
        if entity.first.start <= start and (entity.end is None or entity.end > start):
            return views.build_view(entity, context.settings, type_names)
    raise InvalidFields({"start_date": "the update would remove the entity"})
