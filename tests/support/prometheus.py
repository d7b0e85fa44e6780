"""A Prometheus server with generated data, in a subprocess."""

import shutil
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
from support.ports import free_port
from support.processes import WAIT_S

#: The data: one value per minute from BEGIN.
BEGIN = parse_iso("2026-10-01T00:00:00Z")
MINUTES = 300

#: Buckets with a counter of bytes sent; the second bucket's counter is reset in minute 100.
BUCKETS = ("bucket-1", "bucket-2")


def bytes_sent(bucket: str, minute: int) -> int:
    """Return the value of a bucket's counter at `minute`."""
    if bucket == BUCKETS[0]:
        return 1_000_003 * minute
    return 7 * (minute if minute < 100 else minute - 100)


def _openmetrics() -> str:
    """Return the data in OpenMetrics format: two counters, and a gauge with values that are not numbers."""
    lines = ["# TYPE bytes_sent counter"]
    first = BEGIN // SECOND_US
    for bucket, project in zip(BUCKETS, ("p1", "p2"), strict=True):
        labels = f'bucket="{bucket}",project="{project}"'
        for minute in range(MINUTES):
            lines.append(f"bytes_sent_total{{{labels}}} {bytes_sent(bucket, minute)} {first + 60 * minute}")
    lines.append("# TYPE stored gauge")
    numbers = ("1.5", "NaN", "+Inf", "-Inf", "12345678901234567890", "0.1")
    lines += [f'stored{{bucket="bucket-1"}} {number} {first + 60 * minute}' for minute, number in enumerate(numbers)]
    return "\n".join([*lines, "# EOF", ""])


@contextmanager
def prometheus_server(folder: Path) -> Iterator[str]:
    """Run a Prometheus server with the data and return its URL. Skips the test if Prometheus is not installed."""
    if shutil.which("prometheus") is None or shutil.which("promtool") is None:
        pytest.skip("Prometheus is not installed")
    (folder / "metrics.txt").write_text(_openmetrics())
    (folder / "prometheus.yml").write_text("scrape_configs: []\n")
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", "metrics.txt", "data"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    address = f"127.0.0.1:{free_port()}"
    arguments = [
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address={address}",
    ]
    log = folder / "prometheus.log"
    with log.open("w") as output:
        server = subprocess.Popen(["prometheus", *arguments], cwd=folder, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait(server, f"http://{address}", log)
        yield f"http://{address}"
    finally:
        server.kill()
        server.wait()


def _wait(server: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end and server.poll() is None:
        try:
            if httpx.get(f"{url}/-/ready").is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"Prometheus did not start: {log.read_text()[-2000:]}")


def connect_prometheus(url: str, **overrides: str) -> PrometheusCloud:
    account = CloudAccount(id="cloud-1", name="prometheus-test", settings={"url": url, **overrides})
    return connector.connect(account, Installation("installation", Path(), SystemClock()))
