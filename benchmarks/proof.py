"""What it costs that the ledger can be proved: adding to the log, signing it, exporting and verifying.

    .venv/bin/python benchmarks/proof.py [--database postgresql] [--events 100000]

Machines say five things each, far apart from each other, so that the events of one stand in many tiles of the log.
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

from stratiform.kit import merkle
from stratiform.kit.clock import HOUR_US, iso_naive, parse_iso
from stratiform.kit.outbox import Event
from stratiform.services.ledger.model import UsageFilter
from stratiform.services.proof.model.verification import verify
from support.databases import empty_database
from support.stacks import Bench, bench

BATCH, SAYINGS, PROJECTS = 1000, 5, 50
_FIRST = parse_iso("2026-01-01")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    asked.add_argument("--database", default="sqlite", choices=["sqlite", "postgresql", "mariadb"])
    asked.add_argument("--events", type=int, default=100_000)
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder, empty_database(options.database, Path(folder)) as url:
        made = bench(Path(folder), url)
        print(f"{options.database}, {options.events} events")
        fill(made, options.events)
        adding(options.events)
        with timed("checkpoint"), made.services.database.transaction() as db:
            made.services.proof.checkpoints.create(db, made.clock.now())
        file = Path(folder) / "export"
        with timed("export of a project"):
            export(made, file, "p7")
        with timed("export of everything"):
            export(made, file)
        size, packed = file.stat().st_size, len(zstandard.ZstdCompressor().compress(file.read_bytes()))
        print(f"  {size / options.events:.0f} bytes an event, {packed / options.events:.0f} packed")
        with timed("verify"), file.open("rb") as source:
            found = verify(source, made.services.proof.keys.list_verifiers())
        assert found.is_complete_log, found.failures[:3]
        print(f"  {found.events} events, {found.segments} segments of {found.resources} resources")
        made.services.database.close()


def fill(made: Bench, events: int) -> None:
    for first in range(0, events, BATCH):
        with made.services.database.transaction() as db:
            said = [saying(number, events // SAYINGS) for number in range(first, min(first + BATCH, events))]
            made.services.ingest.events.ingest(db, said, made.clock.now())


def saying(number: int, machines: int) -> Event:
    machine, turn = number % machines, number // machines
    launched = _FIRST + machine * 1000
    payload = {
        "tenant_id": f"p{machine % PROJECTS}",
        "instance_id": f"00000000-0000-4000-8000-{machine:012d}",
        "display_name": f"machine {machine}",
        "instance_type": "m1.small",
        "memory_mb": 2048,
        "vcpus": 2 + turn,
        "root_gb": 20,
        "ephemeral_gb": 0,
        "state": "active",
        "launched_at": iso_naive(launched),
    }
    return Event(f"{number:032x}", "compute.instance.update", "compute.x", launched + turn * HOUR_US, "a", payload)


def adding(events: int) -> None:
    """The log alone, as the ingest adds to it."""
    tiles: dict[tuple[int, int], bytes] = {}
    leaves = [merkle.leaf_hash(b"%d" % number) for number in range(BATCH)]

    def tile(level: int, number: int) -> bytes:
        return tiles.get((level, number), b"")

    begun = time.perf_counter()
    for size in range(0, events, BATCH):
        tiles.update(merkle.append(tile, size, leaves))
    print(f"  adding to the log: {(time.perf_counter() - begun) / events * 1e6:.2f} µs an event")


def export(made: Bench, file: Path, project_id: str | None = None) -> None:
    services, database = made.services, made.services.database
    with database.transaction() as db:
        asked = services.proof.exports.create(made.ctx(db), UsageFilter(project_id=project_id))
    with database.snapshot() as db, file.open("wb") as sink:
        sink.writelines(services.proof.exports.iterate_lines(db, asked))


@contextmanager
def timed(what: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    print(f"  {what}: {time.perf_counter() - begun:.3f} s")


if __name__ == "__main__":
    main()
