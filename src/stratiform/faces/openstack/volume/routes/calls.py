"""From a request to a call, as Cinder does it: the microversion first, then the project in the path.

Source: cinder/api/openstack/wsgi.py and cinder/api/openstack/api_version_request.py.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from stratiform.faces import stack as edge
from stratiform.faces.openstack.volume.views import Shown
from stratiform.faces.stack import Request, stack_of
from stratiform.kit.call import Call
from stratiform.kit.errors import Fault, Invalid, NotFound

#: The last microversion (3.60) that we speak.
NEWEST = 60

_HEADER = "OpenStack-API-Version"
_VERSION = re.compile(r"(\d+)\.(\d+)")


class VersionNotSupported(Fault):
    """A microversion that we do not speak."""

    status = 406


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
def reading(request: Request) -> Iterator[Call]:
    """A call that changes nothing. Raises Unauthenticated; Invalid for another project's path."""
    with edge.reading(request) as call:
        yield _inside(request, call)


@contextmanager
def writing(request: Request) -> Iterator[Call]:
    """A call that is committed at the end. Raises as `reading`."""
    with edge.writing(request) as call:
        yield _inside(request, call)


def _inside(request: Request, call: Call) -> Call:
    """The call in the path's project: the token's, or any for an operator."""
    project_id = request.path_params.get("project_id")
    if project_id is None or project_id == call.caller.project_id:
        return call
    if not call.caller.is_admin:
        raise Invalid("Malformed request url")
    return replace(call, caller=replace(call.caller, project_id=project_id))


def shown(request: Request, call: Call) -> Shown:
    """How this request is answered."""
    project_id = request.path_params.get("project_id")
    path = "/volume/v3" if project_id is None else f"/volume/v3/{project_id}"
    return Shown(stack_of(request).url, path, minor(request), call.caller.is_admin)


def minor(request: Request) -> int:
    """The microversion of this request: N of 3.N."""
    return int(request.scope.get("state", {}).get("volume_minor", 0))


def since(request: Request, first: int) -> None:
    """Raises NotFound before microversion 3.`first`, as Cinder does for what wasn't there yet."""
    if minor(request) < first:
        raise NotFound(f"API version '3.{minor(request)}' is not supported on this method.")


async def negotiate(request: Request) -> None:
    """Read the microversion before anything else. Raises Invalid, VersionNotSupported."""
    request.scope.setdefault("state", {})["volume_minor"] = _asked(request.headers.get(_HEADER.lower(), ""))


def _asked(header: str) -> int:
    for part in header.split(","):
        service_type, _, version = part.strip().partition(" ")
        if service_type != "volume":
            continue
        version = version.strip()
        if version == "latest":
            return NEWEST
        found = _VERSION.fullmatch(version)
        if found is None:
            raise Invalid(f"API Version String {version} is of invalid format. Must be of format MajorNum.MinorNum.")
        if int(found[1]) != 3 or int(found[2]) > NEWEST:
            raise VersionNotSupported(
                f"Version {version} is not supported by the API. Minimum is 3.0 and maximum is 3.{NEWEST}."
            )
        return int(found[2])
    return 0


class Stamp:
    """Every answer, a refusal too, tells the microversion that it was given at."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = f"volume 3.{scope.get('state', {}).get('volume_minor', 0)}"
                stamped = [(_HEADER.lower().encode(), given.encode()), (b"vary", _HEADER.encode())]
                message["headers"] = [*message["headers"], *stamped]
            await send(message)

        await self._app(scope, receive, send_stamped)
