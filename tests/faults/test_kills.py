"""kill -9 of the API and of the worker at any moment: no machine is lost, doubled or forgotten.

Customers create and delete servers on a simulated cloud that loses answers, while one of the two processes is
killed again and again. At the end the cloud's own books, our database and the ledger must tell the same story.
`FAULT_KILLS` says how many; `make faults` does 200.
"""

import itertools
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
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

KILLS = int(os.environ.get("FAULT_KILLS", "6"))
CUSTOMERS = 3
SETTLING_S = 120
PROGRAM = [sys.executable, "-m", "stratiform"]


class RunningInstallation:
    """A home with an API and a worker that can be killed."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._log = (home / "programs.log").open("ab")

    def start(self, name: str) -> None:
        line = [*PROGRAM, "--home", str(self.home), name] + (["--port", str(self.port)] if name == "api" else [])
        self._running[name] = subprocess.Popen(line, stdout=self._log, stderr=self._log)

    def kill(self, name: str) -> None:
        process = self._running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            process.wait(30)
        self._log.close()

    def wait_ready(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with suppress(httpx.HTTPError):
                httpx.get(f"{self.url}/identity/v3", timeout=2)
                return
            time.sleep(0.05)
        pytest.fail("the API did not start: " + (self.home / "programs.log").read_text()[-2000:])

    def cli(self, *line: str) -> str:
        done = subprocess.run([*PROGRAM, "--home", str(self.home), *line], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


class Customer(threading.Thread):
    """Creates and deletes servers, whatever happens to the answers."""

    def __init__(self, at: RunningInstallation, number: int) -> None:
        super().__init__()
        self.leaving = threading.Event()
        self._at = at
        self._random = random.Random(number)
        self._headers: dict[str, str] = {}
        self.requests = 0

    def run(self) -> None:
        while not self.leaving.is_set():
            with suppress(httpx.HTTPError), httpx.Client(base_url=self._at.url, timeout=10) as http:
                self._headers = self._headers or sign_in(http, self._at.home)
                self._step(http)
            time.sleep(0.02)

    def _step(self, http: httpx.Client) -> None:
        servers = http.get("/compute/v2.1/servers", headers=self._headers).json().get("servers", [])
        self.requests += 1
        if servers and self._random.random() < 0.5:
            http.delete(f"/compute/v2.1/servers/{self._random.choice(servers)['id']}", headers=self._headers)
            return
        flavor = http.get("/compute/v2.1/flavors", headers=self._headers).json()["flavors"][0]["id"]
        wanted = {"name": f"s{self._random.random()}", "flavorRef": flavor, "imageRef": IMAGE[0], "networks": "auto"}
        http.post("/compute/v2.1/servers", headers={**self._headers, **MICROVERSION}, json={"server": wanted})


IMAGE: list[str] = []
MICROVERSION = {"OpenStack-API-Version": "compute 2.37"}


def sign_in(http: httpx.Client, home: Path) -> dict[str, str]:
    """Headers of the demo user."""
    auth = yaml.safe_load((home / "clouds.yaml").read_text())["clouds"]["stratiform-demo"]["auth"]
    domain = {"name": "Default"}
    user = {"name": auth["username"], "password": auth["password"], "domain": domain}
    body = {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": auth["project_name"], "domain": domain}},
        }
    }
    answer = http.post("/identity/v3/auth/tokens", json=body)
    answer.raise_for_status()
    return {"X-Auth-Token": answer.headers["x-subject-token"]}


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[RunningInstallation]:
    home = tmp_path / "home"
    home.mkdir()
    made = RunningInstallation(home)
    made.start("api")
    made.wait_ready()
    made.start("worker")
    with httpx.Client(base_url=made.url, timeout=30) as http:
        headers = sign_in(http, home)
        image = {"name": "i", "disk_format": "raw", "container_format": "bare"}
        IMAGE[:] = [http.post("/image/v2/images", headers=headers, json=image).json()["id"]]
        data = {**headers, "Content-Type": "application/octet-stream"}
        assert http.put(f"/image/v2/images/{IMAGE[0]}/file", headers=data, content=b"disk").status_code == 204
    yield made
    made.stop()


def simulated_cloud(home: Path) -> Any:
    place = Installation((home / "keys" / "installation").read_text().strip(), home, clock.SystemClock())
    return MemoryConnector().connect(CloudAccount("memory", "memory", {}), place)


def servers(at: RunningInstallation) -> list[dict[str, Any]]:
    with httpx.Client(base_url=at.url, timeout=30) as http:
        found: list[dict[str, Any]] = http.get("/compute/v2.1/servers/detail", headers=sign_in(http, at.home)).json()[
            "servers"
        ]
        return found


def settle(at: RunningInstallation) -> list[dict[str, Any]]:
    """Wait until nothing is under way any more."""
    until = time.monotonic() + SETTLING_S
    cloud = simulated_cloud(at.home)
    while time.monotonic() < until:
        found = servers(at)
        machines = {machine.token for machine in cloud.compute.list()}
        quiet = all(server["status"] == "ACTIVE" and not server["OS-EXT-STS:task_state"] for server in found)
        if quiet and machines == {server["id"] for server in found} and not outbox(at.home):
            return found
        time.sleep(0.3)
    pytest.fail(f"did not settle: {[(s['id'], s['status']) for s in servers(at)]}, {machines}")


def outbox(home: Path) -> int:
    with sqlite3.connect(f"file:{home / 'stratiform.db'}?mode=ro", uri=True) as db:
        return int(db.execute("SELECT count(*) FROM outbox").fetchone()[0])


def books(home: Path) -> dict[str, tuple[int, bool]]:
    """The cloud's own books: when each machine that ever ran was launched, and whether it is still there."""
    now = clock.SystemClock().now()
    with sqlite3.connect(f"file:{home / 'clouds' / 'memory.db'}?mode=ro", uri=True) as db:
        rows = db.execute("SELECT token, launched_at, deleted_at, ready_at FROM machines").fetchall()
    ran = [row for row in rows if row[1] is not None and (row[2] is None or row[1] < row[2])]
    return {token: (launched, deleted is None or deleted > now) for token, launched, deleted, _ in ran}


@pytest.mark.timeout(60 + KILLS * 10)
def test_kills_lose_double_and_forget_nothing(installation: RunningInstallation) -> None:
    cloud = simulated_cloud(installation.home)
    cloud.client.set_faults(lose_percent=20, fail_percent=10)
    chance = random.Random(7)
    customers = [Customer(installation, number) for number in range(CUSTOMERS)]
    for customer in customers:
        customer.start()
    for _ in range(KILLS):
        victim = chance.choice(("api", "worker", "worker"))
        time.sleep(chance.uniform(0.3, 2.5))
        installation.kill(victim)
        installation.start(victim)
    for customer in customers:
        customer.leaving.set()
    for customer in customers:
        customer.join()
    installation.wait_ready()
    cloud.client.clear_faults()
    alive = {server["id"] for server in settle(installation)}

    made = cloud.client.history()
    assert sum(customer.requests for customer in customers) > KILLS
    assert set(made.values()) <= {1}, "a machine was doubled"
    ledger: dict[str, list[dict[str, Any]]] = {}
    for segment in json.loads(installation.cli("usage", "list", "--format", "json", "--resource-type", "instance")):
        ledger.setdefault(segment["resource_id"], []).append(segment)
    for token, (launched, there) in books(installation.home).items():
        segments = ledger.pop(token, [])
        assert segments, f"machine {token} ran and was forgotten by the ledger"
        assert segments[0]["start"] == clock.iso(launched)
        assert (segments[-1]["end"] is None) == there == (token in alive)
        for one, following in itertools.pairwise(segments):
            assert one["end"] == following["start"]
    assert ledger == {}, "the ledger knows machines that never ran"
