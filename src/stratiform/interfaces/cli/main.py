"""The commands that use the REST API; `app.commands` adds the programs of this machine."""

from typing import Annotated, Any, cast

import typer

from stratiform import __version__
from stratiform.interfaces.cli import account, clouds, cost, invoice, period, price, usage
from stratiform.interfaces.cli.errors import CliError

#: The base class of errors of the command line; typer has no public name for it.
_UsageError = cast("type[Exception]", typer.BadParameter.__mro__[1])

#: The usual exit status for an invalid command line.
_USAGE_CODE = 2

app = typer.Typer(
    help="Sell cloud capacity: one OpenStack-compatible API, one usage ledger, one bill.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for _name, _commands in {
    "account": account.app,
    "clouds": clouds.app,
    "cost": cost.app,
    "invoice": invoice.app,
    "period": period.app,
    "price": price.app,
    "usage": usage.app,
}.items():
    app.add_typer(_commands, name=_name)


@app.callback()
def parse_global_options(
    _home: Annotated[
        str,
        typer.Option("--home", help="Home directory of the installation (STRATIFORM_HOME; default: ~/.stratiform)."),
    ] = "",
    _cloud: Annotated[str, typer.Option("--os-cloud", help="Entry in clouds.yaml to sign in with (OS_CLOUD).")] = "",
) -> None:
    """Both options may be anywhere on the command line."""


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def run_command() -> int:
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
