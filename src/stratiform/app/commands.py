"""The `stratiform` command: the programs of this machine, and the REST client mounted beside them."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import httpx
import typer

from stratiform.app import home as homes
from stratiform.app import keys
from stratiform.app.almanach_import import import_almanach
from stratiform.app.settings import Settings, load
from stratiform.interfaces.cli.client import CliError, session, shown
from stratiform.interfaces.cli.main import app, start
from stratiform.kit.errors import Fault

if TYPE_CHECKING:
    from stratiform.kit.db import Database

__all__ = ["run"]

#: How long `up --detach` waits to be ready, and `down` for the end.
_PATIENCE_S = 60

#: A full disk, or as much of it as we may have.
_FULL = (errno.ENOSPC, errno.EDQUOT)

Port = Annotated[int | None, typer.Option(help="Port of the API (8780).")]
Host = Annotated[str | None, typer.Option(help="Address of the API (127.0.0.1).")]
database = typer.Typer(help="The schema of the database.", no_args_is_help=True)
app.add_typer(database, name="db")
app.command("import")(import_almanach)
app.add_typer(keys.app, name="keys")


def _settings(**given: Any) -> Settings:
    return load(session.home, **given)


@app.command()
def up(
    port: Port = None,
    host: Host = None,
    detach: Annotated[bool, typer.Option("--detach", help="Return when it is ready, and let it run.")] = False,
) -> None:
    """Start API, worker and collector as one process."""
    if detach:
        _detach(_settings(port=port, host=host))
    else:
        _run(homes.PROGRAMS, port=port, host=host)


@app.command()
def api(port: Port = None, host: Host = None) -> None:
    """Start the API alone."""
    _run(("api",), port=port, host=host)


@app.command()
def worker() -> None:
    """Start the worker alone."""
    _run(("worker",))


@app.command()
def collector(
    url: Annotated[str | None, typer.Option(help="Message bus; better set by STRATIFORM_COLLECTOR_URL.")] = None,
    cloud: Annotated[str | None, typer.Option(help="Name of the cloud that is heard.")] = None,
) -> None:
    """Start the collector alone: hear OpenStack notifications."""
    settings = _settings(collector_url=url, collector_cloud=cloud)
    if not settings.heard:
        raise CliError("no message bus to hear", "give --url rabbit://USER:PASSWORD@HOST:5672/")
    _run(("collector",), collector_url=url, collector_cloud=cloud)


def _run(programs: tuple[str, ...], **given: Any) -> None:
    from stratiform.app.serve import run as serve  # a client needs none of what a server loads

    settings = _settings(**given)

    def ready(seconds: float) -> None:
        what = settings.url if "api" in programs else " and ".join(programs)
        typer.echo(f"Stratiform is ready: {what} (home {settings.home}, {seconds:.2f} s)")
        sys.stdout.flush()

    serve(settings, programs, ready=ready)


def _detach(settings: Settings) -> None:
    homes.prepare_folder(settings.home)
    command = [sys.executable, "-m", "stratiform", "--home", str(settings.home), "up"]
    command += ["--port", str(settings.port), "--host", settings.host]
    log = settings.home / "stratiform.log"
    with log.open("ab") as sink:
        begun = sink.tell()
        child = subprocess.Popen(command, stdout=sink, stderr=sink, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 our own program
    for _ in range(_PATIENCE_S * 20):
        with log.open() as said:
            said.seek(begun)
            lines = said.read().splitlines()
        told = [line for line in lines if line.startswith("Stratiform is ready")]
        if told:
            typer.echo(told[0])
            return
        if child.poll() is not None:
            if not lines:
                raise CliError(f"it ended at once and {log} does not say why", "is the disk full?")
            raise CliError(f"{lines[-1].removeprefix('stratiform: ')}; see {log}")
        time.sleep(0.05)
    raise CliError(f"not ready after {_PATIENCE_S} s", f"see {log}")


@app.command()
def down() -> None:
    """Stop what runs in this home."""
    pids = set(homes.list_running(session.home).values())
    if not pids:
        typer.echo(f"Nothing runs in {session.home}.")
        return
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
    for _ in range(_PATIENCE_S * 20):
        if not homes.list_running(session.home):
            typer.echo("Stopped.")
            return
        time.sleep(0.05)
    raise CliError(f"still running after {_PATIENCE_S} s: {pids}", "see the log, or kill it")


@app.command()
def status() -> None:
    """What runs in this home; ends with 3 where nothing does."""
    found = homes.list_running(session.home)
    for program in homes.PROGRAMS:
        pid = found.get(program)
        typer.echo(f"{program:<10} " + (f"running, process {pid}, {_memory_mib(pid)} MiB" if pid else "not running"))
    if not found:
        raise typer.Exit(3)
    if "api" in found:
        typer.echo(f"{'address':<10} {homes.read_address(session.home)}")


def _memory_mib(pid: int) -> int:
    """Resident memory, where the system says it (Linux)."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20


@database.command("upgrade")
def db_upgrade() -> None:
    """Bring the schema to the newest revision."""
    with _database() as (schema, base):
        schema.upgrade(base)


@database.command("downgrade")
def db_downgrade(revision: str) -> None:
    """Go back to REVISION (`base`: drop everything). Nothing may run meanwhile."""
    if homes.list_running(session.home):
        raise CliError(f"Stratiform runs in {session.home}", "stop it with `stratiform down`, and in other homes too")
    with _database() as (schema, base):
        schema.downgrade(base, revision)


@database.command("list")
def db_list() -> None:
    """The revisions, oldest first; those that the database has are marked."""
    with _database() as (schema, base):
        for step in schema.list_revisions(base):
            typer.echo(f"{'*' if step.applied else ' '} {step.revision}  {step.message}")


@contextmanager
def _database() -> Iterator[tuple[ModuleType, "Database"]]:
    from stratiform.app import schema  # a client needs neither SQLAlchemy nor Alembic
    from stratiform.kit.db import Database

    homes.prepare_folder(session.home)
    base = Database(_settings().database)
    try:
        yield schema, base
    finally:
        base.close()


def _inside(home: Path) -> httpx.Client:
    """A server for this one command, on a port that nobody else knows."""
    from stratiform.app.serve import serve_in_thread

    session.home = home
    return httpx.Client(base_url=serve_in_thread(_settings()), timeout=None)  # noqa: S113 a local import may take long


def run() -> None:
    """The program's entry. `--home` and `--os-cloud` may stand anywhere in the line."""
    try:
        sys.argv[1:], given = _take(sys.argv[1:], ("--home", "--os-cloud"))
        named = given.get("--home") or os.environ.get("STRATIFORM_HOME") or ""
        session.home, session.named = Path(named or Path.home() / ".stratiform").absolute(), bool(named)
        session.cloud = given.get("--os-cloud") or ""
        session.inside = _inside
        sys.exit(start())
    except CliError as error:
        _end_with(error.message, error.hint, error.code)
    except Fault as error:
        _end_with(error.message, error.hint)
    except OSError as error:
        if error.errno in _FULL and error.filename is None:  # while writing, nobody tells which file it was
            _end_with(str(error.strerror), f"make room on the disk that has {session.home}, or is written to")
        if error.filename is None:  # no file of ours: a mistake in the program, whose place has to be known
            raise
        _end_with(f"can't use {error.filename}: {error.strerror}", "is the disk full or read-only, or not yours?")


def _end_with(message: str, hint: str, code: int = 1) -> NoReturn:
    typer.echo(shown(f"stratiform: {message}" + (f" ({hint})" if hint else "")), err=True)
    sys.exit(code)


def _take(line: list[str], names: tuple[str, ...]) -> tuple[list[str], dict[str, str]]:
    """`line` without the options `names`, and their values. Raises CliError where one has none."""
    rest: list[str] = []
    found: dict[str, str] = {}
    words = iter(line)
    for word in words:
        name, equals, value = word.partition("=")
        if name in names:
            found[name] = value if equals else next(words, "")
            if not found[name] or (not equals and found[name].startswith("-")):
                raise CliError(f"{name} needs a value")
        else:
            rest.append(word)
    return rest, found
