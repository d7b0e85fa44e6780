"""The `stratiform` command: the programs of this machine, and the commands of the REST client."""

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
from typing import TYPE_CHECKING, Annotated, NoReturn

import httpx
import typer

from stratiform.app import home_folder as homes
from stratiform.app import key_commands
from stratiform.app.almanach_import import import_almanach
from stratiform.app.settings import Settings, load_settings
from stratiform.interfaces.cli.client import CliError, escape_control_characters, session
from stratiform.interfaces.cli.confirmation import Yes, confirm
from stratiform.interfaces.cli.main import app, run_command
from stratiform.kit.errors import Fault

if TYPE_CHECKING:
    from stratiform.kit.database import Database

__all__ = ["run"]

#: How long `up --detach` and `down` wait.
_TIMEOUT_S = 180

#: The disk is full, or our quota is used up.
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)

Port = Annotated[int | None, typer.Option(help="Port of the API (8780).")]
Host = Annotated[str | None, typer.Option(help="Address of the API (127.0.0.1).")]
database = typer.Typer(help="Manage the database schema.", no_args_is_help=True)
app.add_typer(database, name="db")
app.command("import")(import_almanach)
app.add_typer(key_commands.app, name="keys")


def _settings(**overrides: object) -> Settings:
    return load_settings(session.home, **overrides)


@app.command()
def up(
    port: Port = None,
    host: Host = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Return when ready, and continue in the background.")
    ] = False,
) -> None:
    """Run API, worker and collector in one process."""
    if detach:
        _detach(_settings(port=port, host=host))
    else:
        _run(homes.PROGRAMS, port=port, host=host)


@app.command()
def api(port: Port = None, host: Host = None) -> None:
    """Run the API."""
    _run(("api",), port=port, host=host)


@app.command()
def worker() -> None:
    """Run the worker."""
    _run(("worker",))


@app.command()
def collector(
    url: Annotated[
        str | None, typer.Option(help="Transport URL of the message bus; prefer STRATIFORM_COLLECTOR_URL.")
    ] = None,
    cloud: Annotated[str | None, typer.Option(help="Name of the cloud that sends the notifications.")] = None,
) -> None:
    """Run the collector, which ingests OpenStack notifications."""
    settings = _settings(collector_url=url, collector_cloud=cloud)
    if not settings.message_buses:
        raise CliError("No message bus is configured", "use --url rabbit://USER:PASSWORD@HOST:5672/")
    _run(("collector",), collector_url=url, collector_cloud=cloud)


def _run(programs: tuple[str, ...], **overrides: object) -> None:
    from stratiform.app.program_runner import run_programs as serve  # not needed by clients

    settings = _settings(**overrides)

    def ready(seconds: float) -> None:
        target = settings.url if "api" in programs else " and ".join(programs)
        typer.echo(f"Stratiform is ready: {target} (home {settings.home}, {seconds:.2f} s)")
        sys.stdout.flush()

    serve(settings, programs, ready=ready)


def _detach(settings: Settings) -> None:
    homes.prepare_folder(settings.home)
    command = [sys.executable, "-m", "stratiform", "--home", str(settings.home), "up"]
    command += ["--port", str(settings.port), "--host", settings.host]
    log = settings.home / "stratiform.log"
    with log.open("ab") as sink:
        start = sink.tell()
        child = subprocess.Popen(command, stdout=sink, stderr=sink, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 our own program
    for _ in range(_TIMEOUT_S * 20):
        with log.open() as output:
            output.seek(start)
            lines = output.read().splitlines()
        ready = [line for line in lines if line.startswith("Stratiform is ready")]
        if ready:
            typer.echo(ready[0])
            return
        if child.poll() is not None:
            if not lines:
                raise CliError(f"The process exited without a message in {log}", "check the free disk space")
            raise CliError(f"{lines[-1].removeprefix('stratiform: ')}; see {log}")
        time.sleep(0.05)
    raise CliError(f"Not ready after {_TIMEOUT_S} s", f"see {log}")


@app.command()
def down() -> None:
    """Stop the running programs of this home."""
    pids = set(homes.list_running_programs(session.home).values())
    if not pids:
        homes.remove_remains(session.home)
        typer.echo(f"No program is running in {session.home}.")
        return
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
    for _ in range(_TIMEOUT_S * 20):
        if not homes.list_running_programs(session.home):
            homes.remove_remains(session.home)
            typer.echo("Stopped.")
            return
        time.sleep(0.05)
    raise CliError(
        f"Still running after {_TIMEOUT_S} s: process {', '.join(map(str, sorted(pids)))}", "see the log, or kill it"
    )


@app.command()
def status() -> None:
    """Print the running programs of this home. Exit status 3: none is running."""
    pids = homes.list_running_programs(session.home)
    for program in homes.PROGRAMS:
        pid = pids.get(program)
        typer.echo(f"{program:<10} " + (f"running, process {pid}, {_memory_mib(pid)} MiB" if pid else "not running"))
    if not pids:
        raise typer.Exit(3)
    if "api" in pids:
        typer.echo(f"{'address':<10} {homes.find_address(session.home) or 'not listening yet'}")


def _memory_mib(pid: int) -> int:
    """Return the resident memory; 0 if the system does not report it."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20


@database.command("upgrade")
def db_upgrade() -> None:
    """Upgrade the schema to the newest revision."""
    with _database() as (database_schema, base):
        database_schema.upgrade(base)


@database.command("downgrade")
def db_downgrade(revision: str, yes: Yes = False) -> None:
    """Downgrade to REVISION (`base`: drop all tables). No program may be running.

    What the older schema cannot store is deleted, after a confirmation.
    """
    if homes.list_running_programs(session.home):
        raise CliError(
            f"Stratiform is running in {session.home}",
            "stop it with `stratiform down`, in every home that uses this database",
        )
    with _database() as (database_schema, base):
        losses = database_schema.list_losses(base, revision)
        if losses:
            confirm(f"Downgrade to {revision} and delete {', '.join(losses)}", yes=yes)
        database_schema.downgrade(base, revision)
        typer.echo(f"Revision: {database_schema.current_revision(base) or 'none'}")


@database.command("list")
def db_list() -> None:
    """List the revisions, oldest first; * marks those that are applied."""
    with _database() as (database_schema, base):
        for step in database_schema.list_revisions(base):
            typer.echo(f"{'*' if step.applied else ' '} {step.revision}  {step.message}")


@contextmanager
def _database() -> Iterator[tuple[ModuleType, "Database"]]:
    from stratiform.app import database_schema  # not needed by clients
    from stratiform.kit.database import Database

    homes.prepare_folder(session.home)
    base = Database(_settings().database)
    try:
        yield database_schema, base
    finally:
        base.close()


class _ThisMachine:
    """The API of a home on this machine: in its own process, or in this one for one command."""

    def find_address(self, home: Path) -> str | None:
        return homes.find_address(home)

    def start_in_process(self, home: Path) -> httpx.Client:
        from stratiform.app.program_runner import serve_in_thread

        return serve_in_thread(load_settings(home))


def run() -> None:
    """Entry point. `--home` and `--os-cloud` may be anywhere on the command line."""
    try:
        sys.argv[1:], options = _extract_options(sys.argv[1:], ("--home", "--os-cloud"))
        home = options.get("--home") or os.environ.get("STRATIFORM_HOME") or ""
        session.home, session.home_is_explicit = Path(home or Path.home() / ".stratiform").absolute(), bool(home)
        session.cloud = options.get("--os-cloud") or ""
        session.local_server = _ThisMachine()
        sys.exit(run_command())
    except CliError as error:
        _end_with(error.message, error.hint, error.code)
    except Fault as error:
        _end_with(str(error), error.hint)
    except OSError as error:
        if error.errno in _DISK_FULL and error.filename is None:  # errors of write() do not name the file
            _end_with(str(error.strerror), f"free up disk space for {session.home} and for the output")
        if error.filename is None:  # not a problem of a file, so the traceback is needed
            raise
        _end_with(f"Cannot use {error.filename}: {error.strerror}", "check the permissions and the free space")


def _end_with(message: str, hint: str, code: int = 1) -> NoReturn:
    typer.echo(escape_control_characters(f"stratiform: {message}" + (f" ({hint})" if hint else "")), err=True)
    sys.exit(code)


def _extract_options(arguments: list[str], names: tuple[str, ...]) -> tuple[list[str], dict[str, str]]:
    """Return the arguments without the options `names`, and their values. Raises CliError for a missing value."""
    remaining: list[str] = []
    options: dict[str, str] = {}
    iterator = iter(arguments)
    for argument in iterator:
        name, equals, value = argument.partition("=")
        if name in names:
            options[name] = value if equals else next(iterator, "")
            if not options[name] or (not equals and options[name].startswith("-")):
                raise CliError(f"Option {name} requires a value")
        else:
            remaining.append(argument)
    return remaining, options
