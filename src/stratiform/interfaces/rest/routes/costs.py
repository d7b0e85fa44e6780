"""`/costs`: running costs, before an invoice is issued."""

import msgspec

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.references import resolve_project
from stratiform.interfaces.rest.schemas import costs as schemas
from stratiform.kit.errors import Conflict, NotFound
from stratiform.services.billing import policy


@api.get("/costs/servers/{server}", policy.COSTS_GET, errors=(Conflict,))
def show_server_cost(request: ApiRequest, server: schemas.ServerReference) -> schemas.ServerCost:
    """Show what a server or volume has cost since its project was assigned to its customer account."""
    cost = request.services.billing.server_cost(request.ctx, _resource_id(request, server))
    if cost is None:
        raise NotFound(f"'{server}' has no cost: it was never active, or its project is assigned to no account")
    return msgspec.convert(cost, schemas.ServerCost)


@api.get("/costs/month", policy.COSTS_GET, errors=(NotFound, Conflict))
def show_month_cost(request: ApiRequest, query: schemas.MonthQuery) -> schemas.ProjectCost:
    """Show what a project has cost in a month, by day and by resource."""
    services, ctx = request.services, request.ctx
    if query.project is None:
        project_id = ctx.caller.project()
    else:
        project_id = resolve_project(services, ctx, query.project, external=True)
    cost = services.billing.project_cost(ctx, project_id, query.month)
    if cost is None:
        raise NotFound("The project is assigned to no account", hint="`stratiform account assign` assigns it")
    return msgspec.convert(cost, schemas.ProjectCost)


def _resource_id(request: ApiRequest, reference: str) -> str:
    """Return the id of a server, or `reference`: the ledger has usage of deleted servers and of other clouds, too."""
    try:
        return request.services.compute.servers.get_by_name_or_id(request.ctx, reference).id
    except NotFound:
        return reference
