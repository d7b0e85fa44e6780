"""`/costs`: running costs of servers, volumes and projects."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.name_resolution import resolve_metered_server, resolve_project
from stratiform.interfaces.rest.schemas import costs as schemas
from stratiform.kit.errors import Conflict, NotFound
from stratiform.services.billing import policy
from stratiform.services.billing.model import ProjectCost, ResourceCost


@api.get("/costs/servers/{server}", policy.COSTS_GET, errors=(Conflict,))
def show_server_cost(request: ApiRequest, server: schemas.ServerReference) -> ResourceCost:
    """Show the cost of a server or volume to date, since its project was assigned to the customer account."""
    resource_id = resolve_metered_server(request.services, request.ctx, server)
    cost = request.services.billing.costs.find_resource_cost(request.ctx, resource_id)
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
        name = services.billing.costs.find_project_name(ctx, project_id, ctx.now)
        project = f"'{name}' ({project_id})" if name else project_id
        raise NotFound(f"Project {project} has no customer account", hint="assign one with `stratiform account assign`")
    return cost
