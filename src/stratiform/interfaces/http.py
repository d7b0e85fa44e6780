"""Helpers of HTTP interfaces: the request's services, its id, and its transaction.

One request is one transaction. `read_transaction` and `write_transaction` open it and authenticate the caller. An
exception rolls it back; after a commit the worker is woken.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from random import Random
from typing import Any, cast
from uuid import UUID

import litestar
from litestar.connection import ASGIConnection
from litestar.datastructures import Headers
from litestar.handlers import BaseRouteHandler
from litestar.types import Scope

from stratiform.interfaces.cross_origin import handles_preflight
from stratiform.interfaces.http_settings import get_http_settings
from stratiform.interfaces.rate_limits import RateLimitExceeded
from stratiform.interfaces.services import Services
from stratiform.kit.clock import Micros
from stratiform.kit.context import HttpClient, RequestContext, attach_context, describe_context
from stratiform.kit.database import Connection
from stratiform.kit.errors import NotFound, Unauthenticated
from stratiform.kit.policy import Caller

Request = litestar.Request[object, object, Any]

#: For request ids, which need not be secret: a system call per request takes longer than the rest of the id.
_random = Random()  # noqa: S311

#: Routes without a declared endpoint. Their functions run in the thread pool, because SQL and password hashing wait.
get = partial(litestar.get, sync_to_thread=True)
post = partial(litestar.post, sync_to_thread=True)


_MAX_AGENT_LENGTH = 255

#: A global request id; others are ignored. Source: oslo_middleware/request_id.py.
_GLOBAL_REQUEST_ID = re.compile(r"req-[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}")


def get_services(request: ASGIConnection[Any, Any, object, Any]) -> Services:
    return cast("Services", request.app.state.services)


def get_request_id(scope: Scope) -> str:
    """Return the id of a request, `req-…`, which is in the log and in the response."""
    state = scope["state"]
    if "request_id" not in state:
        state["request_id"] = f"req-{UUID(int=_random.getrandbits(128), version=4)}"
    return str(state["request_id"])


def get_global_request_id(scope: Scope) -> str:
    """Return the id that the client has set for a chain of requests in X-OpenStack-Request-ID; "" if there is none."""
    text = Headers.from_scope(scope).get("x-openstack-request-id", "")
    return text if _GLOBAL_REQUEST_ID.fullmatch(text) else ""


@contextmanager
def read_transaction(request: Request, token: str = "", *, prepares: bool = True) -> Iterator[RequestContext]:
    """Open a transaction that only reads. `token`: if it is not in the header.

    `prepares` False: for the event loop, where another Keystone cannot be contacted.

    Raises Unauthenticated, Unavailable.
    """
    services = get_services(request)
    if prepares:
        services.identity.prepare_token(services.database, token or request.headers.get("x-auth-token", ""))
    with services.database.read_transaction() as db:
        yield _call(request, services, db, token)


@contextmanager
def write_transaction(request: Request) -> Iterator[RequestContext]:
    """Open a transaction that is committed at the end. Raises Unauthenticated."""
    services = get_services(request)
    services.identity.prepare_token(services.database, request.headers.get("x-auth-token", ""))
    with services.database.transaction() as db:
        ctx = _call(request, services, db, "")
        attach_context(db, describe_context(ctx))
        yield ctx
    services.wake()


async def require_token(request: ASGIConnection[object, object, object, Any], handler: BaseRouteHandler) -> None:
    """Guard of every API: reject requests without a token before the body is read. Raises Unauthenticated.

    `read_transaction` and `write_transaction` validate the token. Methods in the route's option
    `methods_without_token` need none, nor do preflight requests of browsers. It is a coroutine because Litestar runs
    other guards in a thread.
    """
    if request.scope.get("method") in handler.opt["methods_without_token"] or handles_preflight(request.scope):
        return
    if not request.headers.get("x-auth-token"):
        raise Unauthenticated("The request you have made requires authentication.")


async def refuse_empty_id(request: ASGIConnection[object, object, object, Any], _handler: BaseRouteHandler) -> None:
    """Guard of APIs for which a path that ends with a slash names a resource with an empty id. Raises NotFound."""
    if ends_with_slash(request) and not handles_preflight(request.scope):
        raise NotFound("The resource could not be found.")


def ends_with_slash(request: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """Return whether the path ends with a slash. Litestar removes it from `scope["path"]`."""
    return bytes(request.scope.get("raw_path", b"")).partition(b"?")[0].endswith(b"/")


def _call(request: Request, services: Services, db: Connection, token: str) -> RequestContext:
    # the decoded path by which the request was routed: `request.url` would end it at an encoded `?` or `#`
    token, now = token or request.headers.get("x-auth-token", ""), services.clock.now()
    caller = services.identity.authenticate(
        db,
        token,
        now,
        method=request.method,
        path=request.scope["path"],
        service_token_id=request.headers.get("x-service-token", ""),
    )
    _count_request(request, caller, now)
    return RequestContext(
        db,
        caller,
        now,
        get_request_id(request.scope),
        global_request_id=get_global_request_id(request.scope),
        client=_get_client(request),
    )


def _get_client(request: Request) -> HttpClient:
    address = request.scope["client"]
    agent = request.headers.get("user-agent", "")
    return HttpClient(address[0] if address else "", agent[:_MAX_AGENT_LENGTH])


def _count_request(request: Request, caller: Caller, now: Micros) -> None:
    """Count a request once, however many transactions it opens. Raises RateLimitExceeded."""
    state = request.scope["state"]
    if state.get("is_counted"):
        return
    state["is_counted"] = True
    try:
        get_http_settings(request.app.state).rate_limiter.require(caller.user_id, now)
    except RateLimitExceeded as error:
        state["retry_after_s"] = error.retry_after_s
        raise
