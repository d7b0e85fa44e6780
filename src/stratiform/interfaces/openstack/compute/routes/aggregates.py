"""`/os-aggregates`."""

from stratiform.interfaces.endpoints import Action, ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import aggregates as schemas
from stratiform.kit.clock import format_iso_naive
from stratiform.kit.errors import Conflict
from stratiform.services.compute import policy
from stratiform.services.compute.model.aggregates import Aggregate

_PATH = "/os-aggregates"
_ITEM_PATH = "/os-aggregates/{aggregate_id}"
_NO_CACHE = "Images cannot be cached on hosts; an image is copied to a cloud when the first server needs it."


@api.get(_PATH, policy.AGGREGATES_LIST)
def list_aggregates(request: ApiRequest) -> schemas.AggregatesResponse:
    return schemas.AggregatesResponse(
        [_detail(aggregate) for aggregate in request.services.compute.aggregates.list(request.ctx)]
    )


@api.post(_PATH, policy.AGGREGATES_CREATE, errors=(Conflict,))
def create_aggregate(request: ApiRequest, body: schemas.AggregateCreateRequest) -> schemas.AggregateCreateResponse:
    new = body.aggregate
    aggregate = request.services.compute.aggregates.create(request.ctx, new.name.strip(), new.availability_zone)
    return schemas.AggregateCreateResponse(
        schemas.Aggregate(
            id=aggregate.id,
            uuid=aggregate.uuid,
            name=aggregate.name,
            availability_zone=aggregate.availability_zone,
            created_at=format_iso_naive(aggregate.created_at),
            updated_at=None,
        )
    )


@api.get(_ITEM_PATH, policy.AGGREGATES_SHOW)
def show_aggregate(request: ApiRequest, aggregate_id: str) -> schemas.AggregateResponse:
    return schemas.AggregateResponse(_detail(request.services.compute.aggregates.get(request.ctx, aggregate_id)))


@api.put(_ITEM_PATH, policy.AGGREGATES_UPDATE, errors=(Conflict,))
def update_aggregate(
    request: ApiRequest, aggregate_id: str, body: schemas.AggregateUpdateRequest
) -> schemas.AggregateResponse:
    changes = body.aggregate
    name = changes.name if isinstance(changes.name, str) else None
    zone = changes.availability_zone if isinstance(changes.availability_zone, str) else None
    updated = request.services.compute.aggregates.update(request.ctx, aggregate_id, name, zone)
    return schemas.AggregateResponse(_detail(updated))


@api.delete(_ITEM_PATH, policy.AGGREGATES_DELETE, status=200)
def delete_aggregate(request: ApiRequest, aggregate_id: str) -> None:
    request.services.compute.aggregates.delete(request.ctx, aggregate_id)


def _add_host(request: ApiRequest, aggregate_id: str, body: schemas.AggregateHost) -> schemas.AggregateResponse:
    updated = request.services.compute.aggregates.add_host(request.ctx, aggregate_id, body.host)
    return schemas.AggregateResponse(_detail(updated))


def _remove_host(request: ApiRequest, aggregate_id: str, body: schemas.AggregateHost) -> schemas.AggregateResponse:
    updated = request.services.compute.aggregates.remove_host(request.ctx, aggregate_id, body.host)
    return schemas.AggregateResponse(_detail(updated))


def _set_metadata(request: ApiRequest, aggregate_id: str, body: schemas.AggregateMetadata) -> schemas.AggregateResponse:
    updated = request.services.compute.aggregates.set_metadata(request.ctx, aggregate_id, body.metadata)
    return schemas.AggregateResponse(_detail(updated))


api.declare_actions(
    _ITEM_PATH + "/action",
    [
        Action("add_host", policy.AGGREGATES_ADD_HOST, _add_host, status=200, errors=(Conflict,)),
        Action("remove_host", policy.AGGREGATES_REMOVE_HOST, _remove_host, status=200),
        Action("set_metadata", policy.AGGREGATES_SET_METADATA, _set_metadata, status=200),
    ],
)


def _get(request: ApiRequest, aggregate_id: str) -> Aggregate:
    return request.services.compute.aggregates.get(request.ctx, aggregate_id, policy.AGGREGATES_CACHE_IMAGES)


api.declare_unsupported("POST", _ITEM_PATH + "/images", policy.AGGREGATES_CACHE_IMAGES, _NO_CACHE, get=_get, since=81)


def _detail(aggregate: Aggregate) -> schemas.AggregateDetail:
    return schemas.AggregateDetail(
        id=aggregate.id,
        uuid=aggregate.uuid,
        name=aggregate.name,
        availability_zone=aggregate.availability_zone,
        created_at=format_iso_naive(aggregate.created_at),
        updated_at=None if aggregate.updated_at is None else format_iso_naive(aggregate.updated_at),
        hosts=aggregate.hosts,
        metadata=aggregate.metadata,
    )
