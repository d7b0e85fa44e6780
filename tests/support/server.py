"""A server on a free port, and the `openstack` client."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from granian.server.embed import Server

from stratiform.app.api import build_application
from stratiform.app.bootstrap import CATALOG
from stratiform.app.program_runner import SERVER_OPTIONS
from stratiform.app.settings import Settings
from stratiform.app.wiring import build_services
from stratiform.interfaces.services import Services
from stratiform.kit.context import RequestContext
from stratiform.kit.ids import RandomIds
from stratiform.kit.installation_keys import InstallationKeys
from stratiform.kit.policy import SYSTEM
from support import client
from support.databases import create_tables
from support.ports import free_port
from support.processes import WAIT_S, wait_until

ADMIN_PASSWORD = "admin-pass"
DEMO_PASSWORD = "demo-pass"


@dataclass(frozen=True, slots=True)
class Live:
    """A running server: users admin and demo, each with a project of the same name."""

    home: Path
    url: str
    services: Services

    def environment(self, user: str = "admin", **changes: str) -> dict[str, str]:
        """Return the settings of the `openstack` client for a user; a change to "" removes a setting."""
        settings = {
            "OS_AUTH_URL": f"{self.url}/identity/v3",
            "OS_USERNAME": user,
            "OS_PASSWORD": ADMIN_PASSWORD if user == "admin" else DEMO_PASSWORD,
            "OS_PROJECT_NAME": user,
            "OS_USER_DOMAIN_NAME": "Default",
            "OS_PROJECT_DOMAIN_NAME": "Default",
            "OS_IDENTITY_API_VERSION": "3",
            "OS_REGION_NAME": "RegionOne",
        }
        return {key: text for key, text in (settings | changes).items() if text}

    def openstack(self, *arguments: str, user: str = "admin", **changes: str) -> str:
        """Run an `openstack` command that succeeds. Return its standard output."""
        result = client.run(list(arguments), self.environment(user, **changes))
        assert result.exit_code == 0, f"openstack {' '.join(arguments)}:\n{result.stdout}{result.stderr}"
        return result.stdout

    def refused(self, *arguments: str, user: str = "admin", **changes: str) -> str:
        """Run an `openstack` command that fails. Return its standard error."""
        result = client.run(list(arguments), self.environment(user, **changes))
        assert result.exit_code != 0, f"openstack {' '.join(arguments)}:\n{result.stdout}{result.stderr}"
        return result.stderr

    def json(self, *arguments: str, user: str = "admin", **changes: str) -> Any:
        """Run an `openstack` command that succeeds with `-f json`. Return the decoded output."""
        return json.loads(self.openstack(*arguments, "-f", "json", user=user, **changes))


@contextmanager
def live_server(home: Path, **options: Any) -> Iterator[Live]:
    """Run a server of a new installation in `home`, without a worker. `options`: settings."""
    port = free_port()
    home.mkdir(parents=True, exist_ok=True)
    settings = Settings(home=home, port=port, bcrypt_rounds=4, **options)
    InstallationKeys(home / "keys").create(RandomIds())
    services = build_services(settings)
    create_tables(services.database)
    with services.database.transaction() as db:
        now = services.clock.now()
        services.identity.bootstrap(db, now, admin_password=ADMIN_PASSWORD)
        services.identity.update_catalog(db, now, url=services.url, region=services.region, catalog=CATALOG)
        services.identity.ensure_demo_project(RequestContext(db, SYSTEM, now), DEMO_PASSWORD)
    with serving(services, port):
        yield Live(home, services.url, services)
    services.database.close()


@contextmanager
def serving(services: Services, port: int) -> Iterator[None]:
    """Run a server on `port` in a thread until the end of the block."""
    stop = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(services, port, stop)), name="live-server")
    thread.start()
    try:
        wait_until(lambda: _responds(f"http://127.0.0.1:{port}/identity", thread), "the server does not respond")
        yield
    finally:
        stop.set()
        thread.join(WAIT_S)


async def _serve(services: Services, port: int, stop: threading.Event) -> None:
    server = Server(build_application(services), port=port, **SERVER_OPTIONS)
    running = asyncio.create_task(server.serve())
    while not stop.is_set() and not running.done():
        await asyncio.sleep(0.02)
    end: Callable[[], None] = server.stop
    end()
    await running


def _responds(url: str, thread: threading.Thread) -> bool:
    assert thread.is_alive(), "the server ended"
    try:
        httpx.get(url, timeout=WAIT_S)
    except httpx.ConnectError:
        return False
    return True
