"""Microversions, negotiated as Nova does.

Source: Compute API guide, "Microversions"; api-sig's microversion specification.
"""

import re
from collections.abc import Iterable

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from stratiform.faces.stack import Request
from stratiform.kit.errors import NotFound

FIRST, LAST = 1, 90

_VERSION = re.compile(r"(\d+)\.(\d+)")
_MODERN, _LEGACY = "OpenStack-API-Version", "X-OpenStack-Nova-API-Version"


class UnknownVersionError(Exception):
    """A version that we don't speak (406), or that is none (400)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def minor(request: Request) -> int:
    """The microversion of a request: 26 for 2.26."""
    return int(request.scope["state"]["compute_minor"])


def since(request: Request, least: int) -> int:
    """The microversion, where it is at least 2.`least`. Raises NotFound: below that there is no such thing."""
    asked = minor(request)
    if asked < least:
        raise NotFound("The resource could not be found.")
    return asked


def until(request: Request, most: int) -> int:
    """The microversion, where it is at most 2.`most`. Raises NotFound: above that the thing is gone."""
    asked = minor(request)
    if asked > most:
        raise NotFound("The resource could not be found.")
    return asked


def negotiate(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """The minor number that the headers ask for. Raises UnknownVersionError."""
    given = {name.lower(): value.decode("latin-1").strip() for name, value in headers}
    asked = given.get(_LEGACY.lower().encode(), "")
    modern = given.get(_MODERN.lower().encode())
    if modern is not None:
        asked = _for_compute(modern)
    if not asked:
        return FIRST
    if asked == "latest":
        return LAST
    found = _VERSION.fullmatch(asked)
    if found is None:
        raise UnknownVersionError(
            400, f"API Version String {asked} is of invalid format. Must be of format MajorNum.MinorNum."
        )
    if int(found[1]) != 2 or not FIRST <= int(found[2]) <= LAST:
        raise UnknownVersionError(
            406, f"Version {asked} is not supported by the API. Minimum is 2.{FIRST} and maximum is 2.{LAST}."
        )
    return int(found[2])


def _for_compute(value: str) -> str:
    """`compute 2.26, volume 3.50`: the version that stands behind our service's type."""
    for part in value.split(","):
        service, _, version = part.strip().partition(" ")
        if service.lower() == "compute":
            return version.strip() or "(empty)"
    return ""


class Negotiated:
    """Finds out the microversion of each request, and says it in each answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        try:
            asked = negotiate(scope["headers"])
        except UnknownVersionError as error:
            await _refuse(send, error)
            return
        scope.setdefault("state", {})["compute_minor"] = asked

        async def send_with_version(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_headers(asked)]
            await send(message)

        await self._app(scope, receive, send_with_version)


def _headers(asked: int) -> list[tuple[bytes, bytes]]:
    return [
        (_MODERN.lower().encode(), f"compute 2.{asked}".encode()),
        (_LEGACY.lower().encode(), f"2.{asked}".encode()),
        (b"vary", _MODERN.encode()),
        (b"vary", _LEGACY.encode()),
    ]


async def _refuse(send: Send, error: UnknownVersionError) -> None:
    kind = "badRequest" if error.status == 400 else "computeFault"
    body = msgspec.json.encode({kind: {"code": error.status, "message": error.message}})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *_headers(FIRST)]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
