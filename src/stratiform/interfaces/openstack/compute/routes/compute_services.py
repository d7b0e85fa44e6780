"""`/os-services`: one entry for all workers, and one for every cloud."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import infrastructure as schemas
from stratiform.interfaces.openstack.compute.views.hypervisors import BINARY, compute_service
from stratiform.kit.clock import format_iso_naive
from stratiform.kit.errors import Conflict, Invalid
from stratiform.services.compute import policy
from stratiform.services.compute.errors import InvalidField, ServiceNotFound

_WORKER = "stratiform-worker"

#: The host of the worker in lists.
WORKER_HOST = "stratiform"

#: The id of the worker's entry, before 2.53 and since.
_NUMBER, _UUID = 1, "00000000-0000-4000-8000-000000000001"

#: The first microversion with UUIDs.
_UUIDS = 53

_STATUSES = ("enabled", "disabled")


@api.get("/os-services", policy.SERVICES_LIST)
def list_services(request: ApiRequest, query: schemas.ComputeServiceQuery) -> schemas.ComputeServicesResponse:
    services, ctx = request.services.compute.services, request.ctx
    worker = schemas.ComputeService(
        id=_NUMBER if request.microversion < _UUIDS else _UUID,
        binary=_WORKER,
        host=WORKER_HOST,
        state="up" if services.is_worker_up(ctx) else "down",
        updated_at=format_iso_naive(ctx.now),
    )
    entries = [worker, *(compute_service(item, request.view, ctx.now) for item in services.list(ctx))]
    return schemas.ComputeServicesResponse(
        [item for item in entries if query.binary in (None, item.binary) and query.host in (None, item.host)]
    )


@api.put("/os-services/{compute_service_id}", policy.SERVICES_UPDATE, since=_UUIDS)
def update_service(
    request: ApiRequest, compute_service_id: str, body: schemas.ComputeServiceUpdate
) -> schemas.ComputeServiceResponse:
    disabled = None
    if isinstance(body.status, str):
        if body.status not in _STATUSES:
            raise InvalidField("status", body.status, f"{body.status!r} is not one of {list(_STATUSES)}")
        disabled = body.status == "disabled"
    reason = body.disabled_reason if isinstance(body.disabled_reason, str) else None
    if reason is not None and not disabled:
        raise Invalid("Specifying disabled_reason requires that status is disabled.")
    forced_down = body.forced_down if isinstance(body.forced_down, bool) else None
    updated = request.services.compute.services.update(
        request.ctx, compute_service_id, disabled=disabled, reason=reason, forced_down=forced_down
    )
    return schemas.ComputeServiceResponse(compute_service(updated, request.view, request.ctx.now))


@api.put("/os-services/{compute_service_id}", policy.SERVICES_UPDATE, until=_UUIDS - 1)
def update_service_of_host(
    request: ApiRequest, compute_service_id: str, body: schemas.ComputeServiceHost
) -> schemas.ComputeServiceStatusResponse:
    """Run one of the actions `enable`, `disable`, `disable-log-reason` and `force-down`."""
    action = compute_service_id
    if body.binary != BINARY:
        raise ServiceNotFound(f"{body.binary} on host {body.host}")
    services = request.services.compute.services
    response = schemas.ComputeServiceStatus(body.host, body.binary)
    if action == "enable":
        services.update(request.ctx, body.host, disabled=False)
        response.status = "enabled"
    elif action in ("disable", "disable-log-reason"):
        reason = body.disabled_reason if isinstance(body.disabled_reason, str) else None
        if action == "disable-log-reason" and not reason:
            raise Invalid("Missing disabled reason field")
        services.update(request.ctx, body.host, disabled=True, reason=reason)
        response.status, response.disabled_reason = "disabled", body.disabled_reason
    elif action == "force-down" and isinstance(body.forced_down, bool):
        services.update(request.ctx, body.host, forced_down=body.forced_down)
        response.forced_down = body.forced_down
    else:
        raise Invalid("Unknown action")
    return schemas.ComputeServiceStatusResponse(response)


@api.delete("/os-services/{compute_service_id}", policy.SERVICES_DELETE, errors=(Conflict,))
def delete_service(request: ApiRequest, compute_service_id: str) -> None:
    request.services.compute.services.delete(request.ctx, compute_service_id)
