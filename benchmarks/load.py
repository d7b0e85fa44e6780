"""Measure how long sign-ins take while other clients list servers.

    python benchmarks/load.py [--list 150] [--sign-in 50] [--seconds 15] [--rounds 4]

Starts a fresh installation with the simulated cloud on SQLite. Every client has a connection of its own and sends its
next request as soon as it has the response. Prints requests and latencies of both kinds of client.
"""

import argparse
import asyncio
import ssl
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))

from support.ports import free_port  # noqa: E402 - see above
from support.processes import PROGRAM, clean_environment, running, wait_until  # noqa: E402

_TIMEOUT_S = 120


async def repeat(client: httpx.AsyncClient, until: float, latencies: list[float], request: dict[str, Any]) -> None:
    """Send a request again and again until the time is over."""
    while time.monotonic() < until:
        started = time.monotonic()
        response = await client.request(**request)
        response.raise_for_status()
        latencies.append(time.monotonic() - started)


async def measure(url: str, auth: dict[str, Any], arguments: argparse.Namespace) -> None:
    sign_in: dict[str, Any] = {"method": "POST", "url": f"{url}/identity/v3/auth/tokens?nocatalog", "json": auth}
    async with httpx.AsyncClient(timeout=_TIMEOUT_S) as client:
        token = (await client.request(**sign_in)).headers["X-Subject-Token"]
    listing: dict[str, Any] = {
        "method": "GET",
        "url": f"{url}/compute/v2.1/servers",
        "headers": {"X-Auth-Token": token},
    }
    latencies: dict[str, list[float]] = {"list": [], "sign-in": []}
    kinds = [("list", listing)] * arguments.list + [("sign-in", sign_in)] * arguments.sign_in
    context = ssl.create_default_context()  # shared, because it takes long to create
    clients = [httpx.AsyncClient(timeout=_TIMEOUT_S, verify=context) for _ in kinds]
    until = time.monotonic() + arguments.seconds
    async with asyncio.TaskGroup() as tasks:
        for client, (kind, request) in zip(clients, kinds, strict=True):
            tasks.create_task(repeat(client, until, latencies[kind], request))
    for client in clients:
        await client.aclose()
    for kind, values in latencies.items():
        if values:
            print(format_row(kind, values))


def format_row(kind: str, latencies: list[float]) -> str:
    ordered = sorted(latencies)
    p99 = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    return (
        f"{kind:8} {len(ordered):6} requests, p50 {statistics.median(ordered):6.2f} s, p99 {p99:6.2f} s,"
        f" max {ordered[-1]:6.2f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure sign-ins under load.")
    parser.add_argument("--list", type=int, default=150)
    parser.add_argument("--sign-in", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=4, help="bcrypt cost factor")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home, url = Path(folder) / "home", f"http://127.0.0.1:{free_port()}"
        environment = clean_environment(
            STRATIFORM_PORT=url.rpartition(":")[2], STRATIFORM_BCRYPT_ROUNDS=str(arguments.rounds)
        )
        with running([*PROGRAM, "up", "--home", str(home)], env=environment):
            wait_until(lambda: is_ready(url, home), "Stratiform does not start")
            cloud = yaml.safe_load((home / "clouds.yaml").read_text())["clouds"]["stratiform-demo"]["auth"]
            domain = {"id": "default"}
            user = {"name": cloud["username"], "domain": domain, "password": cloud["password"]}
            identity = {"methods": ["password"], "password": {"user": user}}
            scope = {"project": {"name": cloud["project_name"], "domain": domain}}
            asyncio.run(measure(url, {"auth": {"identity": identity, "scope": scope}}, arguments))


def is_ready(url: str, home: Path) -> bool:
    try:
        return (home / "clouds.yaml").exists() and httpx.get(f"{url}/identity/v3").is_success
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    main()
