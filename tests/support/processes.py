"""Processes that a test started: who descends from one, and ending them for good."""

import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path


def children(pid: int) -> list[int]:
    """All that descend from `pid`, nearest first."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name of a program stands in brackets and may have spaces in it.
            after = stat.read_text().rpartition(")")[2].split()
            parents.setdefault(int(after[1]), []).append(int(stat.parent.name))
    found, left = [], [pid]
    while left:
        nearest = parents.get(left.pop(0), [])
        found += nearest
        left += nearest
    return found


def end_all(pids: Iterable[int]) -> None:
    """kill -9, and wait until none of them does anything any more."""
    ending = list(pids)
    for pid in ending:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(map(_runs, ending)), 20, "a killed process still runs")


def wait_until(what: Callable[[], bool], seconds: float, otherwise: str) -> None:
    """Ask `what` again and again. Fails with `otherwise`."""
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, otherwise
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    """A dead one whose parent hasn't looked yet holds nothing any more."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"
