"""From a request to a call, as Cinder does it: with the project in the path, or without."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from litestar.handlers import HTTPRouteHandler

from stratiform.interfaces import services as edge
from stratiform.interfaces.openstack.microversions import minor
from stratiform.interfaces.openstack.volume.views import Shown
from stratiform.interfaces.services import Request, services_of
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid, NotFound

#: One function behind two paths. (One handler with two paths is wrapped twice by Litestar 2 where it runs in a thread.)
Both = tuple[HTTPRouteHandler, HTTPRouteHandler]


def _both(verb: Callable[..., Callable[[Any], HTTPRouteHandler]]) -> Callable[..., Callable[[Any], Both]]:
    """The path alone, as since 3.67, and with the project's id in front."""

    def on(path: str, **options: Any) -> Callable[[Any], Both]:
        def decorate(function: Any) -> Both:
            return verb(path, **options)(function), verb("/{project_id:str}" + path, **options)(function)

        return decorate

    return on


get, post, put, delete = _both(edge.get), _both(edge.post), _both(edge.put), _both(edge.delete)


@contextmanager
def reading(request: Request) -> Iterator[RequestContext]:
    """A call that changes nothing. Raises Unauthenticated; Invalid for another project's path."""
    with edge.reading(request) as ctx:
        yield _inside(request, ctx)


@contextmanager
def writing(request: Request) -> Iterator[RequestContext]:
    """A call that is committed at the end. Raises as `reading`."""
    with edge.writing(request) as ctx:
        yield _inside(request, ctx)


def _inside(request: Request, ctx: RequestContext) -> RequestContext:
    """The call in the path's project: the token's, or any for an operator."""
    project_id = request.path_params.get("project_id")
    if project_id is None or project_id == ctx.caller.project_id:
        return ctx
    if not ctx.caller.is_admin:
        raise Invalid("Malformed request url")
    return replace(ctx, caller=replace(ctx.caller, project_id=project_id))


def shown(request: Request, ctx: RequestContext) -> Shown:
    """How this request is answered."""
    project_id = request.path_params.get("project_id")
    path = "/volume/v3" if project_id is None else f"/volume/v3/{project_id}"
    return Shown(services_of(request).url, path, minor(request), ctx.caller.is_admin)


def since(request: Request, first: int) -> None:
    """Raises NotFound before microversion 3.`first`, as Cinder does for what wasn't there yet."""
    if minor(request) < first:
        raise NotFound(f"API version '3.{minor(request)}' is not supported on this method.")
