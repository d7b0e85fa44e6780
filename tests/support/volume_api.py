"""For tests of the Volume API: a client that speaks for people with roles."""

from dataclasses import dataclass
from typing import Any

import httpx

from support.people import People
from support.volumes import VolumeBench

#: Who asks, among the people of support.people.
_WHO = {"admin": "admin", "member": "green", "reader": "green-reader", "stranger": "blue"}


@dataclass(frozen=True, slots=True)
class Api:
    """Asks at microversion 3.60, or `at`; the member and the reader are in project `here`, the stranger in `there`."""

    people: People
    volumes: VolumeBench

    @property
    def projects(self) -> dict[str, str]:
        return {"here": self.people.projects["green"], "there": self.people.projects["blue"]}

    def __call__(
        self, method: str, path: str, body: Any = None, *, who: str = "member", at: str = "3.60", **query: Any
    ) -> httpx.Response:
        headers = {"OpenStack-API-Version": f"volume {at}"} if at else {}
        path = f"/volume/v3{path}"
        return self.people.ask(method, path, _WHO.get(who, ""), json=body, headers=headers, params=query or None)

    def ok(self, method: str, path: str, body: Any = None, **how: Any) -> Any:
        """The body of an answer that is no refusal."""
        answer = self(method, path, body, **how)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def create(self, **wish: Any) -> dict[str, Any]:
        """An available volume."""
        made = self.ok("POST", "/volumes", {"volume": {"size": 1, **wish}})["volume"]
        self.volumes.work(2)
        volume: dict[str, Any] = self.ok("GET", f"/volumes/{made['id']}")["volume"]
        return volume
