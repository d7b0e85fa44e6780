"""Microversions, negotiated as Nova and Cinder do.

Source: api-sig's microversion specification; Compute API guide, "Microversions"; nova/api/openstack/wsgi.py and
cinder/api/openstack/wsgi.py.
"""

import re
from dataclasses import dataclass

from litestar.datastructures import Headers
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from stratiform.interfaces.services import Request
from stratiform.kit.errors import Fault, Invalid

_HEADER = "OpenStack-API-Version"
_VERSION = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})")


class VersionNotSupported(Fault):
    """A microversion that we do not speak."""

    status = 406


@dataclass(frozen=True, slots=True)
class Microversions:
    """What a service speaks: MAJOR.FIRST to MAJOR.LAST. `legacy`: its own header from before there was a common one."""

    service: str
    major: int
    first: int
    last: int
    legacy: str = ""

    async def negotiate(self, request: Request) -> None:
        """Before anything of the body is read. Raises Invalid, VersionNotSupported."""
        request.scope["state"]["minor"] = self.asked(request.headers)

    def asked(self, headers: Headers) -> int:
        """N of MAJOR.N; the first one, where nothing is said of this service."""
        version = headers.get(self.legacy, "") if self.legacy else ""
        if _HEADER in headers:
            version = self._said(",".join(headers.getall(_HEADER)))
        if not version:
            return self.first
        if version == "latest":
            return self.last
        found = _VERSION.fullmatch(version)
        if found is None:
            raise Invalid(f"API Version String {version} is of invalid format. Must be of format MajorNum.MinorNum.")
        if int(found[1]) != self.major or not self.first <= int(found[2]) <= self.last:
            raise VersionNotSupported(
                f"Version {version} is not supported by the API. "
                f"Minimum is {self.text(self.first)} and maximum is {self.text(self.last)}."
            )
        return int(found[2])

    def _said(self, header: str) -> str:
        """`compute 2.26, volume 3.50`: the version that stands behind our service's type."""
        for part in header.split(","):
            service_type, _, version = part.strip().partition(" ")
            if service_type.lower() == self.service:
                return version.strip() or "(empty)"
        return ""

    def text(self, number: int) -> str:
        """2.26 for 26."""
        return f"{self.major}.{number}"

    def headers(self, number: int) -> list[tuple[bytes, bytes]]:
        """What an answer given at this microversion says of it."""
        said = {_HEADER: f"{self.service} {self.text(number)}"}
        if self.legacy:
            said[self.legacy] = self.text(number)
        named = [(name.lower().encode(), value.encode()) for name, value in said.items()]
        return [*named, *((b"vary", name.encode()) for name in said)]


COMPUTE = Microversions("compute", major=2, first=1, last=90, legacy="X-OpenStack-Nova-API-Version")
VOLUME = Microversions("volume", major=3, first=0, last=60)


def minor(request: Request) -> int:
    """The microversion of this request: 26 for 2.26."""
    return int(request.scope["state"]["minor"])


class MicroversionHeaders:
    """Every answer, a refusal too, tells the microversion that it was given at."""

    def __init__(self, app: ASGIApp, versions: Microversions) -> None:
        self._app = app
        self._spoken = versions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["minor"] = self._spoken.first

        async def send_stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._spoken.headers(scope["state"]["minor"])]
            await send(message)

        await self._app(scope, receive, send_stamped)
