"""End every process of a test session when pytest ends, however it ends (also by kill -9).

Processes inherit the id of the session in their environment, so programs in the background that have left their
parent's session and process group are found, too. A watchdog process waits for the end of pytest and then kills
whatever has the id. A pytest that a test starts has an id below the id of its own session.
"""

import os
import select
import signal
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from pathlib import Path

VARIABLE = "STRATIFORM_TEST_SESSION"


def start() -> None:
    """Give this process's children a session id, and start the watchdog of the session. Linux only."""
    if not hasattr(os, "pidfd_open"):
        return
    session = f"{os.environ.get(VARIABLE, '')}/{uuid.uuid4().hex}"
    os.environ[VARIABLE] = session
    subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, str(os.getpid()), session],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a signal to pytest's process group does not reach it
    ).returncode = 0  # no warning of a child that is still running at the end


def list_processes(session: str) -> list[int]:
    """Return the process ids of a session and of the sessions below it, without this process."""
    prefix = f"{VARIABLE}={session}".encode()
    pids = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            for entry in path.read_bytes().split(b"\0"):
                if entry == prefix or entry.startswith(prefix + b"/"):
                    pids.append(int(path.parent.name))
    return [pid for pid in pids if pid != os.getpid()]


def _wait_for_end(pid: int) -> None:
    """Return when the parent process `pid` has ended."""
    with suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        if os.getppid() == pid:  # else it ended before, and the id may belong to another process
            select.select([descriptor], [], [])


def _main() -> None:
    pid, session = int(sys.argv[1]), sys.argv[2]
    _wait_for_end(pid)
    while pids := list_processes(session):
        for process in pids:
            with suppress(OSError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.02)


if __name__ == "__main__":
    _main()
