"""The home of an installation: its folder, and which of its programs run."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from stratiform.kit.errors import Conflict, Invalid

#: The three programs of an installation; each runs once in a home.
PROGRAMS = ("api", "worker", "collector")


def prepare_folder(home: Path) -> None:
    """Make `home` for its owner only, and so whatever this process makes. Raises Invalid where that can't be."""
    os.umask(0o077)
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Invalid(f"can't use {home} as home: {error.strerror}", hint="name another with --home") from error


@contextmanager
def holding(home: Path, programs: tuple[str, ...]) -> Iterator[None]:
    """Be these programs of `home`, alone, until the end. Raises Conflict where one of them runs."""
    with ExitStack() as held:
        for program in programs:
            file = held.enter_context((home / f"{program}.pid").open("a+"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                pid = (home / f"{program}.pid").read_text().strip()
                raise Conflict(
                    f"Stratiform's {program} runs already in {home} (process {pid})",
                    hint=f"stop it with `stratiform down --home {home}`",
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        yield


def running(home: Path) -> dict[str, int]:
    """The process id of each program that runs in `home`."""
    found = {}
    for program in PROGRAMS:
        path = home / f"{program}.pid"
        if not path.exists():
            continue
        with path.open() as file:  # which must do in a home that nobody can write to, too
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                found[program] = int(path.read_text().strip() or 0)
    return found


def announce(home: Path, url: str) -> None:
    """Note down where the API of `home` is to be found."""
    (home / "address").write_text(url)


def address(home: Path) -> str:
    """What was announced last."""
    file = home / "address"
    return file.read_text() if file.exists() else ""
