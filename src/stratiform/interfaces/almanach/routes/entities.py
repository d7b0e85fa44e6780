"""Entities: of a project in a period, by id, and updates of an instance's entity."""

from collections.abc import Sequence

from stratiform.interfaces.almanach import schemas, views
from stratiform.interfaces.almanach.api import api
from stratiform.interfaces.almanach.context import AlmanachContext
from stratiform.interfaces.almanach.errors import (
    ActiveEntityNotFound,
    ClosedEntityNotFound,
    EntityNotFound,
    InvalidFields,
    MultipleEntities,
)
from stratiform.interfaces.almanach.instance_corrections import InstanceCorrection
from stratiform.interfaces.almanach.views import Entity, InstanceView, VolumeView
from stratiform.interfaces.endpoints import ApiRequest
from stratiform.kit.clock import Micros
from stratiform.services.ingest import policy as ingest_policy
from stratiform.services.ledger import policy as ledger_policy
from stratiform.services.ledger.model import Resource
from stratiform.services.ledger.service import NameReader

EntityViews = list[InstanceView | VolumeView]


@api.get("/project/{project_id}/instances", ledger_policy.ENTITIES_LIST)
def list_instances(request: ApiRequest, project_id: str) -> EntityViews:
    return _list_project_entities(request, project_id, ("instance",))


@api.get("/project/{project_id}/volumes", ledger_policy.ENTITIES_LIST)
def list_volumes(request: ApiRequest, project_id: str) -> EntityViews:
    return _list_project_entities(request, project_id, ("volume",))


@api.get("/project/{project_id}/entities", ledger_policy.ENTITIES_LIST)
def list_entities(request: ApiRequest, project_id: str) -> EntityViews:
    return _list_project_entities(request, project_id, ("instance", "volume"))


@api.head("/entity/{entity_id}", ledger_policy.ENTITIES_LIST)
def check_entity(request: ApiRequest, entity_id: str) -> None:
    if not AlmanachContext.from_request(request).list_visible_segments(entity_id):
        raise EntityNotFound


@api.get("/entity/{entity_id}", ledger_policy.ENTITIES_LIST)
def show_entity(request: ApiRequest, entity_id: str) -> EntityViews:
    context = AlmanachContext.from_request(request)
    entities, names = context.build_entities(context.list_visible_segments(entity_id))
    if not entities:
        raise EntityNotFound
    return _build_views(context, entities, names)


@api.put("/entity/instance/{entity_id}", ingest_policy.RESOURCE_UPDATES_CREATE)
def update_instance(request: ApiRequest, entity_id: str, body: bytes) -> InstanceView | VolumeView:
    """Update the open entity or, with `start` in the query, the closed one between `start` and `end`."""
    is_closed = "start" in request.http.query_params
    context = AlmanachContext.from_request(request)
    period = schemas.parse_period(request.http, context.now) if is_closed else None
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
    context.append_updates(*correction.build_updates(update))
    return _get_updated(context, resource, start)


def _list_project_entities(request: ApiRequest, project_id: str, resource_types: Sequence[str]) -> EntityViews:
    """Return the entities that were in use in the period, both ends included, without cutting them to it."""
    context = AlmanachContext.from_request(request)
    start, end = schemas.parse_period(request.http, context.now)
    segments = context.list_project_segments(project_id, resource_types, start, end)
    entities, names = context.build_entities(segments)
    in_period = [entity for entity in entities if entity.end is None or entity.end >= start]
    return _build_views(context, in_period, names)


def _build_views(context: AlmanachContext, entities: Sequence[Entity], names: NameReader) -> EntityViews:
    return [views.build_view(entity, context.settings, names) for entity in entities]


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
    entities, names = context.build_entities([segment for segment in segments if segment.cloud == resource.cloud])
    for entity in entities:
        if entity.first.start <= start and (entity.end is None or entity.end > start):
            return views.build_view(entity, context.settings, names)
    raise InvalidFields({"start_date": "the update would remove the entity"})
