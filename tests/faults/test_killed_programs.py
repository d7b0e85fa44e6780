"""Kill API and worker at any time: no server is lost, created twice or missing in the ledger.

Customers create and delete servers on a simulated cloud that loses responses, while one of the two processes is
killed again and again. At the end cloud, database and ledger must agree. `FAULT_KILLS` is the number of kills;
`make faults` does 200.
"""

import itertools
import json
import os
import random
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from stratiform.connectors.memory.connector import MemoryConnector
from stratiform.contract.connector import CloudAccount, Installation
from stratiform.kit import clock
from support.ports import free_port
from support.processes import PROGRAM, WAIT_S, clean_environment, kill_tree, wait_until

KILLS = int(os.environ.get("FAULT_KILLS", "6"))
CUSTOMERS = 3
MICROVERSION = {"OpenStack-API-Version": "compute 2.37"}


class RunningInstallation:
    """A home with an API and a worker that can be killed."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.image_id = ""
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._log = (home / "programs.log").open("ab")

    def start(self, program: str) -> None:
        options = ["--port", str(self._port)] if program == "api" else []
        self._processes[program] = subprocess.Popen(
            [*PROGRAM, "--home", str(self.home), program, *options],
            env=clean_environment(STRATIFORM_QUOTA_INSTANCES="-1", STRATIFORM_QUOTA_CORES="-1"),
            stdout=self._log,
            stderr=self._log,
        )

    def kill(self, program: str) -> None:
        kill_tree(self._processes.pop(program))

    def close(self) -> None:
        for process in self._processes.values():
            kill_tree(process)
        self._log.close()

    def wait_ready(self) -> None:
        """Wait until the API responds."""
        try:
            wait_until(self._responds, "the API did not start")
        except AssertionError as error:
            error.add_note((self.home / "programs.log").read_text()[-2000:])
            raise

    def _responds(self) -> bool:
        with suppress(httpx.HTTPError):
            httpx.get(f"{self.url}/identity/v3", timeout=WAIT_S)
            return True
        return False

    def cli(self, *arguments: str) -> str:
        command = [*PROGRAM, "--home", str(self.home), *arguments]
        result = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        return result.stdout


class Customer(threading.Thread):
    """Create and delete servers, also if requests fail."""

    def __init__(self, installation: RunningInstallation, number: int) -> None:
        super().__init__(daemon=True)
        self.stopping = threading.Event()
        self._installation = installation
        self._random = random.Random(number)
        self._headers: dict[str, str] = {}
        self.requests = 0

    def run(self) -> None:
        url = self._installation.url
        while not self.stopping.is_set():
            with suppress(httpx.HTTPError), httpx.Client(base_url=url, timeout=WAIT_S) as http:
                self._headers = self._headers or authenticate(http, self._installation.home)
                self._send_requests(http)
            time.sleep(0.02)

    def _send_requests(self, http: httpx.Client) -> None:
        servers = http.get("/compute/v2.1/servers", headers=self._headers).json().get("servers", [])
        self.requests += 1
        if servers and self._random.random() < 0.5:
            http.delete(f"/compute/v2.1/servers/{self._random.choice(servers)['id']}", headers=self._headers)
            return
        flavor_id = http.get("/compute/v2.1/flavors", headers=self._headers).json()["flavors"][0]["id"]
        server = {
            "name": f"s{self._random.random()}",
            "flavorRef": flavor_id,
            "imageRef": self._installation.image_id,
            "networks": "auto",
        }
        http.post("/compute/v2.1/servers", headers={**self._headers, **MICROVERSION}, json={"server": server})


def authenticate(http: httpx.Client, home: Path) -> dict[str, str]:
    """Return the headers of the demo user."""
    auth = yaml.safe_load((home / "clouds.yaml").read_text())["clouds"]["stratiform-demo"]["auth"]
    domain = {"name": "Default"}
    user = {"name": auth["username"], "password": auth["password"], "domain": domain}
    body = {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": auth["project_name"], "domain": domain}},
        }
    }
    response = http.post("/identity/v3/auth/tokens", json=body)
    response.raise_for_status()
    return {"X-Auth-Token": response.headers["x-subject-token"]}


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[RunningInstallation]:
    home = tmp_path / "home"
    home.mkdir()
    installation = RunningInstallation(home)
    try:
        installation.start("api")
        installation.wait_ready()
        installation.start("worker")
        installation.image_id = create_image(installation)
        yield installation
    finally:
        installation.close()


def create_image(installation: RunningInstallation) -> str:
    with httpx.Client(base_url=installation.url, timeout=WAIT_S) as http:
        headers = authenticate(http, installation.home)
        image = {"name": "i", "disk_format": "raw", "container_format": "bare"}
        image_id = str(http.post("/image/v2/images", headers=headers, json=image).json()["id"])
        headers["Content-Type"] = "application/octet-stream"
        assert http.put(f"/image/v2/images/{image_id}/file", headers=headers, content=b"disk").status_code == 204
    return image_id


def simulated_cloud(home: Path) -> Any:
    installation = Installation((home / "keys" / "installation").read_text().strip(), home, clock.SystemClock())
    return MemoryConnector().connect(CloudAccount("memory", "memory", {}), installation)


def list_servers(installation: RunningInstallation) -> list[dict[str, Any]]:
    with httpx.Client(base_url=installation.url, timeout=WAIT_S) as http:
        headers = authenticate(http, installation.home)
        servers: list[dict[str, Any]] = http.get("/compute/v2.1/servers/detail", headers=headers).json()["servers"]
        return servers


def wait_settled(installation: RunningInstallation) -> list[dict[str, Any]]:
    """Wait until all servers are active, the cloud has the same ones, and the outbox is empty. Return the servers."""
    cloud = simulated_cloud(installation.home)
    servers: list[dict[str, Any]] = []

    def is_settled() -> bool:
        servers[:] = list_servers(installation)
        native_servers = {server.token for server in cloud.compute.list()}
        return (
            all(server["status"] == "ACTIVE" and not server["OS-EXT-STS:task_state"] for server in servers)
            and native_servers == {server["id"] for server in servers}
            and outbox_size(installation.home) == 0
        )

    try:
        wait_until(is_settled, "servers do not settle", 4 * WAIT_S)
    except AssertionError as error:
        error.add_note(str([(server["id"], server["status"]) for server in servers]))
        raise
    return servers


def outbox_size(home: Path) -> int:
    with sqlite3.connect(f"file:{home / 'stratiform.db'}?mode=ro", uri=True) as db:
        return int(db.execute("SELECT count(*) FROM outbox").fetchone()[0])


def usage_in_cloud(home: Path) -> dict[str, tuple[int, bool]]:
    """Return when each server was launched according to the cloud, and whether it exists, by token."""
    now = clock.SystemClock().now()
    with sqlite3.connect(f"file:{home / 'clouds' / 'memory.db'}?mode=ro", uri=True) as db:
        rows = db.execute("SELECT token, launched_at, deleted_at FROM servers").fetchall()
    launched = [row for row in rows if row[1] is not None and (row[2] is None or row[1] < row[2])]
    return {token: (launched_at, deleted_at is None or deleted_at > now) for token, launched_at, deleted_at in launched}


@pytest.mark.timeout(1200 + KILLS * 60)
def test_kills_of_api_and_worker_lose_and_duplicate_no_server(installation: RunningInstallation) -> None:
    cloud = simulated_cloud(installation.home)
    cloud.client.set_faults(lose_percent=20, fail_percent=10)
    chance = random.Random(7)
    customers = [Customer(installation, number) for number in range(CUSTOMERS)]
    try:
        for customer in customers:
            customer.start()
        for _ in range(KILLS):
            program = chance.choice(("api", "worker", "worker"))
            time.sleep(chance.uniform(0.3, 2.5))
            installation.kill(program)
            installation.start(program)
        wait_until(lambda: sum(customer.requests for customer in customers) > KILLS, "few requests of customers")
    finally:
        for customer in customers:
            customer.stopping.set()
    for customer in customers:
        customer.join()
    installation.wait_ready()
    cloud.client.clear_faults()
    server_ids = {server["id"] for server in wait_settled(installation)}
    assert set(cloud.client.count_created().values()) <= {1}, "a server was created twice"
    check_ledger(installation, server_ids)


def check_ledger(installation: RunningInstallation, server_ids: set[str]) -> None:
    """Compare the segments in the ledger with the usage in the cloud."""
    ledger: dict[str, list[dict[str, Any]]] = {}
    for segment in json.loads(installation.cli("usage", "list", "--format", "json", "--resource-type", "instance")):
        ledger.setdefault(segment["resource_id"], []).append(segment)
    for token, (launched_at, exists) in usage_in_cloud(installation.home).items():
        segments = ledger.pop(token, [])
        assert segments, f"server {token} has no usage in the ledger"
        assert segments[0]["start"] == clock.format_iso(launched_at)
        assert (segments[-1]["end"] is None) == exists == (token in server_ids)
        for segment, following in itertools.pairwise(segments):
            assert segment["end"] == following["start"]
    assert ledger == {}, "the ledger has usage of servers that never ran"
