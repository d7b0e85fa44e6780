"""From an HTTP request to an endpoint function, and from its result to an HTTP response.

The order is the same for every endpoint: token, policy rule, schema, function. So a caller without the role learns
nothing about bodies or resources. One request is one transaction, unless the endpoint manages its own.
"""

import logging
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec
from anyio import to_thread
from litestar import HttpMethod, Response, Router
from litestar.concurrency import sync_to_thread
from litestar.handlers import HTTPRouteHandler
from litestar.types import Guard, Middleware

from stratiform.interfaces.endpoints import decoding
from stratiform.interfaces.endpoints.declaration import Api, Endpoint, Recall
from stratiform.interfaces.endpoints.extra_attributes import flatten_extra_attributes, is_extensible
from stratiform.interfaces.endpoints.field_restrictions import is_restricted, unset_restricted_fields
from stratiform.interfaces.endpoints.request import ApiRequest, ApiResponse, ViewContext
from stratiform.interfaces.endpoints.strict_checks import check_content_encoding, check_query
from stratiform.interfaces.hashing_pool import run_in_hashing_pool
from stratiform.interfaces.http import Request, get_services, refuse_empty_id, require_token
from stratiform.interfaces.request_bodies import ANONYMOUS_BYTES, read_body
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Deadlock, Invalid

Handler = Callable[[Request], Coroutine[Any, Any, Response[Any]]]

_PARAMETER = re.compile(r"{(\w+)}")

#: How often a transaction is attempted that deadlocks with others.
_MAX_ATTEMPTS = 5

logger = logging.getLogger(__name__)


class _OwnedRouter(Router):
    """A router for one application, which need not copy it: a copy of a thousand routes takes a fifth of the start."""

    def __deepcopy__(self, memo: dict[int, object]) -> "_OwnedRouter":
        return self


def build_router(
    api: Api,
    *,
    path: str = "",
    before_request: Callable[..., Any] | None = None,
    middleware: Sequence[Middleware] = (),
    guards: Sequence[Guard] = (),
) -> Router:
    """Return the routes of all endpoints that `api` declares, below its path or another one."""
    api.import_routes()
    routes: dict[str, dict[str, list[Endpoint]]] = defaultdict(lambda: defaultdict(list))
    for endpoint in api.endpoints:
        routes[endpoint.path][endpoint.method].append(endpoint)
    return _OwnedRouter(
        path=path or api.path,
        route_handlers=[_route(api, path, endpoints) for path, endpoints in routes.items()],
        before_request=before_request,
        middleware=middleware,
        guards=[require_token, *guards] if api.ignores_trailing_slash else [require_token, refuse_empty_id, *guards],
        exception_handlers=api.exception_handlers,
    )


def _route(api: Api, path: str, endpoints: Mapping[str, Sequence[Endpoint]]) -> HTTPRouteHandler:
    """Return the handler of all methods of a path, because Litestar takes as long for each handler as for its route."""
    handlers = {method: _choose_handler(api, group) for method, group in endpoints.items()}

    async def handle(request: Request) -> Response[bytes]:
        if request.method == HttpMethod.OPTIONS:
            return Response(b"", status_code=204, headers={"allow": ", ".join(methods)})
        return await handlers[request.method](request)

    methods = [*endpoints, HttpMethod.OPTIONS.value]
    prefixes = ("", "/{project_id:str}") if api.project_in_path else api.prefixes
    typed_path = _PARAMETER.sub(r"{\1:str}", path)
    return HTTPRouteHandler(
        [prefix + typed_path for prefix in prefixes],
        http_method=[HttpMethod(method) for method in methods],
        status_code=200,  # each response has its own
        include_in_schema=False,
        methods_without_token={method for method in methods if not _requires_token(endpoints.get(method, ()))},
        request_max_body_size=None,  # `read_body` and streams have limits of their own
    )(handle)


def _choose_handler(api: Api, endpoints: Sequence[Endpoint]) -> Handler:
    """Return the handler of one method and path; which endpoint it is depends on microversion and action."""
    if endpoints[0].is_async:
        return _async_handler(api, endpoints)
    if endpoints[0].recall is not None:
        return _recalling_handler(api, endpoints[0], endpoints[0].recall)
    if endpoints[0].is_read_only:
        return _handler_without_body(api, endpoints)
    return _handler(api, endpoints)


def _requires_token(endpoints: Sequence[Endpoint]) -> bool:
    return any(endpoint.rule is not None for endpoint in endpoints)


def _handler(api: Api, endpoints: Sequence[Endpoint]) -> Handler:
    """Endpoints with a body: a large one is received only after the caller has been authorized."""
    max_bytes = api.max_body_bytes if _requires_token(endpoints) else ANONYMOUS_BYTES

    async def handle(request: Request) -> Response[bytes]:
        def authorize() -> Awaitable[None]:
            return to_thread.run_sync(_require_any, api, endpoints, request)

        body = await read_body(request, max_bytes, authorize)
        if any(endpoint.hashes for endpoint in endpoints):
            return await run_in_hashing_pool(_respond, api, endpoints, request, body)
        return await sync_to_thread(_respond, api, endpoints, request, body)

    return handle


def _handler_without_body(api: Api, endpoints: Sequence[Endpoint]) -> Handler:
    async def handle(request: Request) -> Response[bytes]:
        return await sync_to_thread(_respond, api, endpoints, request, b"")

    return handle


def _recalling_handler(api: Api, endpoint: Endpoint, recall: Recall) -> Handler:
    """Endpoints whose response may be in memory: a thread, which takes longer than the rest, runs only if it is not."""

    async def handle(request: Request) -> Response[bytes]:
        view = _view(api, request, None)
        response = recall(_api_request(api, request, view))
        if response is not None:
            return _response(api, endpoint, view, response)
        return await sync_to_thread(_respond, api, [endpoint], request, b"")

    return handle


def _async_handler(api: Api, endpoints: Sequence[Endpoint]) -> Handler:
    """Endpoints that stream a body: they are authorized in a thread, then run in the event loop."""

    async def handle(request: Request) -> Response[bytes]:
        endpoint, _ = _select(api, endpoints, request, b"")
        view = await to_thread.run_sync(_authorize, api, endpoint, request)
        api_request = _api_request(api, request, view)
        arguments = _decode_parameters(api, endpoint, api_request)
        result = await endpoint.function(api_request, **_path_parameters(api, request), **arguments)
        return _response(api, endpoint, view, result)

    return handle


def _respond(api: Api, endpoints: Sequence[Endpoint], request: Request, body: bytes) -> Response[Any]:
    endpoint, body = _select(api, endpoints, request, body)
    if endpoint.rule is None:
        view = _view(api, request, None)
        result = _call(api, endpoint, _api_request(api, request, view), body)
    elif endpoint.manages_transactions:
        view = _authorize(api, endpoint, request)
        result = _call(api, endpoint, _api_request(api, request, view), body)
    else:
        view, result = _call_in_transaction(api, endpoint, request, body)
    return _response(api, endpoint, view, result)


def _call_in_transaction(api: Api, endpoint: Endpoint, request: Request, body: bytes) -> tuple[ViewContext, object]:
    """Call an endpoint in one transaction; repeat both if the database ends the transaction to resolve a deadlock."""
    for attempt in range(1, _MAX_ATTEMPTS + 1):
        try:
            with _context(api, endpoint, request) as ctx:
                view = _view(api, request, ctx)
                return view, _call(api, endpoint, _api_request(api, request, view, ctx), body)
        except Deadlock:
            if attempt == _MAX_ATTEMPTS:
                raise
            logger.warning("deadlock, retrying method=%s path=%s attempt=%d", endpoint.method, endpoint.path, attempt)
    raise AssertionError("the last attempt returns or raises")


def _select(api: Api, endpoints: Sequence[Endpoint], request: Request, body: bytes) -> tuple[Endpoint, bytes]:
    """Return the endpoint for the request's microversion and action, and its body. Raises Invalid, NotFound."""
    minor = request.scope["state"].get("minor", 0)
    if endpoints[0].action:
        endpoints, body = _with_action(endpoints, body)
        request.scope["state"]["action"] = endpoints[0].action
    for endpoint in endpoints:
        if endpoint.exists_in(minor):
            return endpoint, body
    raise api.version_not_found(minor)


def _with_action(endpoints: Sequence[Endpoint], body: bytes) -> tuple[list[Endpoint], bytes]:
    names, values = decoding.split_action(body)
    named = [endpoint for endpoint in endpoints if len(names) == 1 and endpoint.action == names[0]]
    if not named:
        raise Invalid(f"There is no such action: {', '.join(names)}" if names else "The request body is empty.")
    return named, bytes(values[names[0]])


@contextmanager
def _context(api: Api, endpoint: Endpoint, request: Request) -> Iterator[RequestContext]:
    """Open the request's transaction. Raises Unauthenticated, Forbidden, and Invalid for another project's path."""
    open_transaction = api.transactions.read if endpoint.is_read_only else api.transactions.write
    with open_transaction(request) as token_ctx:
        ctx = _in_project_of_path(api, request, token_ctx)
        _require_possible(endpoint, ctx)
        yield ctx


def _authorize(api: Api, endpoint: Endpoint, request: Request) -> ViewContext:
    with api.transactions.read(request) as token_ctx:
        ctx = _in_project_of_path(api, request, token_ctx)
        _require_possible(endpoint, ctx)
        return _view(api, request, ctx)


def _require_any(api: Api, endpoints: Sequence[Endpoint], request: Request) -> None:
    """Raises Unauthenticated, and Forbidden if the caller may use none of `endpoints`."""
    with api.transactions.read(request) as token_ctx:
        ctx = _in_project_of_path(api, request, token_ctx)
        rules = [endpoint.rule for endpoint in endpoints if endpoint.rule is not None]
        if not any(rule.allows_some_resource(ctx.caller) for rule in rules):
            raise rules[0].build_forbidden_error()


def _require_possible(endpoint: Endpoint, ctx: RequestContext) -> None:
    """Raises Forbidden if the rule allows the caller no resource at all. The service checks the actual one."""
    if endpoint.rule is not None and not endpoint.rule.allows_some_resource(ctx.caller):
        raise endpoint.rule.build_forbidden_error()


def _in_project_of_path(api: Api, request: Request, ctx: RequestContext) -> RequestContext:
    """Return the context in the path's project: the token's, or any for an operator."""
    project_id = request.path_params.get("project_id") if api.project_in_path else None
    if project_id is None or project_id == ctx.caller.project_id:
        return ctx
    if not ctx.caller.is_admin:
        raise Invalid("Malformed request url")
    return replace(ctx, caller=replace(ctx.caller, project_id=project_id))


def _view(api: Api, request: Request, ctx: RequestContext | None) -> ViewContext:
    project_id = request.path_params.get("project_id") if api.project_in_path else None
    return ViewContext(
        url=get_services(request).url,
        path=api.path if project_id is None else f"{api.path}/{project_id}",
        microversion=request.scope["state"].get("minor", 0),
        is_admin=ctx is not None and ctx.caller.is_admin,
    )


def _api_request(api: Api, request: Request, view: ViewContext, ctx: RequestContext | None = None) -> ApiRequest:
    return ApiRequest(request, get_services(request), view, ctx, api.transactions)


def _call(api: Api, endpoint: Endpoint, request: ApiRequest, body: bytes) -> object:
    arguments = _decode_parameters(api, endpoint, request)
    if endpoint.body is bytes:
        arguments["body"] = body
    elif endpoint.body is not None:
        arguments["body"] = decoding.decode_body(
            body,
            endpoint.body,
            minor=request.microversion,
            lenient=api.lenient,
            invalid=api.invalid_field,
            key=endpoint.action or "body",
        )
    parameters = _path_parameters(api, request.http)
    if endpoint.action:  # the functions of an action table may name the resource's id as they like
        return endpoint.function(request, *parameters.values(), **arguments)
    return endpoint.function(request, **parameters, **arguments)


def _decode_parameters(api: Api, endpoint: Endpoint, request: ApiRequest) -> dict[str, object]:
    """Decode query string and headers. Raises Invalid."""
    if api.strict:
        check_query(request.query_items, endpoint.query)
        check_content_encoding(request.http.headers)
    arguments: dict[str, object] = {}
    if endpoint.query is not None:
        arguments["query"] = decoding.decode_query(
            request.query_items,
            endpoint.query,
            minor=request.microversion,
            invalid=api.invalid_field,
            parse_flag=api.parse_flag,
        )
    if endpoint.headers is not None:
        headers = request.http.headers
        arguments["headers"] = decoding.decode_headers(headers, endpoint.headers, invalid=api.invalid_field)
    return arguments


def _path_parameters(api: Api, request: Request) -> dict[str, str]:
    prefix = "project_id" if api.project_in_path else ""
    return {name: value for name, value in request.path_params.items() if name != prefix}


def _response(api: Api, endpoint: Endpoint, view: ViewContext, result: Any) -> Response[Any]:
    if isinstance(result, Response):
        return result
    response = result if isinstance(result, ApiResponse) else ApiResponse(result)
    status = response.status or endpoint.status
    if response.encoded is not None:
        return Response(response.encoded, status_code=status, headers=response.headers, media_type=response.media_type)
    if response.body is None:
        return Response(b"", status_code=status, headers=response.headers, media_type=api.empty_media_type)
    if is_restricted(type(response.body)):
        unset_restricted_fields(response.body, view.microversion, is_admin=view.is_admin)
    return Response(
        _encode(response.body), status_code=status, headers=response.headers, media_type=response.media_type
    )


def _encode(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    return msgspec.json.encode(flatten_extra_attributes(body) if is_extensible(type(body)) else body)
