"""Measure the cost of an event by the size of the ledger, and the memory of an import.

    .venv/bin/python benchmarks/growth.py cost   [--database postgresql] [--segments 10000 1000000 10000000]
    .venv/bin/python benchmarks/growth.py memory [--database sqlite]     [--events 5000000]

`cost` fills the ledger up to each size by SQL, with machines that have one segment, and then ingests messages about
new machines and volumes in batches of a thousand. `memory` streams generated messages to a running program through its
REST API, as `stratiform usage import` does, and reads the peak memory of that program. Databases are those of
the tests; they are dropped afterwards.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

import httpx
import yaml

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from sqlalchemy import Connection

from stratiform.app.home_folder import list_running_programs
from stratiform.kit import merkle_tree
from stratiform.services.ledger import repository
from support.databases import empty_database
from support.stacks import ServiceHarness, build_harness
from support.workload import random_notifications

#: Messages of one batch, and of one measurement.
BATCH, MEASURED = 1000, 30_000

#: Filler rows of one statement.
_FILLED_AT_ONCE = 500_000

_PROGRESS = '{"at":1000000,"message_id":"f","count":1,"held":{"project_id":"p","state":"active"},"start":1000000}'
_ATTRIBUTES = '{"flavor":"m1.small","vcpus":1}'
_FACT = '{"project_id":"p","launched":1000000,"state":"active","attributes":{"flavor":"m1.small","vcpus":1}}'


def cost(kind: str, sizes: list[int]) -> None:
    """Print the events per second at each size of the ledger."""
    with tempfile.TemporaryDirectory() as folder, empty_database(kind, Path(folder)) as url:
        stack = build_harness(Path(folder), url)
        random = Random(1)
        print(f"{kind}: {MEASURED} messages at each size, {BATCH} a batch")
        print(f"{'segments before':>16} {'events/s':>9} {'µs an event':>12} {'fill s':>7}")
        first = 0.0
        for size in sizes:
            started = time.perf_counter()
            fill(stack, size)
            filled = time.perf_counter() - started
            rate = ingest(stack, list(islice(messages(random), MEASURED)))
            first = first or rate
            print(
                f"{size:>16,} {rate:>9,.0f} {1e6 / rate:>12.0f} {filled:>7.0f}   {first / rate:.2f}× the first",
                flush=True,
            )
        stack.services.database.close()


def messages(random: Random) -> Iterator[bytes]:
    """Yield messages without end, each with its own id."""
    while True:
        yield from random_notifications(random, 100)


def ingest(stack: ServiceHarness, batch_messages: list[bytes]) -> float:
    """Ingest messages in batches, and return the messages per second."""
    started = time.perf_counter()
    for start in range(0, len(batch_messages), BATCH):
        with stack.services.database.transaction() as db:
            stack.services.ingest.messages.ingest(
                db, "measured", batch_messages[start : start + BATCH], stack.clock.now()
            )
    return len(batch_messages) / (time.perf_counter() - started)


def fill(stack: ServiceHarness, size: int) -> None:
    """Add machines that were used for an hour until the ledger has `size` segments."""
    while True:
        with stack.services.database.transaction() as db:
            numbers = repository.batches.lock_ledger(db)
            first = max(numbers.events, numbers.segments, numbers.resources)
            until = first + min(_FILLED_AT_ONCE, size - numbers.segments)
            if until <= first:
                break
            for statement in _fillers(stack.services.database.dialect, first, until, numbers.position + 1):
                db.exec_driver_sql(statement)
            _fill_log(db, numbers.events, until)
            numbers.position += 1
            numbers.events = numbers.segments = numbers.resources = until
            repository.batches.add(db, numbers, stack.clock.now(), [])
            repository.batches.save_counters(db, numbers)
    if stack.services.database.dialect == "postgresql":
        with stack.services.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.exec_driver_sql("VACUUM ANALYZE")
            db.exec_driver_sql("CHECKPOINT")


def _fillers(kind: str, first: int, until: int, batch: int) -> list[str]:
    """Return statements that add one resource, event and segment for each number in `[first, until)`."""
    if kind == "postgresql":
        numbers = f"generate_series({first}, {until - 1}) AS numbers(n)"
        key, sha = "md5(n::text)", "decode(md5(n::text) || md5(n::text), 'hex')"
    else:
        recursive = f"WITH RECURSIVE c(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM c WHERE n < {until - 1})"
        numbers = f"({recursive} SELECT n FROM c)"
        key, sha = "printf('%032x', n * 2654435761)", "zeroblob(32)"
    rows = {
        "resource (id, cloud, resource_type, resource_id, name, tags, progress)": (
            f"n, 'fill', 'instance', {key}, 'm', '{{}}', '{_PROGRESS}'"
        ),
        "event (seq, resource, nth, cloud, message_id, at, event_type, publisher_id, fact, raw_sha256, batch, place)": (
            f"n, n, 1, 'fill', 'm-' || {key}, 1000000, 'compute.instance.create.end', 'nova', '{_FACT}', {sha}, "
            f"{batch}, 0"
        ),
        "segment (id, resource, cloud, resource_type, resource_id, project_id, start_at, end_at, state, attributes, "
        "recorded)": (
            f"n, n, 'fill', 'instance', {key}, 'p' || (n - n / 1000 * 1000), 1000000 + n * 100, 3601000000 + n * 100, "
            f"'active', '{_ATTRIBUTES}', {batch}"
        ),
    }
    return [f"INSERT INTO metering_{table} SELECT {values} FROM {numbers}" for table, values in rows.items()]


def _fill_log(db: Connection, size: int, until: int) -> None:
    """Extend the log with empty leaves up to `until`."""
    while size < until:
        count = min(65536, until - size)
        tiles = merkle_tree.append_leaves(
            repository.log_tiles.build_tile_reader(db), size, [b"\0" * merkle_tree.HASH_BYTES] * count
        )
        repository.log_tiles.save(db, tiles)
        size += count


def memory(kind: str, events: int) -> None:
    """Print the peak memory of a program that ingests `events` messages in one import."""
    with tempfile.TemporaryDirectory() as folder, empty_database(kind, Path(folder)) as url:
        home = Path(folder) / "home"
        environment = os.environ | {"STRATIFORM_DATABASE_URL": url}
        command = [str(Path(sys.executable).parent / "stratiform"), "--home", str(home)]
        subprocess.run(
            [*command, "up", "--port", "8799", "--detach"], env=environment, check=True, stdout=subprocess.DEVNULL
        )
        try:
            _import(home, events)
        finally:
            subprocess.run([*command, "down"], check=True, stdout=subprocess.DEVNULL)


def _import(home: Path, events: int) -> None:
    with httpx.Client(base_url="http://127.0.0.1:8799", timeout=None) as client:
        token = _token(client, home)
        process = _process(home)
        peak = [_peak_mib(process)]
        print(f"before: {peak[0]} MiB at most", flush=True)

        def lines() -> Iterator[bytes]:
            started = time.perf_counter()
            for number, message in enumerate(islice(messages(Random(2)), events), 1):
                yield message + b"\n"
                if number % max(events // 10, 1) == 0:
                    peak.append(_peak_mib(process))
                    rate = number / (time.perf_counter() - started)
                    print(f"{number:>10,} events sent: {peak[-1]} MiB at most, {rate:,.0f} events/s", flush=True)

        response = client.post(
            "/api/v1/usage/notifications?cloud=c", content=lines(), headers={"X-Auth-Token": token}
        ).raise_for_status()
        print(json.dumps(response.json()), f"afterwards {_peak_mib(process)} MiB at most")


def _token(client: httpx.Client, home: Path) -> str:
    auth = yaml.safe_load((home / "clouds.yaml").read_text())["clouds"]["stratiform-admin"]["auth"]
    user = {"name": auth["username"], "domain": {"name": "Default"}, "password": auth["password"]}
    scope = {"project": {"name": auth["project_name"], "domain": {"name": "Default"}}}
    identity = {"methods": ["password"], "password": {"user": user}}
    response = client.post("/identity/v3/auth/tokens", json={"auth": {"identity": identity, "scope": scope}})
    return str(response.raise_for_status().headers["x-subject-token"])


def _process(home: Path) -> int:
    """Return the process that `up` started."""
    (process,) = set(list_running_programs(home).values())
    return process


def _peak_mib(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("cost", "memory"))
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    parser.add_argument("--segments", type=int, nargs="+", default=[10_000, 1_000_000, 10_000_000])
    parser.add_argument("--events", type=int, default=5_000_000)
    arguments = parser.parse_args()
    if arguments.what == "cost":
        cost(arguments.database, sorted(arguments.segments))
    else:
        memory(arguments.database, arguments.events)


if __name__ == "__main__":
    main()
