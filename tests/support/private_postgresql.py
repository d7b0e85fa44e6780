"""A PostgreSQL server for one test: a cluster in a directory, with its own port and socket, that can be killed.

PostgreSQL refuses to run as root, so root runs it as the user `postgres` of the Debian package.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from support.databases import require
from support.ports import free_port
from support.processes import WAIT_S, kill_tree, list_descendants, wait_until

#: Small segments of the write-ahead log, so that a full disk affects it, too.
_INITDB_OPTIONS = ("--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--wal-segsize=1")
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
    """One cluster. `start` after `kill` or `stop` acts as an operator's supervisor."""

    def __init__(self, folder: Path) -> None:
        self._data = folder / "data"
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._set_owner(folder)
        self._run([_program("initdb"), *_INITDB_OPTIONS, "--pgdata", str(self._data)])

    @property
    def address(self) -> str:
        """The URL without a database name."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self._port}"

    @property
    def log(self) -> Path:
        return self._folder / "server.log"

    def create_database(self, name: str) -> str:
        """Create a database and return its URL."""
        self._execute(f'CREATE DATABASE "{name}"')
        return f"{self.address}/{name}"

    def drop_database(self, name: str) -> None:
        self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def start(self) -> None:
        """Start the server unless it runs, and wait until it accepts connections."""
        try:
            wait_until(self._accepts_connections, "PostgreSQL does not start")
        except AssertionError as error:
            error.add_note(self.log.read_text()[-2000:])
            raise

    def kill(self) -> None:
        """Kill the server and its backends with SIGKILL."""
        if self._process is not None:
            kill_tree(self._process)
            self._process = None

    def pause(self) -> None:
        """Stop responding without closing connections, like a machine that hangs."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """Shut down in fast mode: abort open transactions and end."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        self._process.wait(WAIT_S)
        self._process = None

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            for pid in (self._process.pid, *list_descendants(self._process.pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)

    def _launch(self) -> None:
        command = [_program("postgres"), "-D", str(self._data), "-p", str(self._port), "-k", str(self._folder)]
        for name, value in _SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, **_user())

    def _accepts_connections(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            self._launch()
        try:
            self._execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _execute(self, statement: str) -> None:
        with psycopg.connect(
            host="127.0.0.1", port=self._port, user="postgres", dbname="postgres", connect_timeout=30, autocommit=True
        ) as db:
            db.execute(statement.encode())

    def _run(self, command: list[str]) -> None:
        result = subprocess.run(command, capture_output=True, text=True, check=False, **_user())
        assert result.returncode == 0, result.stdout + result.stderr

    def _set_owner(self, folder: Path) -> None:
        if account := _server_account():
            os.chown(folder, account.pw_uid, account.pw_gid)


@contextmanager
def private_postgresql(folder: Path) -> Iterator[PrivatePostgresql]:
    """Run a server in `folder`, which the server's user must be able to reach. Skips the test without PostgreSQL."""
    has_account = os.geteuid() != 0 or _server_account() is not None
    require("PostgreSQL's server program", bool(_program("postgres")) and has_account)
    server = PrivatePostgresql(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@cache
def _program(name: str) -> str:
    """Return the path of a server program, or "". Debian does not put them on the PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name, path=os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")])) or ""


@cache
def _server_account() -> pwd.struct_passwd | None:
    """Return the user that runs the server if this process is root."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres")
    return None


def _user() -> dict[str, Any]:
    account = _server_account()
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
