"""A client of the Compute API over a complete stack."""

from dataclasses import dataclass
from typing import Any

import httpx

from support.callers import Callers
from support.servers import ServerHarness


@dataclass(frozen=True, slots=True)
class ComputeApi:
    """Sends requests to `/compute/v2.1` as one of the callers of `support.callers`, by default the member of green.

    `microversion` is the minor number: 90 for 2.90.
    """

    callers: Callers
    servers: ServerHarness

    def __call__(
        self, method: str, path: str, body: Any = None, *, caller: str = "green", microversion: int = 1, **options: Any
    ) -> httpx.Response:
        headers = {"OpenStack-API-Version": f"compute 2.{microversion}", **options.pop("headers", {})}
        return self.callers.request(method, f"/compute/v2.1{path}", caller, json=body, headers=headers, **options)

    def ok(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Return the body of a response that must be successful."""
        response = self(method, path, body, **options)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def action(
        self, server_id: str, body: dict[str, Any], *, caller: str = "green", microversion: int = 1
    ) -> tuple[int, Any]:
        """Run a server action. Return status and body."""
        path = f"/servers/{server_id}/action"
        response = self("POST", path, body, caller=caller, microversion=microversion)
        return response.status_code, response.json() if response.content else None

    def server_body(self, *, microversion: int = 1, **fields: Any) -> dict[str, Any]:
        """Return a minimal body of `POST /servers`, with additional `fields`."""
        required = {"name": "web", "flavorRef": "1", "imageRef": self.servers.image_id}
        networks = {"networks": "auto"} if microversion >= 37 else {}
        return {"server": {**required, **networks, **fields}}

    def create_active(self, *, microversion: int = 1, **fields: Any) -> str:
        """Create a server, run the worker, and return the server's id."""
        body = self.server_body(microversion=microversion, **fields)
        server = self.ok("POST", "/servers", body, microversion=microversion)["server"]
        self.servers.run_worker(2)
        return str(server["id"])
