"""A real Prometheus with a history of our own, in a process of its own. Where none is installed, tests are skipped."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from stratiform.connectors.prometheus.connector import PrometheusCloud, connector
from stratiform.contract.connector import CloudAccount, Installation
from stratiform.kit.clock import SECOND_US, SystemClock, parse_iso

#: What it has measured: from here on, a value a minute.
BEGIN = parse_iso("2026-10-01T00:00:00Z")
MINUTES = 300

#: Bytes that the two buckets had sent after each minute; the second's counter began anew in minute 100.
BUCKETS = ("bucket-1", "bucket-2")

_START_S = 30


def sent(bucket: str, minute: int) -> int:
    """The counter of a bucket, as the history has it."""
    if bucket == BUCKETS[0]:
        return 1_000_003 * minute
    return 7 * (minute if minute < 100 else minute - 100)


def _history() -> str:
    """OpenMetrics: two counters, and a gauge that is not always a number."""
    lines = ["# TYPE bytes_sent counter"]
    first = BEGIN // SECOND_US
    for bucket, project in zip(BUCKETS, ("p1", "p2"), strict=True):
        lines += [
            f'bytes_sent_total{{bucket="{bucket}",project="{project}"}} {sent(bucket, minute)} {first + 60 * minute}'
            for minute in range(MINUTES)
        ]
    lines.append("# TYPE stored gauge")
    numbers = ("1.5", "NaN", "+Inf", "-Inf", "12345678901234567890", "0.1")
    lines += [f'stored{{bucket="bucket-1"}} {number} {first + 60 * minute}' for minute, number in enumerate(numbers)]
    return "\n".join([*lines, "# EOF", ""])


@contextmanager
def prometheus(folder: Path) -> Iterator[str]:
    """The URL of a server with that history."""
    (folder / "history.txt").write_text(_history())
    (folder / "prometheus.yml").write_text("scrape_configs: []\n")
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", "history.txt", "data"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{free.getsockname()[1]}"
    arguments = [
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address={where}",
    ]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(["prometheus", *arguments], cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait(server, f"http://{where}")
        yield f"http://{where}"
    finally:
        server.terminate()
        server.wait()


def _wait(server: "subprocess.Popen[bytes]", url: str) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and server.poll() is None:
        try:
            if httpx.get(f"{url}/-/ready").is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise RuntimeError("Prometheus does not start")


@pytest.fixture(scope="session")
def prometheus_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server for the whole run; nothing changes it."""
    if shutil.which("prometheus") is None or shutil.which("promtool") is None:
        pytest.skip("Prometheus isn't installed here")
    with prometheus(tmp_path_factory.mktemp("prometheus")) as url:
        yield url


def connect_prometheus(url: str, **other: str) -> PrometheusCloud:
    account = CloudAccount(id="cloud-1", name="prometheus-test", settings={"url": url, **other})
    return connector.connect(account, Installation("installation", Path(), SystemClock()))
