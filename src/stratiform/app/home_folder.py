"""The home of an installation: its folder, and locks for its programs."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from stratiform.kit.errors import Conflict, Invalid

#: The programs of an installation; each runs at most once per home.
PROGRAMS = ("api", "worker", "collector")


def prepare_folder(home: Path) -> None:
    """Create `home`, readable by its owner only, as all files of this process. Raises Invalid if that fails."""
    os.umask(0o077)
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Invalid(f"Cannot use {home} as home: {error.strerror}", hint="choose another with --home") from error


@contextmanager
def lock_programs(home: Path, programs: tuple[str, ...]) -> Iterator[None]:
    """Hold the locks of `programs` and write their pid files. Raises Conflict if one of them is running."""
    with ExitStack() as locks:
        for program in programs:
            file = locks.enter_context(_pid_file(home, program).open("a+"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                pid = _pid_file(home, program).read_text().strip()
                raise Conflict(
                    f"The {program} of {home} is already running (process {pid})",
                    hint=f"stop it with `stratiform down --home {home}`",
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        yield


def list_running_programs(home: Path) -> dict[str, int]:
    """Return the process id of each running program of `home`."""
    pids = {}
    for program in PROGRAMS:
        path = _pid_file(home, program)
        if not path.exists():
            continue
        with path.open() as file:  # opened for reading, as the home may not be writable
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                pids[program] = int(path.read_text().strip() or 0)
    return pids


def _pid_file(home: Path, program: str) -> Path:
    return home / f"{program}.pid"


def write_api_url(home: Path, url: str) -> None:
    """Write the URL of the API, for other programs of this machine."""
    (home / "address").write_text(url)


def read_api_url(home: Path) -> str:
    """Return the last URL of the API; "" if it never ran."""
    file = home / "address"
    return file.read_text() if file.exists() else ""
