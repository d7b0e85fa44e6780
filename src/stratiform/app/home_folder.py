"""The home of an installation: its folder, locks for its programs, and the address of its API.

`PROGRAM.pid` and `address` exist while a program runs. After a kill they stay, so the locks decide what runs.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TextIO

from stratiform.kit.errors import Conflict, Invalid
from stratiform.kit.file_replacement import open_replacement

#: The programs of an installation; each runs at most once per home.
PROGRAMS = ("api", "worker", "collector")

_LOCK_ATTEMPTS, _LOCK_WAIT_S = 20, 0.01
#: The last checkpoint that was signed in this home: it is outside of the database, so that a loss is detected.
LAST_NOTE = "keys/ledger/last"


def prepare_folder(home: Path) -> None:
    """Create `home`, readable by its owner only, as all files of this process. Raises Invalid if that fails."""
    os.umask(0o077)
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Invalid(
            f"Cannot use {home} as the home directory: {error.strerror}", hint="choose another with --home"
        ) from error


@contextmanager
def lock_programs(home: Path, programs: tuple[str, ...]) -> Iterator[None]:
    """Hold the locks of `programs`, with their pid files. Raises Conflict if one of them is running."""
    with ExitStack() as locks:
        for program in programs:
            file = locks.enter_context(_lock(home, program))
            locks.callback(_pid_file(home, program).unlink, missing_ok=True)
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        if "api" in programs:
            locks.callback(_address_file(home).unlink, missing_ok=True)
        yield


def _lock(home: Path, program: str) -> TextIO:
    """Return the locked pid file of a program."""
    path = _pid_file(home, program)
    while True:
        file = path.open("a+")
        if not _try_lock(file):
            file.seek(0)
            pid = file.read().strip()
            file.close()
            raise Conflict(
                f"The {program} of {home} is already running (process {pid})",
                hint=f"stop it with `stratiform down --home {home}`",
            )
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        file.close()  # its last owner has deleted it since


def _try_lock(file: TextIO) -> bool:
    """Return True if the file is locked now. `list_running_programs` holds the lock for an instant."""
    for _ in range(_LOCK_ATTEMPTS):
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(_LOCK_WAIT_S)
    return False


def remove_remains(home: Path) -> None:
    """Delete the pid files and the address of programs that were killed."""
    for program in PROGRAMS:
        if _pid_file(home, program).exists():
            with suppress(Conflict), lock_programs(home, (program,)):
                pass


def list_running_programs(home: Path) -> dict[str, int]:
    """Return the process id of each running program of `home`."""
    pids = {}
    for program in PROGRAMS:
        # Opened for reading, as the home may not be writable. A program that ends deletes its file.
        with suppress(FileNotFoundError), _pid_file(home, program).open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                pids[program] = int(file.read().strip() or 0)
    return pids


def _pid_file(home: Path, program: str) -> Path:
    return home / f"{program}.pid"


def _address_file(home: Path) -> Path:
    return home / "address"


def write_api_url(home: Path, url: str) -> None:
    """Write the URL at which other programs of this machine reach the running API."""
    write_private(_address_file(home), url)


def write_private(file: Path, content: str) -> None:
    """Replace a file atomically; only its owner can read it."""
    if file.is_file() and file.read_text() == content:
        return
    with open_replacement(file, 0o600) as opened:
        opened.write(content.encode())


def find_address(home: Path) -> str | None:
    """Return the URL of the running API; None if it does not run, or is not listening yet."""
    if "api" not in list_running_programs(home):
        return None
    with suppress(FileNotFoundError):
        return _address_file(home).read_text() or None
    return None
