"""A PostgreSQL of a test's own: a cluster in a folder, with its own port and socket, that may be killed at will.

A server refuses to run as root, so then it runs as the user `postgres`, whom the Debian package makes.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from support.databases import require
from support.processes import children, end_all
from support.programs import free_port

_PATIENCE_S = 60

#: Small files of the log, so that a full disk is met there, too.
_INIT = ("--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--wal-segsize=1")
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "40",
    "shared_buffers": "16MB",
    "min_wal_size": "4MB",
    "max_wal_size": "32MB",
    "logging_collector": "off",
    "restart_after_crash": "on",
}


class PrivatePostgresql:
    """One cluster. `start` after `kill` or `stop` is what an operator's supervisor does."""

    def __init__(self, folder: Path) -> None:
        self._data = folder / "data"
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._own(folder)
        self._run([_program("initdb"), *_INIT, "--pgdata", str(self._data)])

    @property
    def address(self) -> str:
        """A URL without the name of a database."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self._port}"

    @property
    def log(self) -> Path:
        return self._folder / "server.log"

    def create_database(self, name: str) -> str:
        """Its URL."""
        self._execute(f'CREATE DATABASE "{name}"')
        return f"{self.address}/{name}"

    def drop_database(self, name: str) -> None:
        self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def start(self) -> None:
        """Start it if it doesn't run, and wait until it answers."""
        until = time.monotonic() + _PATIENCE_S
        while not self._answers():
            if self._process is None or self._process.poll() is not None:
                self._launch()
            assert time.monotonic() < until, f"PostgreSQL does not start: {self.log.read_text()[-2000:]}"
            time.sleep(0.05)

    def kill(self) -> None:
        """kill -9 of the server and of all that work for it, at one instant."""
        if self._process is None:
            return
        os.kill(self._process.pid, signal.SIGSTOP)  # it must start nobody new meanwhile
        family = [*children(self._process.pid), self._process.pid]
        end_all(family)
        self._process.wait()
        self._process = None

    def pause(self) -> None:
        """Answer nothing from now on, and close nothing: as a machine that hangs."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """An orderly end that waits for nobody (`SIGINT`), or at once (`SIGQUIT`)."""
        if self._process is None:
            return
        self._process.send_signal(how)
        self._process.wait(_PATIENCE_S)
        self._process = None

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            for pid in (self._process.pid, *children(self._process.pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)

    def _launch(self) -> None:
        line = [_program("postgres"), "-D", str(self._data), "-p", self._port, "-k", str(self._folder)]
        for name, value in _SETTINGS.items():
            line += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(line, stdout=log, stderr=log, start_new_session=True, **_user())

    def _answers(self) -> bool:
        try:
            self._execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _execute(self, statement: str) -> None:
        with psycopg.connect(
            host="127.0.0.1", port=self._port, user="postgres", dbname="postgres", connect_timeout=3, autocommit=True
        ) as db:
            db.execute(statement.encode())

    def _run(self, line: list[str]) -> None:
        done = subprocess.run(line, capture_output=True, text=True, check=False, **_user())
        assert done.returncode == 0, done.stdout + done.stderr

    def _own(self, folder: Path) -> None:
        if owner := _owner():
            os.chown(folder, owner.pw_uid, owner.pw_gid)


@contextmanager
def private_postgresql(folder: Path) -> Iterator[PrivatePostgresql]:
    """A running one in `folder`, which its user must be able to reach. Skips where it isn't installed."""
    require("PostgreSQL's server program", bool(_program("postgres")) and (os.geteuid() != 0 or _owner() is not None))
    made = PrivatePostgresql(folder)
    try:
        made.start()
        yield made
    finally:
        made.resume()
        made.kill()


@cache
def _program(name: str) -> str:
    """Its path: Debian keeps the server's programs out of the way of people. Empty where there is none."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name, path=os.pathsep.join([*map(str, places), os.environ.get("PATH", "")])) or ""


@cache
def _owner() -> pwd.struct_passwd | None:
    """Whom the server runs as, where we are root."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres")
    return None


def _user() -> dict[str, Any]:
    owner = _owner()
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}
