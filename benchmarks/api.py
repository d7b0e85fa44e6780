"""Compare the API with a real OpenStack: the same requests, client and run, as ratios.

    python benchmarks/api.py --lab PATH/openstack-lab

The lab must be up (`openstack-lab up`). Rows: validated tokens a second, 100 servers in detail, a server from
create to ACTIVE, 100 ports, and the memory of everything together (proportional set size).
"""

import argparse
import contextlib
import http.client
import json
import shlex
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import openstack
import yaml
from openstack.connection import Connection

SERVERS = 100
VALIDATION_S = 5
CREATES = 10
CONNECTIONS = 16


@dataclass(frozen=True)
class Target:
    """One API under measurement. `memory_mib` returns the memory of all its processes."""

    name: str
    cloud: Connection
    flavor: str
    image: str
    network: str
    memory_mib: Callable[[], int]


@dataclass(frozen=True)
class Row:
    """One figure of both APIs; `aim` is the target ratio."""

    what: str
    unit: str
    ours: float
    theirs: float
    higher_is_better: bool
    aim: float

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs if self.higher_is_better else self.theirs / self.ours


def connect(**entry: Any) -> Connection:
    """Connect with an entry of a clouds.yaml, independent of the environment."""
    return openstack.connect(load_yaml_config=False, load_envvars=False, **entry)


def validations_per_s(target: Target) -> float:
    """GET /auth/tokens over `CONNECTIONS` persistent connections of wrk; a client in Python would be the bottleneck."""
    identity = str(target.cloud.config.get_auth_args()["auth_url"]).rstrip("/").removesuffix("/v3")
    token = target.cloud.session.get_token()
    headers = ["-H", f"X-Auth-Token: {token}", "-H", f"X-Subject-Token: {token}"]
    line = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{VALIDATION_S}s", *headers, f"{identity}/v3/auth/tokens"]
    try:
        output = subprocess.run(line, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        raise SystemExit("wrk is needed: apt-get install wrk") from None
    if "Non-2xx" in output:
        raise SystemExit(f"{target.name}: a token was not validated")
    return float(output.split("Requests/sec:")[1].split()[0])


def detail_ms(target: Target) -> float:
    """Median of GET /servers/detail over `SERVERS` servers."""
    url = f"{target.cloud.compute.get_endpoint()}/servers/detail?limit=1000"
    return _list_ms(target, url, "servers", SERVERS)


def ports_ms(target: Target) -> float:
    """Median of GET /ports of the servers, and of the network's own port if it has one."""
    endpoint = str(target.cloud.network.get_endpoint()).rstrip("/").removesuffix("/v2.0")
    return _list_ms(target, f"{endpoint}/v2.0/ports?device_owner=compute:nova", "ports", SERVERS)


def _list_ms(target: Target, url: str, name: str, expected: int) -> float:
    """Median time of a list, from the first byte sent to the last received."""
    address = urlparse(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    headers = {"X-Auth-Token": target.cloud.session.get_token() or ""}
    times = []
    for _ in range(30):
        started = time.perf_counter()
        connection.request("GET", f"{address.path}?{address.query}", headers=headers)
        response = connection.getresponse().read()
        times.append(time.perf_counter() - started)
        count = len(json.loads(response)[name])
        if count < expected:
            raise SystemExit(f"{target.name}: {count} {name} listed, not {expected}")
    return statistics.median(times) * 1000


def create_ms(target: Target) -> float:
    """Median from POST /servers to the first response with status ACTIVE."""
    times = []
    for number in range(CREATES):
        started = time.perf_counter()
        server = _create(target, f"bench-one-{number}", 1)
        _wait_active(target, [server])
        times.append(time.perf_counter() - started)
        target.cloud.compute.delete_server(server)
    return statistics.median(times) * 1000


def _create(target: Target, name: str, count: int) -> str:
    body = {
        "name": name,
        "flavorRef": target.flavor,
        "imageRef": target.image,
        "networks": [{"uuid": target.network}],
        "min_count": count,
        "max_count": count,
    }
    response = target.cloud.compute.post("/servers", json={"server": body}, microversion="2.79")
    response.raise_for_status()
    return str(response.json()["server"]["id"])


def _wait_active(target: Target, servers: list[str]) -> None:
    for server in servers:
        while (status := target.cloud.compute.get(f"/servers/{server}").json()["server"]["status"]) != "ACTIVE":
            if status == "ERROR":
                raise SystemExit(f"{target.name}: server {server} is in ERROR")
            time.sleep(0.005)


@contextmanager
def filled(target: Target) -> Iterator[None]:
    """Create `SERVERS` active servers; delete them afterwards."""
    _create(target, "bench", SERVERS)
    servers = [server.id for server in target.cloud.compute.servers()]
    try:
        _wait_active(target, servers)
        yield
    finally:
        for server in servers:
            target.cloud.compute.delete_server(server, ignore_missing=True)
        while list(target.cloud.compute.servers()):
            time.sleep(0.5)


def prepare(name: str, cloud: Connection, memory_mib: Callable[[], int]) -> Target:
    """Create a flavor, an image and a network for the benchmark."""
    flavor = cloud.compute.find_flavor("bench") or cloud.compute.create_flavor(name="bench", vcpus=1, ram=64, disk=1)
    if cloud.image.find_image("bench") is None:
        cloud.create_image("bench", data=b"bench", disk_format="raw", container_format="bare", wait=True)
    image = cloud.image.find_image("bench", ignore_missing=False)
    network = cloud.network.find_network("bench")
    if network is None:
        network = cloud.network.create_network(name="bench")
        cloud.network.create_subnet(network_id=network.id, ip_version=4, cidr="10.99.0.0/16", name="bench")
    for server in list(cloud.compute.servers()):
        cloud.compute.delete_server(server)
    return Target(name, cloud, str(flavor.id), str(image.id), str(network.id), memory_mib)


@contextmanager
def stratiform() -> Iterator[Target]:
    """A fresh installation; its simulated cloud takes no time, as Nova's fake driver takes none."""
    program = Path(sys.executable).with_name("stratiform")
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        line = [str(program), "--home", folder]
        subprocess.run([*line, "up", "--detach", "--port", str(port)], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([*line, "clouds", "set", "memory", "--latency-ms", "0"], check=True)
        try:
            entry = yaml.safe_load((Path(folder) / "clouds.yaml").read_text())["clouds"]["stratiform-demo"]
            admin = yaml.safe_load((Path(folder) / "clouds.yaml").read_text())["clouds"]["stratiform-admin"]
            operator, customer = connect(**admin), connect(**entry)
            operator.compute.create_flavor(name="bench", vcpus=1, ram=64, disk=1)
            operator.set_compute_quotas(str(customer.current_project_id), instances=-1, cores=-1, ram=-1)
            operator.set_network_quotas(str(customer.current_project_id), port=-1)
            pid = int((Path(folder) / "api.pid").read_text())
            yield prepare("Stratiform", customer, lambda: _pss_mib(pid))
        finally:
            subprocess.run([*line, "down"], check=True, stdout=subprocess.DEVNULL)


def _pss_mib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) // 1024


def lab(program: str) -> Target:
    """Return the running OpenStack."""
    script = f'eval "$({shlex.quote(program)} rc)"; env'
    lines = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True).stdout.splitlines()
    environment = dict(line.split("=", 1) for line in lines if line.startswith("OS_"))
    settings = ("OS_REGION_NAME", "OS_AUTH_TYPE", "OS_IDENTITY_API_VERSION")
    auth = {name.removeprefix("OS_").lower(): value for name, value in environment.items() if name not in settings}
    cloud = connect(auth=auth, region_name=environment.get("OS_REGION_NAME"))
    with contextlib.suppress(openstack.exceptions.SDKException):
        cloud.set_compute_quotas(cloud.current_project_id or "", instances=-1, cores=-1, ram=-1)
        cloud.set_network_quotas(cloud.current_project_id or "", port=-1)
    return prepare("OpenStack", cloud, lambda: _lab_memory(program))


def _lab_memory(program: str) -> int:
    rows = subprocess.run([program, "rss"], check=True, capture_output=True, text=True).stdout.splitlines()[1:]
    return sum(int(row.split("\t")[3]) for row in rows)


def measure(ours: Target, theirs: Target) -> list[Row]:
    rows = []

    def row(what: str, unit: str, figure: Callable[[Target], float], *, higher: bool, aim: float) -> None:
        print(f"measuring: {what} …", file=sys.stderr)
        rows.append(Row(what, unit, figure(ours), figure(theirs), higher, aim))

    row("token validation", "1/s", validations_per_s, higher=True, aim=30)
    row("create to ACTIVE", "ms", create_ms, higher=False, aim=40)
    print(f"creating {SERVERS} servers on both …", file=sys.stderr)
    with filled(ours), filled(theirs):
        row(f"{SERVERS} servers in detail", "ms", detail_ms, higher=False, aim=150)
        row(f"{SERVERS} ports", "ms", ports_ms, higher=False, aim=50)
        row("memory, all together", "MiB", lambda target: target.memory_mib(), higher=False, aim=10)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lab", required=True, help="the program openstack-lab, whose OpenStack is up")
    parser.add_argument("--json", action="store_true", help="print JSON lines")
    arguments = parser.parse_args()
    theirs = lab(arguments.lab)
    with stratiform() as ours:
        rows = measure(ours, theirs)
    if not arguments.json:
        print(f"{'':<26}{'':>5}{'Stratiform':>12}{'OpenStack':>12}{'ratio':>9}{'aim':>6}")
    for row in rows:
        if arguments.json:
            print(json.dumps({"what": row.what, "unit": row.unit, "ours": row.ours, "theirs": row.theirs}))
        else:
            print(f"{row.what:<26}{row.unit:>5}{row.ours:>12.1f}{row.theirs:>12.1f}{row.ratio:>8.1f}×{row.aim:>5.0f}×")


if __name__ == "__main__":
    main()
