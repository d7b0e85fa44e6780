"""Volume types: ids and names."""

import msgspec

from stratiform.interfaces.almanach import resource_updates, schemas
from stratiform.interfaces.almanach.api import api
from stratiform.interfaces.almanach.context import AlmanachContext
from stratiform.interfaces.endpoints import ApiRequest
from stratiform.services.ingest import policy as ingest_policy
from stratiform.services.ledger import policy as ledger_policy
from stratiform.services.ledger.model import Resource
from stratiform.services.ledger.service import VolumeType

_RESOURCE_TYPE = "volume_type"


class VolumeTypeView(msgspec.Struct):
    """A volume type in a response."""

    volume_type_id: str
    volume_type_name: str


@api.get("/volume_types", ledger_policy.VOLUME_TYPES_LIST)
def list_volume_types(request: ApiRequest) -> list[VolumeTypeView]:
    """List volume types; each ID is listed once, with its name in the first cloud that has it."""
    context = AlmanachContext.from_request(request)
    by_id = {volume_type.id: volume_type for volume_type in reversed(context.list_volume_types())}
    return [_view(by_id[type_id]) for type_id in sorted(by_id)]


@api.get("/volume_type/{type_id}", ledger_policy.VOLUME_TYPES_LIST)
def show_volume_type(request: ApiRequest, type_id: str) -> VolumeTypeView:
    context = AlmanachContext.from_request(request)
    volume_types = context.get_volume_types(type_id)
    return _view(min(volume_types, key=lambda volume_type: volume_type.cloud))


@api.post("/volume_type", ingest_policy.RESOURCE_UPDATES_CREATE, status=201)
def create_volume_type(request: ApiRequest, body: bytes) -> None:
    context = AlmanachContext.from_request(request)
    type_id, name = schemas.parse_volume_type(body)
    existing = next(iter(context.list_volume_types(type_id)), None)
    if existing is None or existing.name != name:
        cloud = context.settings.cloud if existing is None else existing.cloud
        resource = Resource(cloud, _RESOURCE_TYPE, type_id)
        context.append_updates(resource_updates.build_volume_type_create(resource, context.now, name))


@api.delete("/volume_type/{type_id}", ingest_policy.RESOURCE_UPDATES_CREATE, status=202)
def delete_volume_type(request: ApiRequest, type_id: str) -> None:
    """Delete a volume type in every cloud that has it."""
    context = AlmanachContext.from_request(request)
    clouds = sorted(volume_type.cloud for volume_type in context.get_volume_types(type_id))
    resources = [Resource(cloud, _RESOURCE_TYPE, type_id) for cloud in clouds]
    context.append_updates(*(resource_updates.build_delete(resource, context.now) for resource in resources))


def _view(volume_type: VolumeType) -> VolumeTypeView:
    return VolumeTypeView(volume_type.id, volume_type.name)
