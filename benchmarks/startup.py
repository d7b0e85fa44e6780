"""Measure how long commands and a server take to start, in turn with `openstack --version`.

    python benchmarks/startup.py [--runs 5]

Each row is the median of the processor time (user and system) and of the elapsed time, and the ratio of both to
`openstack --version`. On a busy machine, elapsed times are too long; processor times and ratios stay comparable.
`up` starts an existing home; its processor time includes that of the server until it is ready.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

PROGRAM = [sys.executable, "-m", "stratiform"]
REFERENCE = [str(Path(sys.executable).with_name("openstack")), "--version"]

#: The aims, in seconds on an idle machine.
AIMS_S = {"version": 0.3, "--help": 0.3, "account list": 0.6, "up --detach": 2.0}


@dataclass(slots=True)
class Times:
    """Processor and elapsed seconds of the runs of one command."""

    processor_s: list[float] = field(default_factory=list)
    elapsed_s: list[float] = field(default_factory=list)

    def add(self, processor_s: float, elapsed_s: float) -> None:
        self.processor_s.append(processor_s)
        self.elapsed_s.append(elapsed_s)


def run(command: Sequence[str]) -> tuple[float, float]:
    """Run a command that succeeds. Return its processor and elapsed seconds."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    elapsed_s = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: {errors.decode()}")
    return usage.ru_utime + usage.ru_stime, elapsed_s


def processor_time_of(pid: int) -> float:
    """Return the processor seconds of a running process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(home: Path, runs: int) -> dict[str, Times]:
    """Run each command in turn, so that a change of the machine's load affects all of them."""
    stratiform = [*PROGRAM, "--home", str(home)]
    times = {name: Times() for name in ("openstack --version", *AIMS_S)}
    run([*stratiform, "up", "--detach", "--port", str(_free_port())])  # creates the home
    run([*stratiform, "down"])
    for _ in range(runs):
        times["openstack --version"].add(*run(REFERENCE))
        for name in ("version", "--help"):
            times[name].add(*run([*stratiform, name]))
        processor_s, elapsed_s = run([*stratiform, "up", "--detach"])
        processor_s += processor_time_of(int((home / "api.pid").read_text()))
        times["up --detach"].add(processor_s, elapsed_s)
        times["account list"].add(*run([*stratiform, "account", "list"]))
        run([*stratiform, "down"])
    return times


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        times = measure(Path(folder) / "home", arguments.runs)
    reference = times["openstack --version"]
    print(f"{'command':<22}{'processor s':>12}{'elapsed s':>11}{'ratios':>14}{'aim s':>8}")
    for name, measured in times.items():
        processor_s, elapsed_s = statistics.median(measured.processor_s), statistics.median(measured.elapsed_s)
        ratios = [
            statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
            for ours, theirs in (
                (measured.processor_s, reference.processor_s),
                (measured.elapsed_s, reference.elapsed_s),
            )
        ]
        text = f"{ratios[0]:.2f} {ratios[1]:.2f}"
        print(f"{name:<22}{processor_s:>12.2f}{elapsed_s:>11.2f}{text:>14}{AIMS_S.get(name, ''):>8}")


if __name__ == "__main__":
    main()
