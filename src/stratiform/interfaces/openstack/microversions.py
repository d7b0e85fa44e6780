"""Microversions, negotiated as Nova and Cinder do.

Source: api-sig's microversion specification; Compute API guide, "Microversions"; nova/api/openstack/wsgi.py and
cinder/api/openstack/wsgi.py.
"""

import re
from dataclasses import dataclass

from litestar.datastructures import Headers
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from stratiform.interfaces.http import Request
from stratiform.kit.errors import Fault, Invalid

_HEADER = "OpenStack-API-Version"
_VERSION = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})")


class VersionNotSupported(Fault):
    """The API does not have this microversion."""

    status = 406


@dataclass(frozen=True, slots=True)
class Microversions:
    """The microversions of an API: MAJOR.FIRST to MAJOR.LAST. `legacy`: its own header, older than the common one."""

    service: str
    major: int
    first: int
    last: int
    legacy: str = ""

    async def negotiate(self, request: Request) -> None:
        """Store the requested minor version, before the body is read. Raises Invalid, VersionNotSupported."""
        request.scope["state"]["minor"] = self.parse(request.headers)

    def parse(self, headers: Headers) -> int:
        """Return the requested minor version; the first one by default. Raises Invalid, VersionNotSupported."""
        version = headers.get(self.legacy, "") if self.legacy else ""
        if _HEADER in headers:
            version = self._own_version(",".join(headers.getall(_HEADER)))
        if not version:
            return self.first
        if version == "latest":
            return self.last
        match = _VERSION.fullmatch(version)
        if match is None:
            raise Invalid(f"API Version String {version} is of invalid format. Must be of format MajorNum.MinorNum.")
        if int(match[1]) != self.major or not self.first <= int(match[2]) <= self.last:
            raise VersionNotSupported(
                f"Version {version} is not supported by the API. "
                f"Minimum is {self.format_version(self.first)} and maximum is {self.format_version(self.last)}."
            )
        return int(match[2])

    def _own_version(self, header: str) -> str:
        """Return the version of this service in `compute 2.26, volume 3.50`."""
        for part in header.split(","):
            service_type, _, version = part.strip().partition(" ")
            if service_type.lower() == self.service:
                return version.strip() or "(empty)"
        return ""

    def format_version(self, number: int) -> str:
        """Return `2.26` for 26."""
        return f"{self.major}.{number}"

    def build_response_headers(self, number: int) -> list[tuple[bytes, bytes]]:
        """Return the headers of a response at this microversion."""
        values = {_HEADER: f"{self.service} {self.format_version(number)}"}
        if self.legacy:
            values[self.legacy] = self.format_version(number)
        encoded = [(name.lower().encode(), value.encode()) for name, value in values.items()]
        return [*encoded, *((b"vary", name.encode()) for name in values)]


COMPUTE = Microversions("compute", major=2, first=1, last=90, legacy="X-OpenStack-Nova-API-Version")
VOLUME = Microversions("volume", major=3, first=0, last=71)


def get_minor_version(request: Request) -> int:
    """Return the minor version of this request: 26 for 2.26."""
    return int(request.scope["state"]["minor"])


class MicroversionMiddleware:
    """Adds the microversion to every response, also to errors."""

    def __init__(self, app: ASGIApp, versions: Microversions) -> None:
        self._app = app
        self._versions = versions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["minor"] = self._versions.first

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    *self._versions.build_response_headers(scope["state"]["minor"]),
                ]
            await send(message)

        await self._app(scope, receive, send_with_headers)
