"""The commands that use the REST API; `app.commands` adds the programs of this machine."""

from collections.abc import Mapping
from typing import Annotated, Any, cast

import typer

from stratiform import __version__
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.lazy_commands import LazyCommand, create_group

#: The base class of errors of the command line; typer has no public name for it.
_UsageError = cast("type[Exception]", typer.BadParameter.__mro__[1])

#: The usual exit status for an invalid command line.
_USAGE_CODE = 2

_PACKAGE = "stratiform.interfaces.cli"

#: The commands of the REST client, and the modules that they are in.
COMMANDS = {
    "account": LazyCommand(f"{_PACKAGE}.account:app", "Manage customer accounts and their projects."),
    "clouds": LazyCommand(f"{_PACKAGE}.clouds:app", "Manage clouds, project bindings and native IDs."),
    "cost": LazyCommand(f"{_PACKAGE}.cost:app", "Show the cost to date of servers and projects."),
    "invoice": LazyCommand(f"{_PACKAGE}.invoice:app", "Show invoices, and manage the seller who issues them."),
    "period": LazyCommand(f"{_PACKAGE}.period:app", "Manage billing periods; closing a period issues its invoice."),
    "price": LazyCommand(f"{_PACKAGE}.price:app", "Publish and show price plans."),
    "usage": LazyCommand(
        f"{_PACKAGE}.usage:app", "Show, correct and export usage, and manage the messages that it comes from."
    ),
    "version": LazyCommand(f"{_PACKAGE}.main:show_version", "Print the version."),
}


def create_app(commands: Mapping[str, LazyCommand]) -> typer.Typer:
    """Return the program with `commands`."""
    app = create_group(
        commands,
        help="Sell cloud capacity: one OpenStack-compatible API, one usage ledger, one bill.",
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},  # all commands inherit them
        pretty_exceptions_enable=False,
    )
    app.callback()(_parse_global_options)
    return app


def _print_version(is_set: bool) -> None:
    if is_set:
        show_version()
        raise typer.Exit


def _parse_global_options(
    _home: Annotated[
        str,
        typer.Option("--home", help="Home directory of the installation (STRATIFORM_HOME; default: ~/.stratiform)."),
    ] = "",
    _cloud: Annotated[str, typer.Option("--os-cloud", help="Entry in clouds.yaml to sign in with (OS_CLOUD).")] = "",
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """The first two options may be anywhere on the command line."""


def show_version() -> None:
    """Print the version."""
    typer.echo(__version__)


def run_command(app: typer.Typer) -> int:
    """Run the command. Return the exit status. Raises CliError, also for an invalid command line."""
    try:
        code = app(prog_name="stratiform", standalone_mode=False)
    except typer.Abort:
        raise CliError("Aborted") from None
    except _UsageError as error:
        usage_error = _usage_error(error)
        if usage_error is None:
            return _USAGE_CODE
        raise usage_error from None
    return code if isinstance(code, int) else 0


def _usage_error(error: Any) -> CliError | None:
    """Return the error as one line with a hint; None if there was no command, so that the help is printed."""
    suggestions = sorted(getattr(error, "possibilities", None) or [])
    message = " ".join((error.message if suggestions else error.format_message()).split())
    if not message:
        return None
    message = message.replace("Value error, ", "").removesuffix(".")
    suggestion = f"did you mean {' or '.join(suggestions)}? " if suggestions else ""
    command = "stratiform" if error.ctx is None else error.ctx.command_path
    return CliError(message, f"{suggestion}see `{command} --help`", _USAGE_CODE)
