"""`/api/v1/costs`: what something has cost so far."""

from typing import Any

from stratiform.interfaces.rest.references import resolve_project
from stratiform.interfaces.services import Request, Services, get, reading, services_of
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import NotFound

Body = dict[str, Any]


@get("/costs/servers/{server:str}")
def server_cost(request: Request, server: str) -> Body:
    """A server, by id or name, since its project's account pays for it; a volume by its id."""
    services = services_of(request)
    with reading(request) as ctx:
        cost = services.billing.server_cost(ctx, _resource_id(services, ctx, server))
    if cost is None:
        raise NotFound(f"'{server}' has cost nothing yet: it never ran, or no account pays for its project")
    return cost


@get("/costs/month")
def month_cost(request: Request, project: str | None = None, month: str | None = None) -> Body:
    """A month (this one, unless told) of a project (the token's, unless told), by day and by resource."""
    services = services_of(request)
    with reading(request) as ctx:
        wanted = ctx.caller.project() if project is None else resolve_project(services, ctx, project, external=True)
        cost = services.billing.project_cost(ctx, wanted, month)
    if cost is None:
        raise NotFound("no account pays for this project", hint="`stratiform account assign`")
    return cost


handlers: list[Any] = [server_cost, month_cost]


def _resource_id(services: Services, ctx: RequestContext, given: str) -> str:
    """What the ledger knows is found by its id also where the server is gone, or never was one of ours."""
    try:
        return services.compute.servers.get_by_name_or_id(ctx, given).id
    except NotFound:
        return given
