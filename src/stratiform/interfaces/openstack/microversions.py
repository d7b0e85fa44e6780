"""Microversions, negotiated as Nova and Cinder do.

Source: api-sig's microversion specification; Compute API guide, "Microversions"; nova/api/openstack/wsgi.py and
cinder/api/openstack/wsgi.py.
"""

import re
from dataclasses import dataclass

from litestar.datastructures import Headers
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from stratiform.interfaces.http import Request, get_request_id
from stratiform.kit.errors import Fault, Invalid

_HEADER = "OpenStack-API-Version"
_VERSION = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})")


class VersionNotSupported(Fault):
    """The API does not have this microversion."""

    status = 406


@dataclass(frozen=True, slots=True)
class Microversions:
    """The microversions of an API: MAJOR.FIRST to MAJOR.LAST.

    `legacy` and `request_id_header`: its own headers, older than the common ones.
    """

    service: str
    major: int
    first: int
    last: int
    legacy: str = ""
    request_id_header: str = ""

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

    def build_request_id_headers(self, request_id: str) -> list[tuple[bytes, bytes]]:
        return [(self.request_id_header.encode(), request_id.encode())] if self.request_id_header else []


#: The header with the request id of Nova and Cinder.
_REQUEST_ID = "x-compute-request-id"

COMPUTE = Microversions(
    "compute", major=2, first=1, last=96, legacy="X-OpenStack-Nova-API-Version", request_id_header=_REQUEST_ID
)
VOLUME = Microversions("volume", major=3, first=0, last=71, request_id_header=_REQUEST_ID)


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
                    *self._versions.build_request_id_headers(get_request_id(scope)),
                ]
            await send(message)

        await self._app(scope, receive, send_with_headers)
