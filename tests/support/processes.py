"""Start programs, wait for them, and end them with everything that they started."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from support import watchdog

PROGRAM = [sys.executable, "-m", "stratiform"]

#: The limit of every wait: long enough for a machine that runs several test suites at once.
WAIT_S = 180


def clean_environment(**settings: str) -> dict[str, str]:
    """Return the environment without settings of OpenStack clients and of Stratiform, and with `settings`.

    Without the listener on a fixed port, which only one of several test runs can have.
    """
    prefixes = ("OS_", "STRATIFORM_")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(prefixes)}
    session = os.environ.get(watchdog.VARIABLE)
    inherited["STRATIFORM_CLOUDS_PORT"] = "0"
    return inherited | ({watchdog.VARIABLE: session} if session else {}) | settings


@contextmanager
def running(command: list[str], **options: Any) -> Iterator["subprocess.Popen[Any]"]:
    """Run `command` (options of Popen) until the end of the block; then kill it with its descendants."""
    process = subprocess.Popen(command, **options)
    try:
        yield process
    finally:
        kill_tree(process)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def kill_tree(process: "subprocess.Popen[Any]") -> None:
    """Kill a process and its descendants, and wait until they have ended."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGSTOP)  # so that it starts no process meanwhile
    kill_all([*list_descendants(process.pid), process.pid])
    process.wait()


def list_descendants(pid: int) -> list[int]:
    """Return the children of `pid` and their descendants, nearest first."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name of the program is in parentheses and may have spaces in it.
            fields = stat.read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    descendants, parents = [], [pid]
    while parents:
        nearest = children.get(parents.pop(0), [])
        descendants += nearest
        parents += nearest
    return descendants


def list_processes_with_argument(argument: str) -> list[int]:
    """Return the processes of this machine that have `argument` on their command line."""
    pids = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if argument.encode() in path.read_bytes().split(b"\0"):
                pids.append(int(path.parent.name))
    return pids


def kill_all(pids: Iterable[int]) -> None:
    """Kill the processes, and wait until each has ended."""
    killed = list(pids)
    for pid in killed:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(map(is_running, killed)), "a killed process still runs")


def wait_until(condition: Callable[[], object], message: str, seconds: float = WAIT_S) -> None:
    """Return when `condition` is true; fail with `message` if it is not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{message} (waited {seconds} s)"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Return False also for a zombie: it holds nothing any more."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"
