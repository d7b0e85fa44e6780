"""`/os-server-external-events`."""

from msgspec import UNSET

from stratiform.interfaces.endpoints import ApiRequest, ApiResponse
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import external_events as schemas
from stratiform.kit.errors import NotFound
from stratiform.services.compute import policy
from stratiform.services.compute.errors import InvalidField
from stratiform.services.compute.service.external_events import EventOutcome

#: External events, with their first microversion.
_EVENTS = {
    "network-changed": 1,
    "network-vif-plugged": 1,
    "network-vif-unplugged": 1,
    "network-vif-deleted": 1,
    "volume-extended": 51,
    "power-update": 76,
    "accelerator-request-bound": 82,
    "volume-reimaged": 93,
}
_STATUSES = ("failed", "completed", "in-progress")
_OK, _MULTI_STATUS = 200, 207


@api.post("/os-server-external-events", policy.EXTERNAL_EVENTS_CREATE)
def create_external_events(
    request: ApiRequest, body: schemas.ExternalEventsRequest
) -> ApiResponse[schemas.ExternalEventsResponse]:
    """Accept events of other services; the response has the outcome of each."""
    for event in body.events:
        _check(event, request.microversion)
    results = [_report(request, event) for event in body.events]
    if not any(result.code == _OK for result in results):
        raise NotFound("No instances found for any event")
    is_complete = all(result.code == _OK for result in results)
    return ApiResponse(schemas.ExternalEventsResponse(results), status=_OK if is_complete else _MULTI_STATUS)


def _check(event: schemas.ExternalEvent, microversion: int) -> None:
    if _EVENTS.get(event.name, microversion + 1) > microversion:
        names = [name for name, since in _EVENTS.items() if since <= microversion]
        raise InvalidField("name", event.name, f"{event.name!r} is not one of {names}")
    if event.status not in _STATUSES:
        raise InvalidField("status", event.status, f"{event.status!r} is not one of {list(_STATUSES)}")


def _report(request: ApiRequest, event: schemas.ExternalEvent) -> schemas.ExternalEventResult:
    tag = None if event.tag is UNSET else event.tag
    outcome = request.services.compute.external_events.report(request.ctx, event.name, event.server_uuid, tag)
    status = "completed" if outcome is EventOutcome.ACCEPTED else "failed"
    return schemas.ExternalEventResult(event.name, event.server_uuid, status, outcome.value, event.tag)
