"""A client of Almanach's API in-process, authenticated with the private key or as a user of `support.callers`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import httpx
from litestar import Litestar
from litestar.testing import TestClient

from stratiform.app.almanach import build_application
from stratiform.interfaces.almanach.settings import AlmanachSettings
from stratiform.interfaces.services import Services
from support.callers import Callers, open_callers
from support.stacks import ServiceHarness

KEY = "a private key"

INSTANCE = {
    "id": "i-1",
    "created_at": "2026-01-01T10:00:00.000000Z",
    "name": "web",
    "flavor": "m1.small",
    "os_distro": "debian",
    "os_version": "12",
    "os_type": "linux",
}
VOLUME: dict[str, Any] = {
    "volume_id": "v-1",
    "start": "2026-01-01T10:00:00.000000Z",
    "volume_type": None,
    "volume_name": "data",
    "size": 10,
    "attached_to": [],
}

#: The query of a period that contains every entity.
ANY_TIME = "start=2000-01-01 00:00:00.0&end=2100-01-01 00:00:00.0"


@dataclass(frozen=True, slots=True)
class AlmanachClient:
    """`user` is `key` for the private key, a user of `Callers`, or "" for no authentication."""

    harness: ServiceHarness
    http: TestClient[Any]
    callers: Callers

    @property
    def project_id(self) -> str:
        """The project of the users `green` and `green-reader`."""
        return self.callers.projects["green"]

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        user: str = "key",
        headers: dict[str, Any] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """Send `body` as JSON, or `content` as it is. Advances the clock, so that requests have different times."""
        token = {"X-Auth-Token": KEY if user == "key" else self.callers.tokens[user]} if user else {}
        self.harness.clock.advance(1)
        json_body = body if content is None else None
        return self.http.request(method, path, json=json_body, content=content, headers={**(headers or {}), **token})

    def ok(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Return the body of a response that must be a success."""
        response = self.request(method, path, body, **options)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def list_entities(self, entity_id: str) -> list[dict[str, Any]]:
        entities: list[dict[str, Any]] = self.ok("GET", f"/entity/{entity_id}")
        return entities

    def list_intervals(self, entity_id: str, *keys: str) -> list[tuple[Any, ...]]:
        """Return start, end and the values of `keys` of each entity; times on 2026-01-01 without date and offset."""
        return [
            (_shorten(entity["start"]), _shorten(entity["end"]), *(entity[key] for key in keys))
            for entity in self.list_entities(entity_id)
        ]

    def ingest(self, message: dict[str, Any], cloud: str = "openstack") -> None:
        """Ingest a notification."""
        self.harness.clock.advance(1)
        services = self.harness.services
        with services.database.transaction() as db:
            services.ingest.messages.ingest(db, cloud, [json.dumps(message).encode()], self.harness.clock.now())

    def get_position(self) -> int:
        """Return the position of the ledger, which every event advances."""
        with self.harness.services.database.read_transaction() as db:
            return self.harness.services.ledger.positions.get_current_position(db)


def _shorten(text: str | None) -> str | None:
    return None if text is None else text.removeprefix("2026-01-01 ").removesuffix("+00:00")


@cache
def _application() -> Litestar:
    """Create the application once; its services and settings are replaced for each client."""
    return build_application(cast("Services", None), AlmanachSettings(private_key=KEY))


@contextmanager
def almanach_client(harness: ServiceHarness, **settings: Any) -> Iterator[AlmanachClient]:
    """Serve the API with `AlmanachSettings` that have a private key unless `settings` changes it."""
    almanach = AlmanachSettings(**{"private_key": KEY, **settings})
    app = _application()
    app.state.services, app.state.almanach = harness.services, almanach
    with open_callers(harness) as users, TestClient(app, raise_server_exceptions=False) as http:
        yield AlmanachClient(harness, http, users)
