"""`/api/v1/costs`: what something has cost so far."""

from typing import Any

from stratiform.faces.rest.accounts import project_id
from stratiform.faces.stack import Request, Stack, get, reading, stack_of
from stratiform.kit.call import Call
from stratiform.kit.errors import NotFound

Body = dict[str, Any]


@get("/costs/servers/{server:str}")
def server_cost(request: Request, server: str) -> Body:
    """A server, by id or name, since its project's account pays for it; a volume by its id."""
    stack = stack_of(request)
    with reading(request) as call:
        cost = stack.billing.server_cost(call, _resource_id(stack, call, server))
    if cost is None:
        raise NotFound(f"'{server}' has cost nothing yet: it never ran, or no account pays for its project")
    return cost


@get("/costs/month")
def month_cost(request: Request, project: str | None = None, month: str | None = None) -> Body:
    """A month (this one, unless told) of a project (the token's, unless told), by day and by resource."""
    stack = stack_of(request)
    with reading(request) as call:
        wanted = call.caller.project() if project is None else project_id(stack, call, project)
        cost = stack.billing.project_cost(call, wanted, month)
    if cost is None:
        raise NotFound("no account pays for this project", hint="`stratiform account assign`")
    return cost


handlers: list[Any] = [server_cost, month_cost]


def _resource_id(stack: Stack, call: Call, given: str) -> str:
    """What the ledger knows is found by its id also where the server is gone, or never was one of ours."""
    try:
        return stack.compute.server_named(call, given).id
    except NotFound:
        return given
