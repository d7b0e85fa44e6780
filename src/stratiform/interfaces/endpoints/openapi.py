"""The OpenAPI 3.1 document of APIs, built from the declarations of their endpoints.

Endpoints that share method and path (actions, ranges of microversions) are one operation: their bodies and responses
are alternatives. `x-openstack` has the name of an action and the microversions, `x-policy-rule` the policy rules.
Source: https://spec.openapis.org/oas/v3.1.0
"""

import inspect
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from stratiform.interfaces.endpoints.declaration import Api, Endpoint
from stratiform.interfaces.endpoints.json_schemas import JsonSchema, JsonSchemas, SchemaComponents, has_schema
from stratiform.interfaces.endpoints.media_types import BINARY, JSON, OCTET_STREAM, Schema
from stratiform.interfaces.endpoints.request import ApiResponse
from stratiform.kit.errors import Fault

MEDIA_TYPE = "application/vnd.oai.openapi+json"

_PATH_PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")

_TOKEN = {"type": "apiKey", "name": "X-Auth-Token", "in": "header"}

#: How summaries write what the names of functions abbreviate.
_SPELLINGS = (
    (r"\b[Ff]loatingip", "floating IP"),
    (r"\bsubnetpool", "subnet pool"),
    (r"\bqos\b", "QoS"),
    (r"\bip(s?)\b", r"IP\1"),
    (r"\bdscp\b", "DSCP"),
    (r"\bec2\b", "EC2"),
    (r"\brbac\b", "RBAC"),
    (r"\bs3\b", "S3"),
    (r" details?$", " with details"),
)

_UNEXPECTED = "An unexpected error."
_DESCRIPTIONS = {
    400: "The request is not valid.",
    401: "The request has no token, or the token is not valid.",
    403: "The caller's roles do not allow this operation.",
    404: "The resource does not exist, or the caller is not allowed to see it.",
    409: "The resource already exists, or its state does not allow this operation.",
    413: "The body is too large.",
    415: "The content encoding of the body is not supported.",
}


def build_document(apis: Sequence[Api], *, title: str, version: str) -> dict[str, Any]:
    """Return the OpenAPI document of `apis`."""
    for api in apis:
        api.import_routes()
    components = SchemaComponents()
    paths: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for api in apis:
        schemas = JsonSchemas(api.format_microversion, components)
        for (method, path), endpoints in _by_operation(api).items():
            paths[api.path + path][method.lower()] = _operation(api, endpoints, schemas)
    _make_operation_ids_unique(paths)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "security": [{"token": []}],
        "paths": dict(paths),
        "components": {"schemas": components.schemas, "securitySchemes": {"token": _TOKEN}},
    }


def build_document_route(path: str, apis: Sequence[Api], *, title: str, version: str) -> HTTPRouteHandler:
    """Return the route of the document of `apis`, which is built when it is requested first."""

    @cache
    def encoded_document() -> bytes:
        return msgspec.json.encode(build_document(apis, title=title, version=version))

    @get(path, sync_to_thread=True)
    def show_document() -> Response[bytes]:
        return Response(encoded_document(), media_type=MEDIA_TYPE)

    return show_document


def summarize_endpoint(endpoint: Endpoint) -> str:
    """Return one line about an endpoint: the first sentence of its docstring, or its name; of an action, its rule."""
    return _split_docstring(endpoint)[0]


def _split_docstring(endpoint: Endpoint) -> tuple[str, str]:
    """Return summary and description. A docstring that begins with an identifier has no summary."""
    name = endpoint.function.__name__
    text = " ".join((inspect.getdoc(endpoint.function) or "").split())
    if name.startswith("_"):  # the functions of action tables, whose names are not those of endpoints
        return "" if endpoint.rule is None else endpoint.rule.description.removesuffix("."), text
    first, _, rest = text.partition(". ")
    if first[:1].isalpha():
        return first.removesuffix("."), rest
    return _title(name), text


def _title(function_name: str) -> str:
    """Return the name of an operation as OpenStack's API reference writes it: "List servers with details"."""
    title = function_name.replace("_", " ").capitalize()
    for pattern, replacement in _SPELLINGS:
        title = re.sub(pattern, replacement, title)
    return title


def _by_operation(api: Api) -> dict[tuple[str, str], list[Endpoint]]:
    """Return the endpoints of each method and path, in order of declaration."""
    operations: defaultdict[tuple[str, str], list[Endpoint]] = defaultdict(list)
    for endpoint in api.endpoints:
        operations[endpoint.method, _PATH_PARAMETER.sub(r"{\1}", endpoint.path)].append(endpoint)
    return operations


def _request_content(endpoint: Endpoint) -> Mapping[str, Schema]:
    if endpoint.consumes:
        return endpoint.consumes
    if endpoint.body is bytes or (endpoint.is_async and not endpoint.is_read_only):
        return {OCTET_STREAM: BINARY}
    return {JSON: endpoint.body} if has_schema(endpoint.body) else {}


def _response_content(endpoint: Endpoint) -> Mapping[str, Schema]:
    if endpoint.produces:
        return endpoint.produces
    types = list(_response_types(endpoint.response))
    if not types:
        return {}
    if bytes in types:
        return {OCTET_STREAM: BINARY}
    return {JSON: types[0] if len(types) == 1 else {"anyOf": types}}


def _response_types(annotation: object) -> Iterator[object]:
    """Yield the types of the bodies that a function may return."""
    origin = get_origin(annotation)
    if origin in (Union, UnionType, ApiResponse):
        for argument in get_args(annotation):
            yield from _response_types(argument)
        return
    is_response = isinstance(annotation, type) and issubclass(annotation, ApiResponse | Response)
    if has_schema(annotation) and not is_response:
        yield annotation


def _operation(api: Api, endpoints: Sequence[Endpoint], schemas: JsonSchemas) -> dict[str, object]:
    first = endpoints[0]
    summary, description = _split_docstring(first)
    if len(endpoints) > 1:
        summary, description = _summarize_alternatives(endpoints)
    operation: dict[str, object] = {
        "operationId": first.function.__name__,
        "tags": [first.function.__module__.rpartition(".")[2]],
        "summary": summary,
        "parameters": _parameters(endpoints, schemas),
        "responses": _responses(api, endpoints, schemas),
        "x-policy-rule": sorted({endpoint.rule.name for endpoint in endpoints if endpoint.rule is not None}),
    }
    if description:
        operation["description"] = description
    if all(endpoint.rule is None for endpoint in endpoints):
        operation["security"] = []
    body = _request_body(api, endpoints, schemas)
    if body:
        operation["requestBody"] = body
    versions = _versions(api, first) if len(endpoints) == 1 else {}
    if versions:
        operation["x-openstack"] = versions
    return operation


def _make_operation_ids_unique(paths: Mapping[str, Mapping[str, dict[str, object]]]) -> None:
    """Replace the names of functions that several routes have by method and path."""
    counts = Counter(operation["operationId"] for operations in paths.values() for operation in operations.values())
    for path, operations in paths.items():
        for method, operation in operations.items():
            if counts[operation["operationId"]] > 1:
                operation["operationId"] = "_".join([method, *re.findall(r"\w+", path)])


def _summarize_alternatives(endpoints: Sequence[Endpoint]) -> tuple[str, str]:
    if not endpoints[0].action:
        return summarize_endpoint(endpoints[-1]), ""
    lines = [f"- `{endpoint.action}`: {summarize_endpoint(endpoint)}." for endpoint in endpoints]
    return "Run an action", "\n".join(lines)


def _versions(api: Api, endpoint: Endpoint) -> JsonSchema:
    since, until = endpoint.since, endpoint.until
    versions: JsonSchema = {"min-ver": api.format_microversion(since)} if since else {}
    return versions | ({} if until is None else {"max-ver": api.format_microversion(until)})


def _parameters(endpoints: Sequence[Endpoint], schemas: JsonSchemas) -> list[dict[str, object]]:
    """Return the parameters of path, query string and headers, without duplicates."""
    parameters: dict[tuple[str, str], dict[str, object]] = {}
    for endpoint in endpoints:
        for parameter in (*_path_parameters(endpoint, schemas), *_named_parameters(endpoint, schemas)):
            parameters.setdefault((parameter["in"], parameter["name"]), parameter)
    return list(parameters.values())


def _path_parameters(endpoint: Endpoint, schemas: JsonSchemas) -> Iterator[dict[str, object]]:
    hints = get_type_hints(endpoint.function, include_extras=True)
    for name in _PATH_PARAMETER.findall(endpoint.path):
        yield _parameter(name, "path", schemas.get(hints.get(name, str)), required=True)


def _named_parameters(endpoint: Endpoint, schemas: JsonSchemas) -> Iterator[dict[str, Any]]:
    for location, struct in (("query", endpoint.query), ("header", endpoint.headers)):
        for name, json_schema, required in schemas.iterate_fields(struct) if struct is not None else ():
            yield _parameter(name, location, json_schema, required=required)


def _parameter(name: str, location: str, json_schema: JsonSchema, *, required: bool) -> dict[str, object]:
    parameter: dict[str, object] = {"name": name, "in": location, "required": required, "schema": json_schema}
    for key in ("description", "x-openstack"):
        if key in json_schema:
            parameter[key] = json_schema.pop(key)
    return parameter


def _request_body(api: Api, endpoints: Sequence[Endpoint], schemas: JsonSchemas) -> dict[str, object]:
    alternatives: defaultdict[str, list[JsonSchema]] = defaultdict(list)
    for endpoint in endpoints:
        if endpoint.action:
            alternatives[JSON].append(_action_body(api, endpoint, schemas))
        else:
            for media_type, schema in _request_content(endpoint).items():
                alternatives[media_type].append(schemas.get(schema))
    required = not endpoints[0].is_async  # a stream may be empty
    return {"required": required, "content": _content(alternatives)} if alternatives else {}


def _action_body(api: Api, endpoint: Endpoint, schemas: JsonSchemas) -> JsonSchema:
    value = schemas.get(endpoint.body) if has_schema(endpoint.body) else {}
    return {
        "type": "object",
        "required": [endpoint.action],
        "properties": {endpoint.action: value},
        "additionalProperties": False,
        "x-openstack": {"action-name": endpoint.action, **_versions(api, endpoint)},
    }


def _responses(api: Api, endpoints: Sequence[Endpoint], schemas: JsonSchemas) -> dict[str, object]:
    successes: dict[int, defaultdict[str, list[JsonSchema]]] = {}
    for endpoint in endpoints:
        alternatives = successes.setdefault(endpoint.status, defaultdict(list))
        for media_type, schema in _response_content(endpoint).items():
            alternatives[media_type].append(schemas.get(schema))
    responses: dict[str, Any] = {}
    for status, alternatives in sorted(successes.items()):
        responses[str(status)] = {"description": HTTPStatus(status).phrase}
        if alternatives:
            responses[str(status)]["content"] = _content(alternatives)
    error_content = {name: {"schema": schemas.get(schema)} for name, schema in api.error_content.items()}
    for status, description in sorted(_errors(api, endpoints).items()):
        responses[str(status)] = {"description": description, "content": error_content}
    return responses | {"default": {"description": _UNEXPECTED, "content": error_content}}


def _content(alternatives: Mapping[str, Sequence[JsonSchema]]) -> dict[str, Any]:
    """Return the content of each media type; different schemas are alternatives."""
    content = {}
    for media_type, json_schemas in alternatives.items():
        distinct = [schema for index, schema in enumerate(json_schemas) if schema not in json_schemas[:index]]
        content[media_type] = {"schema": distinct[0] if len(distinct) == 1 else {"anyOf": distinct}}
    return content


def _errors(api: Api, endpoints: Sequence[Endpoint]) -> dict[int, str]:
    """Return the description of each status that is an error."""
    statuses: dict[int, list[str]] = {}
    for endpoint in endpoints:
        for status in _implied_errors(api, endpoint):
            statuses.setdefault(status, [])
        for error in endpoint.errors:
            text = "" if error.__module__ == Fault.__module__ else error.__doc__ or ""
            statuses.setdefault(error.status, []).append(" ".join(text.split()))
    return {
        status: " ".join(dict.fromkeys(filter(None, texts))) or _DESCRIPTIONS.get(status, HTTPStatus(status).phrase)
        for status, texts in statuses.items()
    }


def _implied_errors(api: Api, endpoint: Endpoint) -> Iterator[int]:
    """Yield the statuses that follow from the declaration."""
    has_body = bool(_request_content(endpoint)) or bool(endpoint.action)
    if api.strict or has_body or endpoint.query is not None:
        yield 400
    if endpoint.rule is not None:
        yield from (401, 403)
    if "{" in endpoint.path:
        yield 404
    if has_body and not endpoint.is_async:
        yield 413
    if has_body and api.strict:
        yield 415
