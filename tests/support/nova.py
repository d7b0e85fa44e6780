"""The Compute API over a whole stack, as somebody asks it."""

from dataclasses import dataclass
from typing import Any

import httpx

from support.callers import People
from support.servers import ServerBench


@dataclass(frozen=True, slots=True)
class Nova:
    """Asks `/compute/v2.1` as somebody, at a microversion (`at`: 90 for 2.90)."""

    of: People
    servers: ServerBench

    def __call__(
        self, method: str, path: str, body: Any = None, *, who: str = "green", at: int = 1, **more: Any
    ) -> httpx.Response:
        headers = {"OpenStack-API-Version": f"compute 2.{at}", **more.pop("headers", {})}
        return self.of.ask(method, f"/compute/v2.1{path}", who, json=body, headers=headers, **more)

    def ok(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        answer = self(method, path, body, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def order(self, *, at: int = 1, **wish: Any) -> dict[str, Any]:
        """The body for a server, as little as there can be."""
        least = {"name": "web", "flavorRef": "1", "imageRef": self.servers.image_id}
        return {"server": {**least, **({"networks": "auto"} if at >= 37 else {}), **wish}}

    def active(self, *, at: int = 1, **wish: Any) -> str:
        made = self.ok("POST", "/servers", self.order(at=at, **wish), at=at)
        self.servers.run_worker(2)
        return str(made["server"]["id"])
