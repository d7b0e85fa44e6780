"""`/costs`: running costs of servers, volumes and projects."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.name_resolution import resolve_project
from stratiform.interfaces.rest.schemas import costs as schemas
from stratiform.kit.errors import Conflict, NotFound
from stratiform.services.billing import policy
from stratiform.services.billing.model import ProjectCost, ResourceCost


@api.get("/costs/servers/{server}", policy.COSTS_GET)
def show_server_cost(request: ApiRequest, server: schemas.ServerReference) -> ResourceCost:
    """Show the cost of a server to date, since its project was assigned to the customer account; a volume by its ID."""
    cost = request.services.billing.costs.find_resource_cost(request.ctx, _resolve_server(request, server))
    if cost is None:
        raise NotFound(f"'{server}' has no cost: it has no usage, or its project has no customer account")
    return cost


@api.get("/costs/month", policy.COSTS_GET, errors=(NotFound, Conflict))
def show_project_cost(request: ApiRequest, query: schemas.MonthCostQuery) -> ProjectCost:
    """Show the cost of a project in a month, to date, by day and by resource."""
    services, ctx = request.services, request.ctx
    project_id = (
        ctx.caller.require_project_id()
        if query.project is None
        else resolve_project(services, ctx, query.project, external=True)
    )
    cost = services.billing.costs.find_project_cost(ctx, project_id, query.month)
    if cost is None:
        raise NotFound("The project has no customer account", hint="assign one with `stratiform account assign`")
    return cost


def _resolve_server(request: ApiRequest, reference: str) -> str:
    """Return the id of a server; an id of a deleted server or of another resource is returned unchanged."""
    try:
        return request.services.compute.servers.get_by_name_or_id(request.ctx, reference).id
    except NotFound:
        return reference
