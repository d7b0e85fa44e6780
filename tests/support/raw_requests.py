"""Requests with a body that is sent in blocks, or not to its end: directly to an ASGI application."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from litestar.routes import HTTPRoute

from support.callers import Callers

BLOCK_BYTES = 4096


def list_routes(api: Callers) -> list[tuple[str, str]]:
    """Return every method and path; paths of the volume service only without the project id."""
    app: Any = api.client.app
    routes = [route for route in app.routes if isinstance(route, HTTPRoute)]
    routes = [route for route in routes if not route.path.startswith(("/volume/v3/{project_id", "/api/docs"))]
    return sorted((str(method), route.path_format) for route in routes for method in route.methods - {"OPTIONS"})


def fill_in(path: str, identifier: str) -> str:
    return "/".join(identifier if part.startswith("{") else part for part in path.split("/"))


@dataclass(slots=True)
class RawRequest:
    """One request. `blocks`: the body; `is_broken`: the connection ends, or a chunk is malformed, before its end."""

    method: str
    path: str
    headers: dict[str, str]
    blocks: Iterator[bytes]
    is_broken: bool = False
    received_bytes: int = 0
    status: int = 0
    response: bytes = field(default=b"")

    def send(self, api: Callers) -> "RawRequest":
        """Send the request. Afterwards `received_bytes` is how much of the body the application has read."""
        application: Any = api.client.app
        asyncio.run(application(self._scope(), self._receive, self._send))
        return self

    async def _receive(self) -> dict[str, Any]:
        block = next(self.blocks, None)
        if block is None and self.is_broken:
            return {"type": "http.disconnect"}
        self.received_bytes += len(block or b"")
        return {"type": "http.request", "body": block or b"", "more_body": block is not None}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.response += message.get("body", b"")

    def _scope(self) -> dict[str, Any]:
        headers = {"host": "127.0.0.1", **self.headers}
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": self.path,
            "raw_path": self.path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "state": {},
        }
