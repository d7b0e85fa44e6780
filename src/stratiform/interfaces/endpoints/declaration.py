"""The declaration of endpoints and of action tables."""

import inspect
import pkgutil
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, TypedDict, TypeVar, Unpack

from litestar.types import ExceptionHandlersMap

from stratiform.interfaces.endpoints.decoding import FlagParser, parse_bool
from stratiform.interfaces.endpoints.field_restrictions import InvalidFieldFormat
from stratiform.interfaces.endpoints.media_types import JSON, OBJECT, Schema
from stratiform.interfaces.endpoints.request import ApiRequest, ApiResponse, RequestTransactions
from stratiform.kit.errors import Fault, Invalid, NotFound, UnsupportedOperation
from stratiform.kit.policy import Rule

Function = Callable[..., Any]
F = TypeVar("F", bound=Function)

#: Returns a response from memory, or None.
Recall = Callable[[ApiRequest], ApiResponse[Any] | None]

_UNSUPPORTED = "Not supported (501): "


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One route at one range of microversions.

    `path` is relative to the API's; `{name:path}` in it matches several segments. `action` is the key of an action's
    body. `rule` None: no token is needed. `body`, `query`, `headers` and `response` are schemas, taken from the
    annotations of the function. `consumes` and `produces` map media types to schemas, for bodies that are not (only)
    JSON. `hashes`: it hashes a secret, which takes long. `recall(request)` returns a response that is
    still valid, or None; it does not wait. `errors` are those beside 400 for a body, 401, 403, and 404
    for a path with a resource.
    """

    method: str
    path: str
    rule: Rule | None
    function: Function
    status: int = 200
    since: int = 0
    until: int | None = None
    errors: tuple[type[Fault], ...] = ()
    action: str = ""
    body: Any = None
    query: Any = None
    headers: Any = None
    response: object = None
    consumes: Mapping[str, Schema] = field(default_factory=dict)
    produces: Mapping[str, Schema] = field(default_factory=dict)
    manages_transactions: bool = False
    hashes: bool = False
    recall: Recall | None = None

    @property
    def name(self) -> str:
        """The name in lists and tests: `POST /servers/{server_id}/action os-start`."""
        return f"{self.method} {self.path} {self.action}".rstrip()

    @property
    def is_read_only(self) -> bool:
        return self.method in ("GET", "HEAD")

    @property
    def is_async(self) -> bool:
        return inspect.iscoroutinefunction(self.function)

    def exists_in(self, microversion: int) -> bool:
        return self.since <= microversion and (self.until is None or microversion <= self.until)


class EndpointOptions(TypedDict, total=False):
    """What a declaration may add; see `Endpoint`. The status is 204 for DELETE and 200 for other methods."""

    status: int
    since: int
    until: int | None
    errors: tuple[type[Fault], ...]
    consumes: Mapping[str, Schema]
    produces: Mapping[str, Schema]
    manages_transactions: bool
    hashes: bool
    recall: Recall


@dataclass(frozen=True, slots=True)
class Action:
    """One row of an action table: `function(request, resource_id)` or `function(request, resource_id, body)`."""

    name: str
    rule: Rule
    function: Function
    status: int = 202
    since: int = 0
    until: int | None = None
    errors: tuple[type[Fault], ...] = ()
    manages_transactions: bool = False


def _invalid_field(field: str, value: str, reason: str) -> Fault:
    return Invalid(f"Invalid input for field/attribute {field}. Value: {value}. {reason}")


def _version_not_found(_microversion: int) -> Fault:
    return NotFound("The resource could not be found.")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Api:
    """One interface: its path, its fault format, its endpoints, and what all of them have in common.

    `routes` is the package whose modules declare the endpoints; "" if they are declared elsewhere. Every path
    exists with each of `prefixes` in front; `project_in_path` means without a prefix and with the project's id.
    `transactions` authenticates requests. `empty_media_type` is that of responses without a body. `max_body_bytes`:
    the size limit of bodies that are not streams. `ignores_trailing_slash`: `/servers/` is `/servers`; otherwise it
    is a resource with an empty id, which does not exist. `lenient`: numbers and booleans in bodies may be strings.
    `strict`: query parameters that are unknown, repeated or empty, and encoded bodies are rejected. `parse_flag`
    parses booleans in query strings. `invalid_field` and `version_not_found` make errors in the API's own words;
    `error_content` maps the media type of errors to a schema.
    """

    name: str
    path: str
    routes: str
    exception_handlers: ExceptionHandlersMap
    project_in_path: bool = False
    prefixes: tuple[str, ...] = ("",)
    transactions: RequestTransactions = field(default_factory=RequestTransactions)
    empty_media_type: str = "application/json"
    max_body_bytes: int = 16 * 1024 * 1024
    ignores_trailing_slash: bool = True
    lenient: bool = False
    strict: bool = False
    parse_flag: FlagParser = parse_bool
    invalid_field: InvalidFieldFormat = _invalid_field
    version_not_found: Callable[[int], Fault] = _version_not_found
    error_content: Mapping[str, Schema] = field(default_factory=lambda: {JSON: OBJECT})
    endpoints: list[Endpoint] = field(default_factory=list)

    def get(self, path: str, rule: Rule | None, **options: Unpack[EndpointOptions]) -> Callable[[F], F]:
        return self._declaration("GET", path, rule, options)

    def head(self, path: str, rule: Rule | None, **options: Unpack[EndpointOptions]) -> Callable[[F], F]:
        return self._declaration("HEAD", path, rule, options)

    def post(self, path: str, rule: Rule | None, **options: Unpack[EndpointOptions]) -> Callable[[F], F]:
        return self._declaration("POST", path, rule, options)

    def put(self, path: str, rule: Rule | None, **options: Unpack[EndpointOptions]) -> Callable[[F], F]:
        return self._declaration("PUT", path, rule, options)

    def patch(self, path: str, rule: Rule | None, **options: Unpack[EndpointOptions]) -> Callable[[F], F]:
        return self._declaration("PATCH", path, rule, options)

    def delete(self, path: str, rule: Rule | None, **options: Unpack[EndpointOptions]) -> Callable[[F], F]:
        return self._declaration("DELETE", path, rule, {"status": 204, **options})

    def declare_actions(self, path: str, rows: Sequence[Action]) -> None:
        """Declare `POST path` as a table: the only key of the body is the name of the action."""
        for row in rows:
            options: EndpointOptions = {
                "status": row.status,
                "since": row.since,
                "until": row.until,
                "errors": row.errors,
                "manages_transactions": row.manages_transactions,
            }
            self._declare("POST", path, row.rule, row.function, options, row.name)

    def declare_unsupported(
        self, method: str, path: str, rule: Rule, reason: str, *, get: Function | None = None, since: int = 0
    ) -> None:
        """Declare an endpoint that is rejected with a reason, after `get(request, …)` has found the resource."""
        options: EndpointOptions = {"errors": (UnsupportedOperation,), "since": since}
        self._declare(method, path, rule, _rejection(get, reason), options)

    def declare_unsupported_actions(self, path: str, rule: Rule, get: Function, reasons: Mapping[str, str]) -> None:
        """Declare actions that are rejected with a reason, after `get(request, id)` has found the resource."""
        for name, reason in reasons.items():
            self._declare("POST", path, rule, _rejection(get, reason), {"errors": (UnsupportedOperation,)}, name)

    def format_microversion(self, minor: int) -> str:
        """Return a microversion as clients write it."""
        return str(minor)

    def import_routes(self) -> None:
        """Import every module of the package `routes`, so that its endpoints are declared."""
        if not self.routes:
            return
        package = import_module(self.routes)
        for module in pkgutil.iter_modules(package.__path__, f"{self.routes}."):
            import_module(module.name)

    def _declaration(self, method: str, path: str, rule: Rule | None, options: EndpointOptions) -> Callable[[F], F]:
        def declare(function: F) -> F:
            self._declare(method, path, rule, function, options)
            return function

        return declare

    def _declare(
        self, method: str, path: str, rule: Rule | None, function: Function, options: EndpointOptions, action: str = ""
    ) -> None:
        hints = typing.get_type_hints(function, include_extras=True)
        schemas = {name: hints.get(name) for name in ("body", "query", "headers")}
        schemas["response"] = _response_schema(hints.get("return"))
        self.endpoints.append(Endpoint(method, path, rule, function, action=action, **schemas, **options))


def _response_schema(annotation: object) -> object:
    """Return the schema of the body: `X` for `ApiResponse[X]`."""
    return typing.get_args(annotation)[0] if typing.get_origin(annotation) is ApiResponse else annotation


def name_after_resource(function: Function, member: str, members: str) -> None:
    """Name the function of a generated endpoint, such as `create_resource`, after its resources, as summaries do."""
    function.__name__ = function.__name__.replace("resources", members).replace("resource", member)


def _rejection(get: Function | None, reason: str) -> Function:
    def reject(request: object, *path: str, **parameters: str) -> None:
        if get is not None:
            get(request, *path, **parameters)
        raise UnsupportedOperation(reason)

    reject.__doc__ = f"{_UNSUPPORTED}{reason}"
    return reject
