"""What the OpenAPI document says of our own API where Litestar sees too little: bodies, media types, problems.

Handlers read bodies as bytes, to be strict and clear about what is wrong in them, and many answer in several formats.
So a route tells in its decorator what it `takes` (a `Taken`, or a struct that comes as JSON) and what it `answers`
(media type → shape), where its function's types don't.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.routes import BaseRoute, HTTPRoute

from stratiform.interfaces.endpoints.openapi import build_document
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.problems import MEDIA_TYPE, Problem
from stratiform.interfaces.services import Request

#: A struct, or a JSON schema as it is written, in which both may stand; one with a title is found by that.
Shape = type | Mapping[str, Any]

JSON, NDJSON = "application/json", "application/x-ndjson"

TEXT: Shape = {"type": "string"}
OCTETS: Shape = {"type": "string", "format": "binary"}
OBJECT: Shape = {"type": "object"}

_PREFIX = "/api/v1/"
_REF = "#/components/schemas/{name}"

#: What every route may refuse, and what only those that are told a name, that change something, or that take a body.
_ALWAYS = {
    400: "What is asked can't be understood, or is against the rules.",
    401: "There is no token, or it is no longer good.",
    403: "The caller's roles don't allow it.",
}
_NAMED = {404: "There is no such thing, or not for this caller."}
_CHANGED = {409: "It is there already, or in no state that allows this."}
_LARGE = {413: "The body is too large.", 415: "The body is packed."}

#: Parameters that name nothing.
_NAMELESS = {"limit", "marker", "after"}


@dataclass(frozen=True, slots=True)
class Taken:
    """A body: its media types → shapes. `headers` that go with it: names → what they say."""

    content: Mapping[str, Shape]
    about: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Description(JsonRenderPlugin):
    """The OpenAPI document, completed when it is asked for first."""

    _rendered: bytes | None = None

    def render(self, request: Request, openapi_schema: dict[str, Any]) -> bytes:
        if self._rendered is None:
            document = completed(openapi_schema, request.app.routes)
            declared = build_document([api], title="", version="")
            document["paths"].update(declared["paths"])
            document["components"]["schemas"].update(declared["components"]["schemas"])
            self._rendered = super().render(request, document)
        return self._rendered


def completed(document: Mapping[str, Any], routes: Iterable[BaseRoute]) -> dict[str, Any]:
    """The document with all that our own routes tell."""
    whole = deepcopy(dict(document))
    told = list(_operations(whole, routes))
    schemas = _Schemas([Problem, *(shape for handler, _ in told for shape in _shapes(handler))])
    for handler, operation in told:
        _complete(handler, operation, schemas)
    known = whole.setdefault("components", {}).setdefault("schemas", {})
    assert not known.keys() & schemas.components.keys(), "one name, two shapes"
    known.update(schemas.components)
    return whole


class _Schemas:
    """JSON schemas of shapes; `components` are those that others refer to."""

    def __init__(self, shapes: Iterable[Shape]) -> None:
        structs = list(dict.fromkeys(struct for shape in shapes for struct in _structs(shape)))
        found, self.components = msgspec.json.schema_components(structs, ref_template=_REF)
        self._of: dict[type, dict[str, Any]] = dict(zip(structs, found, strict=True))

    def content(self, content: Mapping[str, Shape]) -> dict[str, Any]:
        return {kind: {"schema": self.schema(shape)} for kind, shape in content.items()}

    def schema(self, shape: Any) -> Any:
        if isinstance(shape, type):
            return self._of[shape]
        if isinstance(shape, list):
            return [self.schema(one) for one in shape]
        if not isinstance(shape, Mapping):
            return shape
        made = {name: self.schema(one) for name, one in shape.items()}
        title = shape.get("title")
        if not isinstance(title, str):
            return made
        self.components[title] = made
        return {"$ref": _REF.format(name=title)}


def _structs(shape: Any) -> Iterator[type]:
    if isinstance(shape, type):
        yield shape
    elif isinstance(shape, (Mapping, list)):
        for one in shape.values() if isinstance(shape, Mapping) else shape:
            yield from _structs(one)


def _shapes(handler: HTTPRouteHandler) -> Iterator[Shape]:
    taken = _taken(handler)
    yield from taken.content.values() if taken else ()
    yield from _answers(handler).values()


def _taken(handler: HTTPRouteHandler) -> Taken | None:
    told = handler.opt.get("takes")
    return told if told is None or isinstance(told, Taken) else Taken({JSON: told})


def _answers(handler: HTTPRouteHandler) -> Mapping[str, Shape]:
    told: Mapping[str, Shape] = handler.opt.get("answers", {})
    return told


def _operations(
    document: Mapping[str, Any], routes: Iterable[BaseRoute]
) -> Iterator[tuple[HTTPRouteHandler, dict[str, Any]]]:
    for route in routes:
        if isinstance(route, HTTPRoute) and route.path.startswith(_PREFIX):
            operations = document["paths"].get(route.path_format, {})
            for method, (handler, _) in route.route_handler_map.items():
                if method.lower() in operations:
                    yield handler, operations[method.lower()]


def _complete(handler: HTTPRouteHandler, operation: dict[str, Any], schemas: _Schemas) -> None:
    taken, answers = _taken(handler), _answers(handler)
    if taken:
        operation["requestBody"] = {"required": True, "content": schemas.content(taken.content)}
        operation["requestBody"] |= {"description": taken.about} if taken.about else {}
        headers = [
            {"name": name, "in": "header", "required": False, "description": about, "schema": {"type": "string"}}
            for name, about in taken.headers.items()
        ]
        operation.setdefault("parameters", []).extend(headers)
    success = operation["responses"][str(handler.status_code)]
    if answers:
        success["content"] = schemas.content(answers)
    problem = {MEDIA_TYPE: {"schema": schemas.schema(Problem)}}
    refused = {
        str(status): {"description": about, "content": problem} for status, about in _refused(handler, operation)
    }
    unforeseen = {"description": "Something else, or something here, went wrong.", "content": problem}
    operation["responses"] = {str(handler.status_code): success, **refused, "default": unforeseen}


def _refused(handler: HTTPRouteHandler, operation: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    takes = "requestBody" in operation
    told = {one["name"] for one in operation.get("parameters", ())}
    refused = dict(_ALWAYS)
    refused |= _NAMED if takes or told - _NAMELESS else {}
    refused |= _CHANGED if takes or "DELETE" in handler.http_methods else {}
    refused |= _LARGE if takes and handler.resolve_request_max_body_size() is not None else {}
    yield from refused.items()
