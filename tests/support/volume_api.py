"""For tests of the Volume API: people with roles, and a client that speaks for them."""

from dataclasses import dataclass, field
from typing import Any

import httpx
from litestar.testing import TestClient

from support.volumes import VolumeBench

PASSWORD = "not-a-secret"
_KEYSTONE = "/identity/v3"

#: Name, role and project of each.
_PEOPLE = (("member", "member", "here"), ("reader", "reader", "here"), ("stranger", "member", "there"))


@dataclass
class Api:
    """A client of the API; `at` is the microversion it asks for."""

    client: TestClient[Any]
    volumes: VolumeBench
    projects: dict[str, str]
    tokens: dict[str, str] = field(default_factory=dict)
    at: str = "3.60"

    def __call__(
        self, method: str, path: str, body: Any = None, *, who: str = "member", at: str = "", **query: Any
    ) -> httpx.Response:
        headers = {"OpenStack-API-Version": f"volume {at or self.at}"}
        if who:
            headers["X-Auth-Token"] = self.token(who)
        return self.client.request(method, f"/volume/v3{path}", json=body, headers=headers, params=query or None)

    def ok(self, method: str, path: str, body: Any = None, **how: Any) -> Any:
        """The body of an answer that is no refusal."""
        answer = self(method, path, body, **how)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def token(self, who: str) -> str:
        if who not in self.tokens:
            project = "admin" if who == "admin" else self.projects["there" if who == "stranger" else "here"]
            self.tokens[who] = self._sign_in(who, project)
        return self.tokens[who]

    def _sign_in(self, name: str, project: str) -> str:
        user = {"name": name, "domain": {"id": "default"}, "password": PASSWORD}
        scope = {"name": project, "domain": {"id": "default"}} if name == "admin" else {"id": project}
        identity = {"methods": ["password"], "password": {"user": user}}
        answer = self.client.post(
            f"{_KEYSTONE}/auth/tokens", json={"auth": {"identity": identity, "scope": {"project": scope}}}
        )
        assert answer.status_code == 201, answer.text
        return str(answer.headers["X-Subject-Token"])

    def create(self, **wish: Any) -> dict[str, Any]:
        """An available volume."""
        made = self.ok("POST", "/volumes", {"volume": {"size": 1, **wish}})["volume"]
        self.volumes.work(2)
        volume: dict[str, Any] = self.ok("GET", f"/volumes/{made['id']}")["volume"]
        return volume


def people(api: Api, admin: str) -> None:
    """Projects `here` and `there`; member and reader are here, stranger is there."""
    headers = {"X-Auth-Token": admin}
    roles = {role["name"]: role["id"] for role in api.client.get(f"{_KEYSTONE}/roles", headers=headers).json()["roles"]}
    for name in ("here", "there"):
        answer = api.client.post(f"{_KEYSTONE}/projects", json={"project": {"name": name}}, headers=headers)
        api.projects[name] = answer.json()["project"]["id"]
    for name, role, project in _PEOPLE:
        wish = {"user": {"name": name, "password": PASSWORD}}
        user = api.client.post(f"{_KEYSTONE}/users", json=wish, headers=headers).json()["user"]["id"]
        path = f"{_KEYSTONE}/projects/{api.projects[project]}/users/{user}/roles/{roles[role]}"
        assert api.client.put(path, headers=headers).status_code == 204
