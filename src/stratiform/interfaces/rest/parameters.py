"""What a request may bring: in its query nothing that its route doesn't know, nothing twice, nothing empty; and no
packed body."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

from litestar.connection import ASGIConnection
from litestar.constants import RESERVED_KWARGS
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler
from litestar.params import ParameterKwarg
from litestar.typing import FieldDefinition

from stratiform.kit.errors import Invalid, UnsupportedMediaType


def takes_what_it_knows(request: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """The guard of our own API: a misspelt parameter would silently ask for something else. Raises Invalid."""
    known = _query_of(handler).difference(request.path_params)
    seen: set[str] = set()
    for name, value in request.query_params.multi_items():
        if name not in known:
            raise Invalid(f"there is no parameter '{name}' here", hint=_hint(name, known))
        if name in seen:
            raise Invalid(f"`{name}` is given more than once")
        if not value.strip():
            raise Invalid(f"`{name}` is empty", hint="leave it out to ask for everything")
        seen.add(name)


def reads_bodies_as_they_are(request: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """The guard against packed bodies: what is in one would be told to be no JSON. Raises Unreadable."""
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        raise UnsupportedMediaType(f"Content-Encoding '{encoding[:40]}' isn't read here", hint="send the body unpacked")


@cache
def _query_of(handler: BaseRouteHandler) -> frozenset[str]:
    """The names of what `handler` and what it depends on take out of the query (and of the path)."""
    return frozenset(_names(handler.parsed_fn_signature.parameters, handler.resolve_dependencies()))


def _names(fields: Mapping[str, FieldDefinition], given: Mapping[str, Provide]) -> Iterator[str]:
    for name, field in fields.items():
        if name in given:
            yield from _names(given[name].parsed_fn_signature.parameters, given)
        elif name not in RESERVED_KWARGS:
            told = field.kwarg_definition
            if not isinstance(told, ParameterKwarg):
                yield name
            elif not told.header and not told.cookie:
                yield told.query or name


def _hint(name: str, known: frozenset[str]) -> str:
    near = get_close_matches(name, known, 1)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"there are {', '.join(sorted(known))}" if known else "this takes none"
