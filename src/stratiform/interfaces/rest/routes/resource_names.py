"""`/usage/names`: names of volume types, flavors, images and projects, which usage refers to by id."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.late_usage import LateUsageCheck
from stratiform.interfaces.rest.schemas import resource_names as schemas
from stratiform.interfaces.rest.timestamps import parse_timestamp
from stratiform.kit.clock import Micros, format_iso
from stratiform.services.ingest import policy as ingest_policy
from stratiform.services.ledger import policy as ledger_policy
from stratiform.services.ledger.model import Resource
from stratiform.services.ledger.model.name_timelines import NAMED_TYPES


@api.get("/usage/names", ledger_policy.NAMES_LIST)
def list_names(request: ApiRequest, query: schemas.NameListQuery) -> schemas.ResourceNames:
    """List all names, each with the time from which it applies."""
    types = NAMED_TYPES if query.resource_type is None else (query.resource_type,)
    timelines = request.services.ledger.name_timelines.list(request.ctx, types)
    names = [_name(resource, name, start) for resource, timeline in timelines for start, name in timeline.names]
    return schemas.ResourceNames(names)


@api.post("/usage/names", ingest_policy.NAMES_SET, status=201)
def set_name(request: ApiRequest, body: schemas.NameSet) -> schemas.NamesSet:
    """Set the name of a resource; prices that compare names use it. Setting the same name again changes nothing."""
    start = request.ctx.now if body.start is None else parse_timestamp(body.start, "start")
    resource = Resource(body.cloud, body.resource_type, body.resource_id)
    check = LateUsageCheck.start(request.services, request.ctx)
    resources = request.services.ingest.resource_names.set_name(request.ctx, resource, body.name, start)
    return schemas.NamesSet([_name(each, body.name, start) for each in resources], check.find(request.ctx))


def _name(resource: Resource, name: str, start: Micros) -> schemas.ResourceName:
    return schemas.ResourceName(resource.resource_type, resource.resource_id, resource.cloud, name, format_iso(start))
