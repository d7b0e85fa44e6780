"""The `stratiform` command: the programs of this machine, and the commands of the REST client."""

import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from stratiform.app import home_folder
from stratiform.interfaces.cli import main
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.lazy_commands import LazyCommand
from stratiform.interfaces.cli.session import session
from stratiform.interfaces.cli.text import escape_control_characters
from stratiform.kit.errors import Fault
from stratiform.kit.interpreter import pause_garbage_collector, tune_interpreter

if TYPE_CHECKING:
    import httpx

__all__ = ["run"]

_PROGRAMS = "stratiform.app.program_commands"

#: Every command, and the module that it is in.
COMMANDS = {
    "up": LazyCommand(f"{_PROGRAMS}:run_all", "Run the API, worker and collector in one process."),
    "down": LazyCommand(f"{_PROGRAMS}:stop_programs", "Stop the running programs of this home."),
    "status": LazyCommand(
        "stratiform.app.status_command:show_status",
        "Print the status of the programs and message buses of this home. Exit status 3: no program is running.",
    ),
    "api": LazyCommand(f"{_PROGRAMS}:run_api", "Run the API."),
    "worker": LazyCommand(f"{_PROGRAMS}:run_worker", "Run the worker."),
    "collector": LazyCommand(f"{_PROGRAMS}:run_collector", "Run the collector, which ingests OpenStack notifications."),
    "backup": LazyCommand(
        "stratiform.app.backup_commands:save_backup",
        "Back up the database, keys and other files of this home to one archive. Programs can keep running.",
    ),
    "restore": LazyCommand(
        "stratiform.app.backup_commands:restore_backup",
        "Restore a backup to an empty home and an empty database, on any supported database system.",
    ),
    "db": LazyCommand("stratiform.app.database_commands:app", "Manage the database schema."),
    "import": LazyCommand(
        "stratiform.app.import_command:import_file", "Import cloud accounts or settings from a file of another system."
    ),
    "keys": LazyCommand("stratiform.app.key_commands:app", "Manage the keys of the installation."),
    **main.COMMANDS,
}

#: The disk is full, or our quota is used up.
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


class _ThisMachine:
    """The API of a home on this machine: in its own process, or in this one for one command."""

    def find_address(self, home: Path) -> str | None:
        return home_folder.find_address(home)

    def start_in_process(self, home: Path) -> "httpx.Client":
        pause_garbage_collector()
        from stratiform.app.local_server import serve_in_thread  # a client of a running server needs none of it
        from stratiform.app.settings import load_settings

        client = serve_in_thread(load_settings(home))
        tune_interpreter()
        return client


def run() -> None:
    """Entry point. `--home` and `--os-cloud` may be anywhere on the command line."""
    try:
        sys.argv[1:], options = _extract_options(sys.argv[1:], ("--home", "--os-cloud"))
        home = options.get("--home") or os.environ.get("STRATIFORM_HOME") or ""
        session.home, session.home_is_explicit = Path(home or Path.home() / ".stratiform").absolute(), bool(home)
        session.cloud = options.get("--os-cloud") or ""
        session.local_server = _ThisMachine()
        sys.exit(main.run_command(main.create_app(COMMANDS)))
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
