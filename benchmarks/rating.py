"""A month of usage priced: seconds, memory, and the same work in plain Python and in SQLite, in one run.

    .venv/bin/python benchmarks/rating.py [--segments 1000000] [--threads 2]

The usage is made, always the same; the price plan is examples/prices.toml. Every line of a sample is
compared with the plain engine (services/rating/charge.py), which is also the first peer; the second is an
SQL query over SQLite in memory, which multiplies and sums whole numbers but rounds nothing to runs.
"""

import argparse
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from stratiform.kit.clock import DAY_US, parse_iso
from stratiform.services.ledger.model import Segment
from stratiform.services.rating import charge, duck
from stratiform.services.rating.model import Plan, plain
from stratiform.services.rating.plan import read

PLAN = Path(__file__).parent.parent / "examples" / "prices.toml"
START, END = parse_iso("2026-11-01"), parse_iso("2026-12-01")
FLAVORS = {"m1.tiny": (1, 512, 1), "m1.small": (1, 2048, 20), "m1.medium": (2, 4096, 40), "m1.large": (4, 8192, 80)}

#: So many of the segments are priced by the slow engine too, line by line.
SAMPLE = 20_000


def usage(count: int, seed: int = 1) -> Iterator[Segment]:
    """`count` segments of machines (resized, stopped, started) and volumes (extended), of 500 projects."""
    chance = random.Random(seed)
    left = count
    number = 0
    while left:
        number += 1
        pieces = min(left, chance.choice((1, 1, 2, 3, 4)))
        cuts = sorted(chance.randrange(START - DAY_US, END) for _ in range(pieces + 1))
        kind = "instance" if chance.random() < 0.7 else "volume"
        resource_id = f"{number:032x}"
        project_id, cloud = f"project-{number % 500:03d}", ("dc-1", "dc-2", "aws")[number % 3]
        flavor = chance.choice(tuple(FLAVORS))
        size = chance.randrange(1, 500)
        for i in range(pieces):
            until = None if i == pieces - 1 and chance.random() < 0.3 else max(cuts[i + 1], cuts[i] + 1)
            if kind == "instance":
                if chance.random() < 0.3:
                    flavor = chance.choice(tuple(FLAVORS))
                vcpus, ram, disk = FLAVORS[flavor]
                attributes = {"flavor": flavor, "flavor_id": flavor, "vcpus": vcpus, "ram_mib": ram, "root_gib": disk}
                state = "active" if chance.random() < 0.8 else "stopped"
            else:
                size += chance.choice((0, 0, 10))
                attributes = {"size_gib": size, "volume_type_name": "fast" if number % 4 else "standard"}
                state = chance.choice(("available", "in-use"))
            yield Segment(cloud, kind, resource_id, project_id, cuts[i], until, state, attributes)
        left -= pieces


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--segments", type=int, default=1_000_000)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--inside", choices=("make", "price", "plain", "sqlite"), help=argparse.SUPPRESS)
    arguments.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    if asked.inside:
        INSIDE[asked.inside](asked)
        return
    with tempfile.TemporaryDirectory() as folder:
        asked.file = Path(folder) / "usage.arrow"
        # Each part is a process of its own, so that its peak of memory is its own.
        for part in INSIDE:
            command = [sys.executable, __file__, "--inside", part, "--file", str(asked.file)]
            counts = ["--segments", str(asked.segments), "--threads", str(asked.threads)]
            subprocess.run([*command, *counts], check=True)


def make(asked: argparse.Namespace) -> None:
    """Usage as Arrow, the form in which the fast engine takes it."""
    import pyarrow as pa

    table = duck.table(usage(asked.segments)).unify_dictionaries()
    with pa.OSFile(str(asked.file), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    print(f"made {table.num_rows:,} segments of November 2026, {asked.file.stat().st_size / 2**20:.0f} MiB")


def price(asked: argparse.Namespace) -> None:
    """The fast engine, three times in one process; the first pays for loading DuckDB."""
    import pyarrow as pa

    plan = read(PLAN.read_text())
    with pa.OSFile(str(asked.file), "r") as source:
        table = pa.ipc.open_file(source).read_all()
    seconds, busy = [], []
    for _ in range(3):
        began, worked = time.perf_counter(), time.process_time()
        priced, gaps = duck.price_table(table, plan, START, END, threads=asked.threads)
        total = pa.compute.sum(priced["amount"]).as_py()
        seconds.append(time.perf_counter() - began)
        busy.append(time.process_time() - worked)
    assert not gaps
    runs = ", ".join(f"{one:.2f}" for one in seconds)
    speed = f"{table.num_rows / min(seconds):>12,.0f} segments/s"
    print(f"stratiform  {runs} s ({min(busy):.2f} s of processor)  {speed}  peak {peak_mib():,.0f} MiB")
    asked.file.with_suffix(".best").write_text(str(min(seconds) / table.num_rows))
    print(f"            {priced.num_rows:,} lines, {plain(int(total), 20)} EUR")
    check(plan, asked.threads)


def check(plan: Plan, threads: int) -> None:
    """Every line of a sample, and its sum, against the slow engine."""
    sample = list(usage(SAMPLE))
    fast = duck.rate(duck.table(sample), plan, START, END, threads=threads)
    slow = charge.rate(sample, plan, START, END)
    assert fast == slow, "the engines differ"
    print(f"            {len(slow.lines):,} lines of {SAMPLE:,} segments equal those of plain Python to the last digit")


def plain_python(asked: argparse.Namespace) -> None:
    """The slow engine on a tenth, as a peer: integers in a loop."""
    few = max(asked.segments // 10, 1)
    plan, segments = read(PLAN.read_text()), list(usage(few))
    began = time.perf_counter()
    charge.rate(segments, plan, START, END)
    seconds = time.perf_counter() - began
    print(f"plain Python {seconds:.2f} s for {few:,}  {few / seconds:>8,.0f} segments/s; {ratio(asked, seconds / few)}")


def sqlite(asked: argparse.Namespace) -> None:
    """SQLite in memory as a peer: it joins, multiplies and sums, but finds no runs and divides nothing."""
    rows = (
        (
            *(one.resource_id, one.resource_type, one.state, one.start, END if one.end is None else one.end),
            *(one.attributes.get(name, 0) for name in ("vcpus", "ram_mib", "root_gib", "size_gib")),
            one.attributes.get("volume_type_name", ""),
        )
        for one in usage(asked.segments)
    )
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE usage (id, type, state, a, b, vcpus, ram, disk, size, kind)")
        db.executemany("INSERT INTO usage VALUES (?,?,?,?,?,?,?,?,?,?)", rows)
        began = time.perf_counter()
        lines = db.execute(_SQLITE, {"start": START, "end": END}).fetchall()
        seconds = time.perf_counter() - began
    speed = f"{asked.segments / seconds:>12,.0f} segments/s"
    print(f"SQLite      {seconds:.2f} s  {speed}  {len(lines):,} lines, nothing rounded;", end=" ")
    print(ratio(asked, seconds / asked.segments))


_SQLITE = """
WITH used AS (SELECT *, min(b, :end) - max(a, :start) AS us FROM usage WHERE a < :end AND b > :start)
SELECT id, 'vcpu', sum(us * vcpus) * 105 FROM used WHERE type = 'instance' AND state = 'active' GROUP BY id
UNION ALL
SELECT id, 'ram', sum(us / 1000 * ram) * 42 FROM used WHERE type = 'instance' AND state = 'active' GROUP BY id
UNION ALL
SELECT id, 'disk', sum(us * disk) * 11 FROM used WHERE type = 'instance' GROUP BY id
UNION ALL
SELECT id, kind, sum(us * size) * CASE kind WHEN 'fast' THEN 22 ELSE 9 END FROM used
WHERE type = 'volume' GROUP BY id, kind
"""


def ratio(asked: argparse.Namespace, seconds_each: float) -> str:
    """How often the fast engine's time for a segment goes into a peer's, both of this run."""
    return f"stratiform is {seconds_each / float(asked.file.with_suffix('.best').read_text()):.1f} times as fast"


INSIDE = {"make": make, "price": price, "plain": plain_python, "sqlite": sqlite}


def peak_mib() -> float:
    """The most memory this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
