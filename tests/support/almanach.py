"""Almanach's API over a test's stack, at its root, with a private key and people's tokens."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from litestar.testing import TestClient

from stratiform.app.almanach import application
from stratiform.interfaces.almanach.auth import Almanach
from stratiform.kit.clock import Micros, parse_iso
from support.people import People, people
from support.stacks import Bench

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
ALWAYS = "start=2000-01-01 00:00:00.0&end=2100-01-01 00:00:00.0"


@dataclass(frozen=True, slots=True)
class Api:
    """Asks as `who`: `key`, or one of `People`."""

    of: Bench
    http: TestClient[Any]
    folk: People

    def __call__(self, method: str, path: str, body: Any = None, *, who: str = "key", **more: Any) -> httpx.Response:
        headers = dict(more.pop("headers", {}))
        if who:
            headers["X-Auth-Token"] = KEY if who == "key" else self.folk.tokens[who]
        content = more.pop("content", None)
        json = body if content is None else None
        if json is not None or method in ("POST", "PUT", "DELETE", "GET", "HEAD"):
            self.of.clock.advance(1)
        return self.http.request(method, path, json=json, content=content, headers=headers, **more)

    def ok(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """The body of an answer that must be a success."""
        answer = self(method, path, body, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def entity(self, entity_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ok("GET", f"/entity/{entity_id}")
        return found

    def take(self, message: dict[str, Any], cloud: str = "openstack") -> None:
        """Hear a notification."""
        self.of.clock.advance(1)
        with self.of.services.database.transaction() as db:
            self.of.services.ingest.messages.ingest(db, cloud, [json.dumps(message).encode()], self.of.clock.now())

    def position(self) -> int:
        """Where the ledger stands: it moves with whatever is told."""
        with self.of.services.database.snapshot() as db:
            return self.of.services.ledger.positions.current(db)

    def spans(self, entity_id: str, *names: str) -> list[tuple[Any, ...]]:
        """Start, end and `names` of each entity, times without day and offset where it is the first of January 2026."""
        return [
            (_short(one["start"]), _short(one["end"]), *(one[name] for name in names)) for one in self.entity(entity_id)
        ]


def _short(text: str | None) -> str | None:
    return None if text is None else text.removeprefix("2026-01-01 ").removesuffix("+00:00")


def at(hour: str) -> Micros:
    """Of the first of January 2026."""
    return parse_iso(f"2026-01-01T{hour}Z")


@contextmanager
def almanach(of: Bench, **how: Any) -> Iterator[Api]:
    served = Almanach(**{"private_key": KEY, **how})
    with people(of) as folk, TestClient(application(of.services, served), raise_server_exceptions=False) as http:
        yield Api(of, http, folk)
