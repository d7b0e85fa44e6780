"""Measure appending to the log, signing checkpoints, exporting and verifying.

    .venv/bin/python benchmarks/proof.py [--database postgresql] [--events 100000]

Each server has five events, far apart from each other, so that they are in many tiles of the log.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "tests"))

import zstandard

from stratiform.kit import merkle_tree
from stratiform.kit.clock import HOUR_US, format_iso_naive, parse_iso
from stratiform.kit.outbox import Event
from stratiform.services.ledger.model import UsageFilter
from stratiform.services.proof.model.verification import verify_export
from support.databases import empty_database
from support.stacks import ServiceHarness, build_harness

BATCH, EVENTS_PER_SERVER, PROJECTS = 1000, 5, 50
_FIRST = parse_iso("2026-01-01")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--database", default="sqlite", choices=["sqlite", "postgresql", "mariadb"])
    parser.add_argument("--events", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, empty_database(options.database, Path(folder)) as url:
        stack = build_harness(Path(folder), url)
        print(f"{options.database}, {options.events} events")
        fill(stack, options.events)
        measure_appending(options.events)
        with timed("checkpoint"), stack.services.database.transaction() as db:
            stack.services.proof.checkpoints.create(db, stack.clock.now())
        file = Path(folder) / "export"
        with timed("export of a project"):
            export(stack, file, "p7")
        with timed("export without filter"):
            export(stack, file)
        size, compressed = file.stat().st_size, len(zstandard.ZstdCompressor().compress(file.read_bytes()))
        print(f"  {size / options.events:.0f} bytes per event, {compressed / options.events:.0f} compressed")
        with timed("verify"), file.open("rb") as source:
            report = verify_export(source, stack.services.proof.keys.list_verifiers())
        assert report.is_complete_log, report.failures[:3]
        print(f"  {report.events} events, {report.segments} segments of {report.resources} resources")
        stack.services.database.close()


def fill(stack: ServiceHarness, events: int) -> None:
    for first in range(0, events, BATCH):
        with stack.services.database.transaction() as db:
            batch = [
                make_event(number, events // EVENTS_PER_SERVER) for number in range(first, min(first + BATCH, events))
            ]
            stack.services.ingest.own_events.ingest(db, batch, stack.clock.now())


def make_event(number: int, servers: int) -> Event:
    server, turn = number % servers, number // servers
    launched = _FIRST + server * 1000
    payload = {
        "tenant_id": f"p{server % PROJECTS}",
        "instance_id": f"00000000-0000-4000-8000-{server:012d}",
        "display_name": f"server {server}",
        "instance_type": "m1.small",
        "memory_mb": 2048,
        "vcpus": 2 + turn,
        "root_gb": 20,
        "ephemeral_gb": 0,
        "state": "active",
        "launched_at": format_iso_naive(launched),
    }
    return Event(f"{number:032x}", "compute.instance.update", "compute.x", launched + turn * HOUR_US, "a", payload)


def measure_appending(events: int) -> None:
    """Measure the log alone, with batches as in ingest."""
    tiles: dict[tuple[int, int], bytes] = {}
    leaves = [merkle_tree.compute_leaf_hash(b"%d" % number) for number in range(BATCH)]

    def tile(level: int, number: int) -> bytes:
        return tiles.get((level, number), b"")

    start = time.perf_counter()
    for size in range(0, events, BATCH):
        tiles.update(merkle_tree.append_leaves(tile, size, leaves))
    print(f"  append to the log: {(time.perf_counter() - start) / events * 1e6:.2f} µs per event")


def export(stack: ServiceHarness, file: Path, project_id: str | None = None) -> None:
    services, database = stack.services, stack.services.database
    with database.transaction() as db:
        created = services.proof.exports.create(stack.ctx(db), UsageFilter(project_id=project_id))
    with database.read_transaction() as db, file.open("wb") as sink:
        sink.writelines(services.proof.exports.iterate_lines(db, created))


@contextmanager
def timed(label: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    print(f"  {label}: {time.perf_counter() - start:.3f} s")


if __name__ == "__main__":
    main()
