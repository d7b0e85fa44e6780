"""A client of the Block Storage API for callers with different roles."""

from dataclasses import dataclass
from typing import Any

import httpx

from support.callers import Callers
from support.volumes import VolumeHarness

#: The names of the callers in support.callers.
_CALLERS = {"admin": "admin", "member": "green", "reader": "green-reader", "outsider": "blue"}


@dataclass(frozen=True, slots=True)
class Api:
    """Send requests. The member and the reader belong to project `here`, the outsider to `there`."""

    callers: Callers
    volumes: VolumeHarness

    @property
    def projects(self) -> dict[str, str]:
        return {"here": self.callers.projects["green"], "there": self.callers.projects["blue"]}

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        caller: str = "member",
        microversion: str = "3.60",
        **query: Any,
    ) -> httpx.Response:
        headers = {"OpenStack-API-Version": f"volume {microversion}"} if microversion else {}
        path = f"/volume/v3{path}"
        return self.callers.request(
            method, path, _CALLERS.get(caller, ""), json=body, headers=headers, params=query or None
        )

    def ok(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Return the body of a successful response."""
        response = self(method, path, body, **options)
        assert response.is_success, response.text
        return response.json() if response.content else None

    def create(self, **new: Any) -> dict[str, Any]:
        """Create a volume, and return it when it is available."""
        created = self.ok("POST", "/volumes", {"volume": {"size": 1, **new}})["volume"]
        self.volumes.run_worker(2)
        volume: dict[str, Any] = self.ok("GET", f"/volumes/{created['id']}")["volume"]
        return volume
