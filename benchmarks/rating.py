"""Rate a month of usage: seconds, memory, and the same work in plain Python and in SQLite, in one run.

    .venv/bin/python benchmarks/rating.py [--segments 1000000] [--samples 500000] [--threads 2]

The usage is generated with a fixed seed; the price plan is examples/prices.toml. Every line of a sample of the
segments is compared with the engine in plain Python (services/rating/engines/segment_engine.py), which is also the
first peer. The second peer is an SQL query over SQLite in memory, which multiplies and sums integers, but does not
round runs.
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
from decimal import Decimal
from pathlib import Path

from stratiform.kit.clock import DAY_US, MINUTE_US, parse_iso
from stratiform.services.ingest.parsing import MessageParser
from stratiform.services.ledger.model import Segment
from stratiform.services.rating.engines import duckdb_engine, sample_engine, segment_engine
from stratiform.services.rating.engines.attribute_history import AttributeHistory
from stratiform.services.rating.model import PricePlan, SampledUsage, format_scaled
from stratiform.services.rating.plan_files import parse_plan

PLAN = Path(__file__).parent.parent / "examples" / "prices.toml"
START, END = parse_iso("2026-11-01"), parse_iso("2026-12-01")
FLAVORS = {"m1.tiny": (1, 512, 1), "m1.small": (1, 2048, 20), "m1.medium": (2, 4096, 40), "m1.large": (4, 8192, 80)}

#: This many segments are also rated by the engine in plain Python, and compared line by line.
COMPARED = 20_000


def load_plan() -> PricePlan:
    return parse_plan(PLAN.read_text(), MessageParser.load().catalog)


def generate_segments(count: int, seed: int = 1) -> Iterator[Segment]:
    """Generate segments of instances (resized, stopped, started) and volumes (extended) of 500 projects."""
    chance = random.Random(seed)
    remaining = count
    number = 0
    while remaining:
        number += 1
        pieces = min(remaining, chance.choice((1, 1, 2, 3, 4)))
        cuts = sorted(chance.randrange(START - DAY_US, END) for _ in range(pieces + 1))
        resource_type = "instance" if chance.random() < 0.7 else "volume"
        resource_id = f"{number:032x}"
        project_id, cloud = f"project-{number % 500:03d}", ("dc-1", "dc-2", "aws")[number % 3]
        flavor = chance.choice(tuple(FLAVORS))
        size = chance.randrange(1, 500)
        for i in range(pieces):
            until = None if i == pieces - 1 and chance.random() < 0.3 else max(cuts[i + 1], cuts[i] + 1)
            if resource_type == "instance":
                if chance.random() < 0.3:
                    flavor = chance.choice(tuple(FLAVORS))
                vcpus, ram, disk = FLAVORS[flavor]
                attributes = {"flavor": flavor, "flavor_id": flavor, "vcpus": vcpus, "ram_mib": ram, "root_gib": disk}
                state = "active" if chance.random() < 0.8 else "stopped"
            else:
                size += chance.choice((0, 0, 10))
                attributes = {"size_gib": size, "volume_type_name": "fast" if number % 4 else "standard"}
                state = chance.choice(("available", "in-use"))
            yield Segment(cloud, resource_type, resource_id, project_id, cuts[i], until, state, attributes)
        remaining -= pieces


def generate_samples(count: int, seed: int = 1) -> Iterator[SampledUsage]:
    """Generate the traffic of instances every five minutes of the month."""
    chance = random.Random(seed)
    each_month = (END - START) // (5 * MINUTE_US)
    for i in range(count):
        number, step = divmod(i, each_month)
        at = START + (step + 1) * 5 * MINUTE_US
        project_id, value = f"project-{number % 500:03d}", Decimal(chance.randrange(10**8))
        yield SampledUsage("instance", f"{number:032x}", project_id, "dc-1", "bytes_out", "B", at, at, value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segments", type=int, default=1_000_000)
    parser.add_argument("--samples", type=int, default=500_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        STEPS[arguments.step](arguments)
        return
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "usage.arrow"
        # Each step is a process of its own, so that its peak of memory is its own.
        for step in STEPS:
            command = [sys.executable, __file__, "--step", step, "--file", str(file)]
            counts = ["--segments", str(arguments.segments), "--samples", str(arguments.samples)]
            subprocess.run([*command, *counts, "--threads", str(arguments.threads)], check=True)


def generate(arguments: argparse.Namespace) -> None:
    """Write the usage as Arrow, the form in which the DuckDB engine reads it."""
    import pyarrow as pa

    table = duckdb_engine.build_usage_table(
        generate_segments(arguments.segments), load_plan().usage_fields
    ).unify_dictionaries()
    with pa.OSFile(str(arguments.file), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    print(f"generated {table.num_rows:,} segments of November 2026, {arguments.file.stat().st_size / 2**20:.0f} MiB")


def rate(arguments: argparse.Namespace) -> None:
    """Rate with the DuckDB engine, three times in one process; the first time includes loading DuckDB."""
    import pyarrow as pa

    plan = load_plan()
    with pa.OSFile(str(arguments.file), "r") as source:
        table = pa.ipc.open_file(source).read_all()
    seconds, cpu_seconds = [], []
    for _ in range(3):
        started, started_cpu = time.perf_counter(), time.process_time()
        with duckdb_engine.open_session(arguments.threads) as session:
            lines, gaps = duckdb_engine.rate_segments_to_table(table, plan, START, END, session)
        total = pa.compute.sum(lines["amount"]).as_py()
        seconds.append(time.perf_counter() - started)
        cpu_seconds.append(time.process_time() - started_cpu)
    assert not gaps
    runs = ", ".join(f"{duration:.2f}" for duration in seconds)
    speed = f"{table.num_rows / min(seconds):>12,.0f} segments/s"
    print(f"stratiform  {runs} s ({min(cpu_seconds):.2f} s CPU)  {speed}  peak {peak_mib():,.0f} MiB")
    arguments.file.with_suffix(".best").write_text(str(min(seconds) / table.num_rows))
    print(f"            {lines.num_rows:,} lines, {format_scaled(int(total), 20)} EUR")
    compare(plan, arguments.threads)


def compare(plan: PricePlan, threads: int) -> None:
    """Compare every line of some segments with the engine in plain Python."""
    compared = list(generate_segments(COMPARED))
    with duckdb_engine.open_session(threads) as session:
        table = duckdb_engine.build_usage_table(compared, plan.usage_fields)
        charge = duckdb_engine.rate_segments(table, plan, START, END, session)
    assert charge == segment_engine.rate_segments(compared, plan, START, END), "the engines differ"
    print(f"            {len(charge.lines):,} lines of {COMPARED:,} segments are equal to those of plain Python")


def rate_samples(arguments: argparse.Namespace) -> None:
    """Rate the samples of a meter."""
    plan, sampled = load_plan(), list(generate_samples(arguments.samples))
    started = time.perf_counter()
    charge = sample_engine.rate_samples(sampled, plan, START, END, AttributeHistory(plan))
    seconds = time.perf_counter() - started
    print(f"samples     {seconds:.2f} s  {len(sampled) / seconds:>12,.0f} samples/s  {len(charge.lines):,} lines")


def plain_python(arguments: argparse.Namespace) -> None:
    """Rate a tenth of the segments with the engine in plain Python."""
    count = max(arguments.segments // 10, 1)
    plan, usages = load_plan(), list(generate_segments(count))
    started = time.perf_counter()
    segment_engine.rate_segments(usages, plan, START, END)
    seconds = time.perf_counter() - started
    speed = f"{count / seconds:>8,.0f} segments/s"
    print(f"plain Python {seconds:.2f} s for {count:,}  {speed}; {ratio(arguments, seconds / count)}")


def sqlite(arguments: argparse.Namespace) -> None:
    """Join, multiply and sum in SQLite in memory, without runs and without division."""
    rows = (
        (
            segment.resource_id,
            segment.resource_type,
            segment.state,
            segment.start,
            END if segment.end is None else segment.end,
            *(segment.attributes.get(name, 0) for name in ("vcpus", "ram_mib", "root_gib", "size_gib")),
            segment.attributes.get("volume_type_name", ""),
        )
        for segment in generate_segments(arguments.segments)
    )
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE usage (id, type, state, a, b, vcpus, ram, disk, size, volume_type)")
        db.executemany("INSERT INTO usage VALUES (?,?,?,?,?,?,?,?,?,?)", rows)
        started = time.perf_counter()
        lines = db.execute(_SQLITE, {"start": START, "end": END}).fetchall()
        seconds = time.perf_counter() - started
    speed = f"{arguments.segments / seconds:>12,.0f} segments/s"
    print(f"SQLite      {seconds:.2f} s  {speed}  {len(lines):,} lines, without rounding;", end=" ")
    print(ratio(arguments, seconds / arguments.segments))


_SQLITE = """
WITH used AS (SELECT *, min(b, :end) - max(a, :start) AS us FROM usage WHERE a < :end AND b > :start)
SELECT id, 'vcpu', sum(us * vcpus) * 105 FROM used WHERE type = 'instance' AND state = 'active' GROUP BY id
UNION ALL
SELECT id, 'ram', sum(us / 1000 * ram) * 42 FROM used WHERE type = 'instance' AND state = 'active' GROUP BY id
UNION ALL
SELECT id, 'disk', sum(us * disk) * 11 FROM used WHERE type = 'instance' GROUP BY id
UNION ALL
SELECT id, volume_type, sum(us * size) * CASE volume_type WHEN 'fast' THEN 22 ELSE 9 END FROM used
WHERE type = 'volume' GROUP BY id, volume_type
"""


def ratio(arguments: argparse.Namespace, seconds_each: float) -> str:
    """Compare a peer's time per segment with that of the DuckDB engine, both of this run."""
    best = float(arguments.file.with_suffix(".best").read_text())
    return f"stratiform is {seconds_each / best:.1f} times as fast"


STEPS = {"generate": generate, "rate": rate, "samples": rate_samples, "plain": plain_python, "sqlite": sqlite}


def peak_mib() -> float:
    """The peak memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
